import numpy as np
import pytest
import torch

from gaussrep.cameras import Cameras
from gaussrep.data.scenes.augment_config import ColorJitterConfig, ColorShiftConfig, ContrastConfig
from gaussrep.data.scenes.augmentation import color_jitter, color_shift, contrast
from gaussrep.data.scenes.scene import PointCloud, Scene, Views


@pytest.fixture
def scene(world):
    """Pixels and points have the same colors, point by point."""
    cloud = world.cloud(48)
    cameras = Cameras.look_at(
        torch.tensor([[0.0, -1, 1]]), torch.zeros(3), torch.tensor([0.0, 0, 1]), width=8, height=6
    )
    images = cloud.colors.mT.reshape(1, 3, 6, 8)
    return Scene("s", cloud, Views(images, torch.ones(1, 6, 8), cameras, torch.zeros(1).long()))


def pixels(scene):
    return scene.views.images.reshape(3, -1).mT


def test_contrast_and_shift_change_images_as_they_change_points(scene):
    for seed in range(5):
        rng = np.random.default_rng(seed)
        stretched = contrast(scene, ContrastConfig(probability=1), rng)
        torch.testing.assert_close(pixels(stretched), stretched.cloud.colors)
        shifted = color_shift(scene, ColorShiftConfig(probability=1, ratio=0.05), rng)
        torch.testing.assert_close(pixels(shifted), shifted.cloud.colors)
        moved = shifted.cloud.colors - scene.cloud.colors
        torch.testing.assert_close(moved, moved[:1].expand(48, 3), atol=1e-6, rtol=0)
        assert 0 < float(moved.abs().max()) <= 0.05 + 1e-6


def test_contrast_reaches_from_black_to_white():
    colors = torch.tensor([[0.2, 0.5, 0.4], [0.6, 0.5, 0.8]])
    none = torch.full((2,), -1)
    cloud = PointCloud(torch.zeros(2, 3), colors, torch.zeros(2, 3), none, none)
    settings = ContrastConfig(probability=1)
    rng = np.random.default_rng(0)
    ends = [contrast(Scene("s", cloud), settings, rng).cloud.colors for _ in range(200)]
    red = torch.stack([found[:, 0] for found in ends])
    assert float(red[:, 0].min()) < 0.02
    assert float(red[:, 1].max()) > 0.98
    assert all(torch.isfinite(found).all() for found in ends)


def test_noise_has_the_wanted_strength_in_points_and_images(scene):
    gray = scene.cloud.replace(colors=torch.full((48, 3), 0.5))
    views = scene.views.replace(images=torch.full((1, 3, 6, 8), 0.5))
    gray_scene = scene.replace(cloud=gray, views=views)
    rng = np.random.default_rng(0)
    noisy = [color_jitter(gray_scene, ColorJitterConfig(probability=1), rng) for _ in range(20)]
    for found in ([s.cloud.colors for s in noisy], [pixels(s) for s in noisy]):
        assert float(torch.cat(found).std()) == pytest.approx(0.05, rel=0.1)
    assert not torch.equal(pixels(noisy[0]), noisy[0].cloud.colors)


def test_colors_stay_colors(scene):
    dark = scene.replace(cloud=scene.cloud.replace(colors=torch.zeros(48, 3)))
    rng = np.random.default_rng(0)
    for change, settings in (
        (color_shift, ColorShiftConfig(probability=1, ratio=0.9)),
        (color_jitter, ColorJitterConfig(probability=1, std=0.9)),
        (contrast, ContrastConfig(probability=1)),
    ):
        after = change(dark, settings, rng)
        for colors in (after.cloud.colors, after.views.images):
            assert 0 <= float(colors.min()) <= float(colors.max()) <= 1
        assert change(dark, settings.model_copy(update={"probability": 0.0}), rng) is dark
