from math import log10

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from gaussrep import threads
from gaussrep.editing import decimate
from gaussrep.errors import ShapeError, ValueRangeError
from gaussrep.gaussians import Gaussians
from gaussrep.rendering import render

VIEWS = ((0, 1), (0, 2), (1, 2))


def minors(covariances):
    return [np.linalg.det(covariances[:, view][:, :, view]) for view in map(list, VIEWS)]


def covered(scene, view):
    """Area that is covered in a view along an axis, by summing a fine grid of pixels."""
    step, reach = 0.02, 5.0
    places = np.arange(-reach, reach, step)
    grid = np.stack(np.meshgrid(places, places, indexing="ij"), axis=-1)
    transmittance = np.ones(grid.shape[:2])
    covariances = scene.covariances().numpy()[:, list(view)][:, :, list(view)]
    means = scene.means.numpy()[:, list(view)]
    for mean, covariance, opacity in zip(means, covariances, scene.opacities.numpy(), strict=True):
        offsets = grid - mean
        exponent = np.einsum("hwi,ij,hwj->hw", offsets, np.linalg.inv(covariance), offsets)
        transmittance *= 1 - opacity * np.exp(-0.5 * exponent)
    return (1 - transmittance).sum() * step**2


@given(seed=st.integers(0, 2**32 - 1))
@hypothesis_settings(max_examples=50)
def test_moments_of_a_pair_are_kept(make, seed):
    pair = make(2, seed, degree=2, features=3)
    merged = decimate(pair, 1)
    covariances, means = pair.covariances().numpy(), pair.means.numpy()
    weights = pair.opacities.numpy() * sum(np.sqrt(minor) for minor in minors(covariances))
    weights = weights / weights.sum()
    mean = weights @ means
    second = np.einsum("n,nij->ij", weights, covariances + means[:, :, None] * means[:, None])
    torch.testing.assert_close(merged.means[0].numpy(), mean)
    torch.testing.assert_close(merged.covariances()[0].numpy(), second - np.outer(mean, mean))
    for name in ("sh", "features"):
        expected = np.einsum("n,n...->...", weights, getattr(pair, name).numpy())
        torch.testing.assert_close(getattr(merged, name)[0].numpy(), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_the_covered_area_of_a_pair_is_kept(make, seed):
    pair = make(2, seed)
    pair = pair.replace(means=0.3 * pair.means, scales=3 * pair.scales)
    merged = decimate(pair, 1)
    assert merged.opacities[0] < 1
    before, after = (sum(covered(scene, view) for view in VIEWS) for scene in (pair, merged))
    assert after == pytest.approx(before, rel=1e-4)


def test_two_equal_gaussians_at_one_place_by_hand(make):
    pair = Gaussians.cat([make(1)] * 2).replace(opacities=torch.tensor([0.5, 0.5]).double())
    merged = decimate(pair, 1)
    assert merged.opacities.item() == pytest.approx(2 * 0.5 - 0.5**2 / 2)  # of o(2 - o G / 2)
    torch.testing.assert_close(merged.covariances()[0], pair.covariances()[0])


def test_the_opacity_is_at_most_one(make):
    pair = Gaussians.cat([make(1)] * 2).replace(opacities=torch.ones(2).double())
    assert decimate(pair, 1).opacities.item() == 1


@given(count=st.integers(1, 70), seed=st.integers(0, 100))
@hypothesis_settings(max_examples=30)
def test_as_many_are_left_as_wanted(make, count, seed):
    scene = make(60, seed)
    left = decimate(scene, count)
    assert left.count == min(count, 60)
    assert all(tensor.isfinite().all() for _, tensor in left.tensors())


def test_gaussians_that_are_not_merged_keep_their_values_and_order(make):
    scene = make(200, degree=1, features=2, dtype=torch.float32)
    left = decimate(scene, 150)
    known = {tuple(mean): number for number, mean in enumerate(scene.means.tolist())}
    places = [known.get(tuple(mean), -1) for mean in left.means.tolist()]
    same = [(row, place) for row, place in enumerate(places) if place >= 0]
    assert len(same) >= 100
    assert [place for _, place in same] == sorted(place for _, place in same)
    rows, places = map(list, zip(*same, strict=True))
    for name, tensor in left.tensors():
        assert torch.equal(tensor[rows], getattr(scene, name)[places])


def test_pairs_that_look_alike_are_merged_first(make):
    first = make(1)
    scene = Gaussians.cat([first, make(1, seed=1), first])
    scene = scene.replace(means=torch.tensor([[0.0, 0, 0], [0.01, 0, 0], [0.02, 0, 0]]).double())
    left = decimate(scene, 2)
    assert left.means[:, 0].tolist() == pytest.approx([0.01, 0.01])
    assert torch.equal(left.colors[1], scene.colors[1])


def test_images_are_nearer_than_those_of_a_part(make, camera):
    scene = make(2000, dtype=torch.float32)
    areas = sum(minor**0.5 for minor in minors(scene.covariances().double().numpy()))
    weights = scene.opacities * torch.from_numpy(areas)
    part = scene[weights.argsort(descending=True)[:500]]
    truth = render(scene, camera, renderer="cpu").color
    errors = [
        (render(each, camera, renderer="cpu").color - truth).square().mean().item()
        for each in (part, decimate(scene, 500))
    ]
    assert 10 * log10(errors[0] / errors[1]) > 3


def test_numbers_do_not_depend_on_threads(make):
    scene = make(5000, dtype=torch.float32)
    results = []
    for count in (1, 3):
        with threads(count):
            results.append(decimate(scene, 1000))
    for name, tensor in results[0].tensors():
        assert torch.equal(tensor, getattr(results[1], name))


def test_degenerate_scenes_stay_finite(make):
    scene = make(300, dtype=torch.float32)
    nothing = scene.replace(opacities=torch.zeros(300))
    point = scene.replace(means=torch.zeros(300, 3))
    tiny = scene.replace(scales=torch.full((300, 3), torch.finfo(torch.float32).tiny))
    flat = scene.replace(scales=scene.scales * torch.tensor([1.0, 1, 1e-12]))
    far = scene.replace(means=1e15 * scene.means)
    for each in (nothing, point, tiny, flat, far):
        left = decimate(each, 10)
        assert left.count == 10
        assert all(tensor.isfinite().all() for _, tensor in left.tensors())
        assert (left.scales > 0).all()


def test_wrong_arguments_are_refused(make):
    with pytest.raises(ValueRangeError, match="count is 0"):
        decimate(make(3), 0)
    with pytest.raises(ShapeError, match="expected one scene"):
        decimate(Gaussians.stack([make(3), make(3)]), 1)
    broken = make(3).replace(opacities=torch.tensor([0.5, float("nan"), 1]).double())
    with pytest.raises(ValueRangeError, match="opacities holds 1 values"):
        decimate(broken, 1)
    huge = make(3)
    with pytest.raises(ValueRangeError, match="squares of its lengths or colors are too large"):
        decimate(huge.replace(scales=1e200 * huge.scales), 1)
