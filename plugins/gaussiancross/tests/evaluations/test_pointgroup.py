import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

import gaussrep as gr
from gaussrep_gaussiancross.evaluations.config import PointGroupConfig
from gaussrep_gaussiancross.evaluations.pointgroup import (
    cluster_points,
    group_points,
    offset_loss,
    target_offsets,
)


def brute_force(points, radius):
    """Flood fill over all pairs."""
    near = np.linalg.norm(points[:, None] - points[None], axis=2) <= radius
    found = np.full(len(points), -1)
    for start in range(len(points)):
        if found[start] == -1:
            waiting = [start]
            while waiting:
                point = waiting.pop()
                if found[point] == -1:
                    found[point] = start
                    waiting += np.flatnonzero(near[point] & (found == -1)).tolist()
    return found


def same_partition(first, second):
    return np.array_equal(first[:, None] == first, second[:, None] == second)


@settings(max_examples=50)
@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.floats(0.1, 10))
def test_points_of_a_coarse_lattice(seed, count, scale):
    """Lattice neighbors are a step apart, others 1.41 or more; the radius lies between."""
    rng = np.random.default_rng(seed)
    points = rng.integers(0, 5, (count, 3)) * scale
    found = cluster_points(points + 0.3 * scale, 1.2 * scale)
    assert same_partition(found, brute_force(points, 1.2 * scale))


def test_a_chain_is_one_cluster_and_a_gap_parts_it():
    chain = np.stack([np.arange(50) * 0.025, np.zeros(50), np.zeros(50)], axis=1)
    assert len(np.unique(cluster_points(chain, 0.03))) == 1
    chain[20:, 0] += 0.03
    found = cluster_points(chain, 0.03)
    assert same_partition(found, (np.arange(50) >= 20).astype(int))


def test_crowded_points_are_no_burden():
    """20,000 points within one radius would be 200 million pairs."""
    rng = np.random.default_rng(0)
    crowd = rng.normal(0, 0.005, (20_000, 3))
    found = cluster_points(np.concatenate([crowd, crowd + 1]), 0.03)
    sizes = np.sort(np.bincount(found))[::-1]
    assert sizes[:2].tolist() == [20_000, 20_000]


def test_one_point_and_none():
    assert cluster_points(np.zeros((1, 3)), 0.1).tolist() == [0]
    assert cluster_points(np.zeros((0, 3)), 0.1).tolist() == []


def config(**settings):
    settings = {"base_method": "feeler", "classes": 3, "radius": 0.1, "min_points": 3, **settings}
    return PointGroupConfig(**settings)


@pytest.mark.usefixtures("rooms")
def test_clusters_of_each_class_by_hand():
    """Two heaps of class 1; one of them has a point of class 2 in it; class 0 is stuff."""
    places = torch.tensor([0.0] * 4 + [5.0] * 3 + [0.0] * 1 + [9.0] * 3)
    moved = torch.stack([places, torch.zeros(11), torch.zeros(11)], dim=1)
    probabilities = torch.zeros(11, 3)
    probabilities[:7, 1] = torch.tensor([0.6, 0.8, 0.6, 0.8, 0.9, 0.9, 0.9])
    probabilities[7, 2] = 1.0
    probabilities[8:, 0] = 1.0
    found = group_points(moved, probabilities, config(stuff=(0,)))
    assert found.labels.tolist() == [1, 1]
    assert found.masks.sum(1).tolist() == [4, 3]
    assert found.masks[0].nonzero().squeeze(1).tolist() == [0, 1, 2, 3]
    assert found.scores.tolist() == pytest.approx([0.7, 0.9])
    assert group_points(moved, probabilities, config(stuff=())).labels.tolist() == [0, 1, 1]
    assert group_points(moved, probabilities, config(stuff=(0,), min_points=4)).labels.tolist() == [
        1
    ]


@pytest.mark.usefixtures("rooms")
def test_nothing_found():
    found = group_points(torch.zeros(2, 3), torch.ones(2, 3) / 3, config())
    assert found.masks.shape == (0, 2)
    assert found.labels.shape == found.scores.shape == (0,)


def test_ways_to_the_middle_by_hand():
    """The objects of two scenes have the same number, and are two all the same."""
    points = torch.tensor([[0.0, 0, 0], [2, 0, 0], [9, 9, 9], [1, 1, 1], [1, 3, 1]])
    instances, scene = torch.tensor([4, 4, -1, 4, 4]), torch.tensor([0, 0, 0, 1, 1])
    offsets, inside = target_offsets(points, instances, scene)
    assert inside.tolist() == [True, True, False, True, True]
    assert offsets.tolist() == [[1, 0, 0], [-1, 0, 0], [0, 0, 0], [0, 1, 0], [0, -1, 0]]


