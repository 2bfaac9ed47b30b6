import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gaussrep.editing import sort
from gaussrep.editing.morton import morton_codes
from gaussrep.errors import ShapeError
from gaussrep.gaussians import Gaussians
from gaussrep.rendering import render


def test_the_corners_of_a_cube_come_in_z_order(make):
    scene = make(8)
    corners = torch.cartesian_prod(*[torch.tensor([0.0, 1.0], dtype=torch.float64)] * 3)
    means = sort(scene.replace(means=corners.flip(0))).means.tolist()
    assert means == [[x, y, z] for z in (0, 1) for y in (0, 1) for x in (0, 1)]


@given(x=st.integers(0, 2**21 - 1), y=st.integers(0, 2**21 - 1), z=st.integers(0, 2**21 - 1))
def test_codes_interleave_the_bits_of_the_cells(x, y, z):
    largest = 2**21 - 1
    points = torch.tensor([[0, 0, 0], [x, y, z], [largest] * 3], dtype=torch.float64)
    code = int(morton_codes(points + 0.5 * (points > 0) * (points < largest))[1])
    found = [sum((code >> 3 * bit + axis & 1) << bit for bit in range(21)) for axis in range(3)]
    assert found == [x, y, z]


def test_every_gaussian_keeps_its_values(make):
    scene = make(100, degree=2, features=3)
    ordered = sort(scene)
    places = [scene.opacities.tolist().index(opacity) for opacity in ordered.opacities.tolist()]
    assert sorted(places) == list(range(100))
    for name, tensor in ordered.tensors():
        assert torch.equal(tensor, getattr(scene, name)[places])


def test_neighbors_in_the_order_are_near(make):
    scene = make(2000)
    steps = [each.means.diff(dim=0).norm(dim=-1).mean() for each in (scene, sort(scene))]
    assert steps[1] < 0.25 * steps[0]


def test_images_before_and_after_are_equal(make, camera):
    scene = make(1000, degree=2, dtype=torch.float32)
    ordered = sort(scene)
    assert not torch.equal(ordered.means, scene.means)
    for renderer in ("cpu", "reference"):
        images = [render(each, camera, renderer=renderer).color for each in (scene, ordered)]
        assert torch.equal(*images)


def test_a_scene_of_one_point_and_an_empty_one_stay(make):
    scene = make(3).replace(means=torch.ones(3, 3, dtype=torch.float64))
    assert torch.equal(sort(scene).opacities, scene.opacities)
    assert sort(scene[:0]).count == 0


def test_batches_are_refused(make):
    with pytest.raises(ShapeError, match="expected one scene"):
        sort(Gaussians.stack([make(3), make(3)]))
