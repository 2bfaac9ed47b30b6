import math

import pytest
import torch

from gaussrep.cameras import Cameras
from gaussrep.data.scenes.scene import PointCloud, Scene, Views
from gaussrep.errors import ShapeError

UP = torch.tensor([0.0, 0.0, 1.0])


def cloud(count=20):
    generator = torch.Generator().manual_seed(0)
    numbers = torch.arange(count)
    normals = torch.randn(count, 3, generator=generator)
    return PointCloud(
        torch.rand(count, 3, generator=generator) * 2 - 1,
        torch.rand(count, 3, generator=generator),
        normals / normals.norm(dim=-1, keepdim=True),
        numbers % 3 - 1,
        numbers,
    )


def views():
    eyes = torch.tensor([[0.0, -4.0, 1.0], [3.0, 2.0, 0.5]])
    cameras = Cameras.look_at(eyes, torch.zeros(3), UP, width=16, height=12)
    return Views(torch.rand(2, 3, 12, 16), torch.full((2, 12, 16), 3.0), cameras, torch.arange(2))


def pixels(points, cameras):
    """Pixel and depth of each point in each view, by the definition of a pinhole camera."""
    local = points @ cameras.viewmats[:, :3, :3].mT + cameras.viewmats[:, None, :3, 3]
    image = local @ cameras.Ks.mT
    return image[..., :2] / image[..., 2:], local[..., 2]


@pytest.mark.parametrize("mirror", [1.0, -1.0])
def test_a_moved_scene_gives_the_same_images_and_scaled_depth(mirror):
    before = Scene("room", cloud(), views())
    angle = 0.7
    turn = torch.tensor(
        [
            [math.cos(angle), -math.sin(angle), 0.0],
            [math.sin(angle), math.cos(angle), 0.0],
            [0.0, 0.0, 1.0],
        ]
    )
    matrix = torch.eye(4)
    matrix[:3, :3] = 2.5 * turn @ torch.diag(torch.tensor([mirror, 1.0, 1.0]))
    matrix[:3, 3] = torch.tensor([1.0, -2.0, 0.3])
    after = before.transform(matrix)
    assert before.views is not None
    assert after.views is not None
    was, is_now = (pixels(s.cloud.points, s.views.cameras) for s in (before, after))
    torch.testing.assert_close(is_now[0], was[0], atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(is_now[1], 2.5 * was[1], atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(after.views.depths, 2.5 * before.views.depths)
    torch.testing.assert_close(after.cloud.normals.norm(dim=-1), torch.ones(20))
    assert torch.equal(after.cloud.labels, before.cloud.labels)


def test_a_cloud_selects_points_with_all_that_is_known_of_them():
    chosen = cloud()[torch.tensor([3, 7])]
    assert chosen.count == 2
    assert chosen.instances.tolist() == [3, 7]


@pytest.mark.usefixtures("unchecked")
def test_wrong_shapes_are_named():
    with pytest.raises(ShapeError, match=r"labels has shape \[4\], expected \[20\]"):
        cloud().replace(labels=torch.zeros(4, dtype=torch.int64))
    with pytest.raises(ShapeError, match="depths has shape"):
        views().replace(depths=torch.zeros(2, 12, 15))