def test_moved_points_of_an_object_meet():
    generator = torch.Generator().manual_seed(0)
    points = torch.randn(30, 3, generator=generator)
    instances = torch.randint(-1, 3, (30,), generator=generator)
    offsets, inside = target_offsets(points, instances, torch.zeros(30, dtype=torch.int64))
    for number in range(3):
        met = (points + offsets)[instances == number]
        torch.testing.assert_close(met, points[instances == number].mean(0).expand_as(met))
    assert torch.equal(inside, instances >= 0)


def test_loss_by_hand():
    true = torch.tensor([[1.0, 0, 0], [0, 2, 0], [5, 5, 5]])
    predicted = torch.tensor([[2.0, 0, 0], [0, 0, 1], [0, 0, 0]], requires_grad=True)
    inside = torch.tensor([True, True, False])
    loss = offset_loss(predicted, true, inside)
    assert loss.item() == pytest.approx((1 + 3) / 2 - (1 + 0) / 2)
    assert offset_loss(true, true, inside).item() == pytest.approx(-1)
    loss.backward()
    assert predicted.grad[2].eq(0).all()


def test_no_objects():
    predicted = torch.ones(4, 3, requires_grad=True)
    none = torch.full((4,), -1)
    true, inside = target_offsets(torch.ones(4, 3), none, torch.zeros(4, dtype=torch.int64))
    loss = offset_loss(predicted, true, inside)
    loss.backward()
    assert loss == 0
    assert predicted.grad.eq(0).all()


@pytest.fixture
def make_method(rooms):
    def make(**settings):
        torch.manual_seed(0)
        given = {"type": "point-group", "base_method": "feeler", "classes": 5, "stuff": [0, 1]}
        return gr.build("methods", {**given, **settings})

    return make


def test_the_heads(make_method):
    method = make_method()
    kinds = [type(layer).__name__ for layer in method.offset_head]
    assert kinds == ["Linear", "BatchNorm1d", "ReLU", "Linear"]
    shapes = [list(p.shape) for p in method.offset_head.parameters() if p.ndim == 2]
    assert shapes == [[16, 16], [3, 16]]
    assert method.class_head.weight.shape == (5, 16)


def test_loss_is_the_sum_of_its_parts(make_method, batch):
    method = make_method().eval()
    output = method.training_loss(batch)
    features = method.base_method.encode_points(batch)
    classes = functional.cross_entropy(method.class_head(features), batch["labels"])
    torch.testing.assert_close(output.metrics["class_loss"], classes)
    assert output.loss == output.metrics["class_loss"] + output.metrics["offset_loss"]
    output.loss.backward()
    for name, parameter in method.named_parameters():
        assert (parameter.grad is None) == name.startswith("base_method.decoder"), name


def test_walls_and_floors_have_no_middle(make_method, batch):
    """Giving them objects changes nothing; taking chairs and tables out leaves no offset loss."""
    method = make_method().eval()
    loss = method.training_loss(batch).loss
    stuffed = torch.where(batch["labels"] < 2, 77, batch["instances"])
    assert method.training_loss({**batch, "instances": stuffed}).loss == loss
    everything = make_method(stuff=[0, 1, 2, 3]).eval()
    assert everything.training_loss(batch).metrics["offset_loss"] == 0
    nothing = {**batch, "labels": torch.full_like(batch["labels"], -1)}
    assert method.training_loss(nothing).loss == 0


def test_proposals_of_a_scene_that_is_understood(make_method, rooms):
    """Told the classes by color and no offsets, it finds every box."""
    dataset = gr.build("datasets", "rooms", split="val")
    batch = dataset.collate([dataset[0]])
    method = make_method(radius=0.11, min_points=20).eval()
    for parameter in method.offset_head[-1].parameters():
        torch.nn.init.zeros_(parameter)
    truth = functional.one_hot(batch["labels"], 5) * 20.0
    method.class_head.forward = lambda features: truth
    found = method.proposals(batch)
    assert found.labels.tolist() == [2, 2, 3]
    boxes = {tuple(mask.tolist()) for mask in found.masks}
    assert boxes == {tuple((batch["instances"] == number).tolist()) for number in range(3)}
    assert (found.scores > 0.99).all()
