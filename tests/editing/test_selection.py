from math import inf, nan

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gaussrep.editing import crop_box, crop_sphere, merge, prune
from gaussrep.errors import ValueRangeError
from gaussrep.gaussians import Gaussians
from gaussrep.rendering import render


def line(positions, **fields):
    count = len(positions)
    means = torch.zeros(count, 3)
    means[:, 0] = torch.tensor(positions)
    values = {
        "quats": torch.ones(count, 4),
        "scales": torch.ones(count, 3),
        "opacities": torch.ones(count),
        "colors": torch.ones(count, 3),
    }
    return Gaussians(means, **{**values, **fields})


def test_centers_in_the_box_stay_the_faces_included():
    scene = line([-1.0, 0.0, 1.0, 1.5, 2.0, 3.0])
    assert crop_box(scene, (0, 0, 0), (2, 0, 0)).means[:, 0].tolist() == [0, 1, 1.5, 2]
    assert crop_box(scene, (-inf, -inf, -inf), (1, inf, inf)).count == 3


def test_centers_in_the_sphere_stay():
    scene = line([-1.0, 0.0, 1.0, 4.0])
    assert crop_sphere(scene, (1, 0, 0), 2).means[:, 0].tolist() == [-1, 0, 1]
    assert crop_sphere(scene, (1, 3, 4), 5).means[:, 0].tolist() == [1]


def test_batches_are_padded():
    scenes = Gaussians.stack([line([0.0, 1.0, 5.0]), line([7.0, 8.0, 0.0])])
    kept = crop_box(scenes, (-1, -1, -1), (2, 1, 1))
    assert kept.opacities.tolist() == [[1, 1], [1, 0]]
    assert kept.means[1, 0, 0] == 0


@given(seed=st.integers(0, 2**32 - 1))
def test_cropping_commutes_with_merging(make, seed):
    first, second = make(30, seed), make(20, seed + 1)
    low, high = (-0.5, -inf, -1), (1, 0.7, inf)
    merged = crop_box(merge([first, second]), low, high)
    apart = merge([crop_box(first, low, high), crop_box(second, low, high)])
    for name, tensor in merged.tensors():
        assert torch.equal(tensor, getattr(apart, name))


def test_faint_and_large_gaussians_are_pruned():
    scales = torch.ones(4, 3)
    scales[2] = torch.tensor([1.0, 9.0, 1.0])
    scene = line([0.0, 1.0, 2.0, 3.0], opacities=torch.tensor([1, 0.003, 0.5, 0.2]), scales=scales)
    assert prune(scene).means[:, 0].tolist() == [0, 2, 3]
    assert prune(scene, min_opacity=0.2).means[:, 0].tolist() == [0, 2, 3]
    assert prune(scene, min_opacity=0.21).means[:, 0].tolist() == [0, 2]
    assert prune(scene, min_opacity=0, max_scale=8).means[:, 0].tolist() == [0, 1, 3]


def test_pruning_by_default_changes_no_image(make, camera):
    scene = make(500, dtype=torch.float32)
    scene = scene.replace(opacities=scene.opacities**4)
    pruned = prune(scene)
    assert 0 < pruned.count < 500
    images = [render(each, camera, renderer="cpu").color for each in (scene, pruned)]
    assert torch.equal(*images)


@pytest.mark.parametrize("low", [(2, 0, 0), (0, 0), (nan, 0, 0)])
def test_boxes_without_inside_are_refused(low):
    with pytest.raises(ValueRangeError, match="the box is from"):
        crop_box(line([0.0]), low, (1, 1, 1))


def test_other_values_out_of_range_are_refused():
    with pytest.raises(ValueRangeError, match="radius -1"):
        crop_sphere(line([0.0]), (0, 0, 0), -1)
    with pytest.raises(ValueRangeError, match="min_opacity is 5"):
        prune(line([0.0]), min_opacity=5)
    with pytest.raises(ValueRangeError, match="max_scale is 0"):
        prune(line([0.0]), max_scale=0)
