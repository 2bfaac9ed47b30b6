from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gaussrep.data.pieces import Pieces
from gaussrep.data.sample import SampleKey
from gaussrep.errors import DataError
from gaussrep.training.loading import Position, ShuffledOrder, make_loader, validation_batches


def orders(most_processes, largest_group):
    return st.builds(
        ShuffledOrder,
        size=st.integers(54, 90),
        seed=st.integers(0, 2**63 - 1),
        batch_size=st.integers(4, 9),
        gradient_accumulation_steps=st.integers(1, 3),
        world_size=st.integers(1, most_processes),
        group_size=st.integers(1, largest_group),
    )


def in_pieces(order):
    ends = [*range(0, order.size, 7), order.size]
    samples = np.diff(ends)
    return replace(order, pieces=Pieces(samples, samples + 1, buffer=20))


ORDERS = orders(4, 1) | orders(2, 3)
ORDERS |= ORDERS.map(in_pieces)


def steps_of(order, position=None, count=8):
    """The keys of each step, all ranks and passes together, in the order of the data."""
    ranks = [order.batches(rank, position or Position()) for rank in range(order.world_size)]
    return [
        [
            key
            for _ in range(order.gradient_accumulation_steps)
            for rank in ranks
            for key in next(rank)
        ]
        for _ in range(count)
    ]


@given(ORDERS)
def test_each_epoch_deals_its_permutation_once(order):
    per_epoch = order.steps_per_epoch
    steps = steps_of(order, count=2 * per_epoch)
    for epoch in range(2):
        keys = [key for step in steps[epoch * per_epoch : (epoch + 1) * per_epoch] for key in step]
        permutation = order.permutation(epoch).tolist()
        assert sorted(permutation) == list(range(order.size))
        wanted = permutation[: per_epoch * order.global_batch]
        assert keys == [SampleKey(index, epoch, order.seed) for index in wanted]


@given(ORDERS, st.integers(0, 60))
def test_going_on_from_any_step_gives_what_would_have_come(order, made):
    position = Position()
    for _ in range(made):
        position = order.after(position)
    assert steps_of(order, position, 4) == steps_of(order, count=made + 4)[made:]


@given(ORDERS)
def test_a_group_stays_in_one_process(order):
    whole = next(replace(order, world_size=1).batches(0))
    shares = [next(order.batches(rank)) for rank in range(order.world_size)]
    assert [key for share in shares for key in share] == whole
    assert all(len(share) % order.group_size == 0 for share in shares[:-1])
    groups = [-(-len(share) // order.group_size) for share in shares]
    assert max(groups) - min(groups) <= 1


@given(ORDERS)
def test_the_number_of_processes_changes_no_step(order):
    one = replace(order, world_size=1)
    position = order.after(order.after(Position()))
    assert position == one.after(one.after(Position()))
    assert steps_of(order, position, 4) == steps_of(one, position, 4)


def test_processes_get_shares_that_differ_by_one_sample_at_most():
    shares = []
    for rank in range(3):
        order = ShuffledOrder(
            size=30, seed=1, batch_size=7, gradient_accumulation_steps=2, world_size=3
        )
        shares.append([len(batch) for batch in islice(order.batches(rank, Position()), 4)])
    assert shares == [[2] * 4, [2] * 4, [3] * 4]


def test_a_batch_smaller_than_the_number_of_processes_is_refused():
    with pytest.raises(DataError, match="a batch of 3 samples cannot be divided among 4"):
        ShuffledOrder(size=11, seed=0, batch_size=3, world_size=4)
    with pytest.raises(DataError, match="of 4 samples, 2 of them together cannot"):
        ShuffledOrder(size=11, seed=0, batch_size=4, world_size=3, group_size=2)


def test_epochs_and_seeds_shuffle_differently():
    first = ShuffledOrder(size=100, seed=0, batch_size=10)
    other = ShuffledOrder(size=100, seed=1, batch_size=10)
    assert first.permutation(0).tolist() != first.permutation(1).tolist()
    assert first.permutation(0).tolist() != other.permutation(0).tolist()


@given(ORDERS, st.integers(1, 3), st.integers(0, 30))
def test_remaining_steps_count_down_to_the_end_of_the_last_epoch(order, epochs, made):
    total = epochs * order.steps_per_epoch
    position = Position()
    for _ in range(min(made, total)):
        position = order.after(position)
    assert order.remaining_steps(position, epochs) == total - min(made, total)


def test_a_data_set_smaller_than_one_step_is_refused():
    with pytest.raises(DataError, match=r"holds 11 samples, fewer than the 12 .*6 x .* 2\)"):
        ShuffledOrder(size=11, seed=0, batch_size=6, gradient_accumulation_steps=2)


@given(st.integers(1, 40), st.integers(1, 8), st.integers(1, 4))
def test_validation_shows_every_sample_to_one_rank(size, batch_size, world_size):
    ranks = [validation_batches(size, batch_size, rank, world_size) for rank in range(world_size)]
    indices = [key.index for batches in ranks for batch in batches for key in batch]
    assert sorted(indices) == list(range(size))
    assert all(1 <= len(batch) <= batch_size for batches in ranks for batch in batches)


CPU = torch.device("cpu")


class Ragged:
    def __len__(self):
        return 3

    def __getitem__(self, key):
        return {"points": torch.full((key.index + 1, 3), float(key.index))}

    def collate(self, samples):
        return {"points": torch.cat([sample["points"] for sample in samples])}


def test_a_data_set_may_join_its_samples_itself():
    keys = [[SampleKey(0), SampleKey(2)], [SampleKey(1)]]
    for workers in (0, 1):
        loader = make_loader(Ragged(), keys, num_workers=workers, device=CPU)
        first, second = loader
        assert len(list(loader)) == 2
        assert first["points"][:, 0].tolist() == [0, 2, 2, 2]
        assert first["sample_seed"].tolist() == [key.random_seed() for key in keys[0]]
        assert second["points"].shape == (2, 3)
