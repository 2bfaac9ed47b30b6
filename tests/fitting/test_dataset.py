from itertools import chain, islice

import pytest
import torch

from gaussrep.data.sample import SampleKey
from gaussrep.fitting.capture_config import CaptureDatasetConfig
from gaussrep.fitting.dataset import CaptureDataset, ViewOrder, images_of
from gaussrep.fitting.rng import RngStream, generator
from gaussrep.training.loading import Position, make_loader

BALLS = CaptureDatasetConfig(capture={"path": "synthetic:balls"})


def steps(order, count, position=None):
    found = islice(order.batches(0, position or Position()), count)
    return [[key.index for key in keys] for keys in found]


def test_every_view_is_used_once_before_any_is_used_again():
    seen = list(chain.from_iterable(steps(ViewOrder(7, 5, 3), 14)))
    for epoch in range(6):
        assert sorted(seen[7 * epoch : 7 * epoch + 7]) == list(range(7))
    assert seen[:7] != seen[7:14]


def test_order_depends_on_the_seed_and_nothing_else():
    first = steps(ViewOrder(50, 1, 1), 20)
    torch.rand(3)
    assert first == steps(ViewOrder(50, 1, 1), 20)
    assert first != steps(ViewOrder(50, 2, 1), 20)


def test_order_resumes_at_any_step():
    order, position = ViewOrder(7, 5, 3), Position()
    whole = steps(order, 9)
    for made in range(9):
        assert steps(order, 9 - made, position) == whole[made:]
        position = order.after(position)
    assert position == Position(3, 6)


def test_a_batch_may_be_larger_than_an_epoch():
    batch = steps(ViewOrder(2, 0, 5), 1)[0]
    assert sorted(batch[:2]) == sorted(batch[2:4]) == [0, 1]


def test_counts_the_steps_of_epochs():
    assert ViewOrder(7, 0, 3).remaining_steps(Position(), 2) == 5
    assert ViewOrder(7, 0, 3).remaining_steps(Position(1, 2), 2) == 2


def test_processes_share_the_views_of_a_step(tiny_capture):
    dataset = CaptureDataset(BALLS, "train", tiny_capture)
    settings = {"seed": 4, "gradient_accumulation_steps": 1}
    alone = dataset.sample_order(**settings, batch_size=6, world_size=1)
    shared = dataset.sample_order(**settings, batch_size=3, world_size=2)
    ranks = [shared.batches(rank, Position()) for rank in (0, 1)]
    for keys in islice(alone.batches(0, Position()), 5):
        assert [key for rank in ranks for key in next(rank)] == keys


@pytest.mark.parametrize("split", ["train", "val"])
def test_batches_are_the_views_of_the_split(tiny_capture, split):
    views = tiny_capture.train if split == "train" else tiny_capture.held_out
    dataset = CaptureDataset(BALLS, split, tiny_capture)
    keys = [SampleKey(i) for i in range(len(dataset))]
    loader = make_loader(dataset, [keys], num_workers=0, device=torch.device("cpu"))
    found = images_of(next(iter(loader)))
    for name in ("colors", "alphas", "depths"):
        assert torch.equal(getattr(found, name), getattr(views, name))
    assert torch.equal(found.cameras.viewmats, views.cameras.viewmats)
    assert (found.cameras.width, found.cameras.height) == (16, 16)


def test_streams_and_steps_differ():
    numbers = {
        torch.rand(1, generator=generator(0, stream, number)).item()
        for stream in RngStream
        for number in range(5)
    }
    assert len(numbers) == 15
