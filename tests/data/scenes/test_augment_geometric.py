"""Images of a scene before and after: its cameras must follow."""

import math

import numpy as np
import pytest
import torch

import gaussrep as gr
from gaussrep.cameras import Cameras
from gaussrep.data.scenes.augment_config import (
    CenterShiftConfig,
    FlipConfig,
    RotationConfig,
    ScaleConfig,
    TiltConfig,
)
from gaussrep.data.scenes.augmentation import center_shift, flip, rotation, scale, tilt
from gaussrep.data.scenes.scene import PointCloud, Scene, Views

COUNT = 40
CHANGES = {
    "center shift": (center_shift, CenterShiftConfig()),
    "rotation": (rotation, RotationConfig(probability=1)),
    "tilt": (tilt, TiltConfig(probability=1, angle=0.5)),
    "scale": (scale, ScaleConfig(range=(0.4, 2.5))),
    "flip": (flip, FlipConfig(probability=1)),
}


def draw(scene, unit):
    """Small balls at the points, `unit` of the scene's units to the meter."""
    cloud, views = scene.cloud, scene.views
    gaussians = gr.Gaussians(
        cloud.points,
        torch.tensor([[1.0, 0, 0, 0]]).expand(cloud.count, 4).contiguous(),
        torch.full((cloud.count, 3), 0.12 * unit),
        torch.full((cloud.count,), 0.9),
        colors=cloud.colors,
    )
    return gr.render(gaussians, views.cameras, "reference")


@pytest.fixture
def scene():
    generator = torch.Generator().manual_seed(0)
    points = torch.rand(COUNT, 3, generator=generator) * 2 - torch.tensor([1.3, 0.6, 0.2])
    normals = torch.nn.functional.normalize(torch.randn(COUNT, 3, generator=generator), dim=-1)
    none = torch.full((COUNT,), -1)
    cloud = PointCloud(points, torch.rand(COUNT, 3, generator=generator), normals, none, none)
    eyes = torch.tensor([[0.0, -4.0, 1.0], [3.0, 2.0, 2.5]])
    up = torch.tensor([0.0, 0.0, 1.0])
    cameras = Cameras.look_at(eyes, torch.zeros(3), up, width=24, height=18)
    blank = Views(torch.zeros(2, 3, 18, 24), torch.zeros(2, 18, 24), cameras, torch.arange(2))
    drawn = draw(Scene("room", cloud, blank), 1.0)
    images = drawn.color.permute(0, 3, 1, 2)
    return Scene("room", cloud, blank.replace(images=images, depths=drawn.depth))


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("seed", range(3))
def test_the_images_and_the_depth_still_belong_to_the_points(scene, name, seed):
    change, settings = CHANGES[name]
    after = change(scene, settings, np.random.default_rng(seed))
    assert not torch.allclose(after.cloud.points, scene.cloud.points, atol=1e-3)
    spread = [s.cloud.points.std(dim=0, correction=0).norm() for s in (scene, after)]
    drawn = draw(after, float(spread[1] / spread[0]))
    assert after.views is not None
    torch.testing.assert_close(
        drawn.color.permute(0, 3, 1, 2), after.views.images, atol=2e-3, rtol=0
    )
    torch.testing.assert_close(drawn.depth, after.views.depths, atol=5e-3, rtol=2e-3)
    torch.testing.assert_close(after.cloud.normals.norm(dim=-1), torch.ones(COUNT))
    assert scene.views.images.std() > 0.05


def test_the_middle_of_the_floor_comes_to_the_origin(scene):
    points = center_shift(scene, CenterShiftConfig(), np.random.default_rng(0)).cloud.points
    low, high = points.amin(dim=0), points.amax(dim=0)
    torch.testing.assert_close((low + high)[:2], torch.zeros(2), atol=1e-6, rtol=0)
    torch.testing.assert_close(low[2], torch.tensor(0.0), atol=1e-6, rtol=0)


def test_a_rotation_keeps_heights_and_a_tilt_is_small(scene):
    rng = np.random.default_rng(1)
    turned = rotation(scene, RotationConfig(probability=1), rng).cloud.points
    torch.testing.assert_close(turned[:, 2], scene.cloud.points[:, 2], atol=1e-6, rtol=0)
    tilted = tilt(scene, TiltConfig(probability=1), rng).cloud
    cosines = (tilted.normals * scene.cloud.normals).sum(dim=-1)
    assert float(cosines.min()) >= math.cos(math.sqrt(2) * math.pi / 64) - 1e-5


def test_factors_stay_in_their_range(scene):
    length = scene.cloud.points.norm()
    for seed in range(20):
        scaled = scale(scene, ScaleConfig(), np.random.default_rng(seed)).cloud.points
        assert 0.9 <= float(scaled.norm() / length) <= 1.1


@pytest.mark.parametrize("name", CHANGES)
def test_probability_zero_changes_nothing(scene, name):
    change, settings = CHANGES[name]
    never = settings.model_copy(update={"probability": 0.0})
    for seed in range(5):
        assert change(scene, never, np.random.default_rng(seed)) is scene


def test_mirrored_cameras_have_determinant_minus_one(scene):
    dets = set()
    for seed in range(12):
        after = flip(scene, FlipConfig(), np.random.default_rng(seed))
        dets.add(round(float(after.views.cameras.viewmats[0, :3, :3].det())))
    assert dets == {-1, 1}
