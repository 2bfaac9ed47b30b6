import numpy as np
import pytest
import torch

from gaussrep.data.scenes.augment_config import (
    AugmentConfig,
    DropoutConfig,
    ElasticConfig,
    JitterConfig,
)
from gaussrep.data.scenes.augmentation import (
    augment,
    dropout,
    elastic,
    jitter,
    random_subsample,
    sphere_crop,
)
from gaussrep.data.scenes.scene import PointCloud, Scene
from gaussrep.errors import CapabilityError


@pytest.fixture
def scene(world):
    return Scene("scene", world.cloud(200))


def test_dropout_leaves_a_share_out(scene):
    rng = np.random.default_rng(0)
    kept = dropout(scene, DropoutConfig(probability=1, fraction=0.2), rng).cloud
    assert kept.count == 160
    rows = {tuple(row) for row in scene.cloud.points.tolist()}
    assert all(tuple(row) in rows for row in kept.points.tolist())
    alone = scene.replace(cloud=scene.cloud[:1])
    assert dropout(alone, DropoutConfig(probability=1, fraction=0.9), rng).cloud.count == 1


def test_jitter_is_clipped(scene):
    settings = JitterConfig(sigma=0.05, clip=0.02)
    moved = jitter(scene, settings, np.random.default_rng(0)).cloud.points - scene.cloud.points
    assert float(moved.abs().max()) == pytest.approx(0.02, abs=1e-6)
    small = jitter(scene, JitterConfig(), np.random.default_rng(0)).cloud.points
    assert float((small - scene.cloud.points).std()) == pytest.approx(0.005, rel=0.15)


def test_a_crop_is_the_nearest_points_to_one_of_them(scene):
    for seed in range(5):
        kept = sphere_crop(scene, 50, np.random.default_rng(seed)).cloud
        assert kept.count == 50
        inside = {tuple(row) for row in kept.points.tolist()}
        outside = [row for row in scene.cloud.points.tolist() if tuple(row) not in inside]
        everything = scene.cloud.points
        radii = torch.cdist(everything, kept.points).amax(dim=1)
        gaps = torch.cdist(everything, torch.tensor(outside)).amin(dim=1)
        assert (radii <= gaps + 1e-6).any()
    assert sphere_crop(scene, 200, np.random.default_rng(0)) is scene
    assert sphere_crop(scene, None, np.random.default_rng(0)) is scene


def test_thinning_leaves_a_scene_as_large_as_it_is(scene):
    kept = random_subsample(scene, 50, np.random.default_rng(0)).cloud
    known = {tuple(row): number for number, row in enumerate(scene.cloud.points.tolist())}
    numbers = [known[tuple(row)] for row in kept.points.tolist()]
    assert numbers == sorted(set(numbers))
    assert len(numbers) == 50
    extent, whole = (
        (points.amax(0) - points.amin(0))[:2] for points in (kept.points, scene.cloud.points)
    )
    assert (extent > 0.9 * whole).all()
    assert random_subsample(scene, 200, np.random.default_rng(0)) is scene


def test_bending_moves_neighbors_alike():
    grid = torch.linspace(0, 2, 21)
    points = torch.stack(torch.meshgrid(grid, grid, grid[:3], indexing="ij"), dim=-1).view(-1, 3)
    none = torch.full((len(points),), -1)
    scene = Scene("s", PointCloud(points, points * 0, points * 0, none, none))
    settings = ElasticConfig(probability=1, steps=((0.8, 0.4),))
    moved = elastic(scene, settings, np.random.default_rng(0)).cloud.points - points
    field = moved.view(21, 21, 3, 3)
    assert float(moved.norm(dim=-1).max()) > 0.02
    steps = torch.cat([field.diff(dim=0).abs().flatten(), field.diff(dim=1).abs().flatten()])
    assert float(steps.max()) < 0.25 * float(moved.abs().max()) + 0.02
    assert len({tuple(row) for row in moved.round(decimals=5).tolist()}) > 100


@pytest.mark.usefixtures("unchecked")
def test_bent_noise_is_interpolated_between_its_nodes(monkeypatch):
    """Noise that rises along x alone must give a move that rises along x alone."""
    monkeypatch.setattr(
        "gaussrep.data.scenes.augmentation.avg_pool3d", lambda noise, *_, **__: noise
    )

    class Ramp:
        def random(self):
            return 0.0

        def standard_normal(self, shape, dtype):
            ramp = np.zeros(shape, dtype)
            ramp[0, 2] = np.arange(shape[2], dtype=dtype)[:, None, None]
            return ramp

    points = torch.tensor([[1.0, 5.0, 2.0], [1.25, 5.5, 2.0], [2.0, 5.0, 2.1]])
    none = torch.full((3,), -1)
    scene = Scene("s", PointCloud(points, points * 0, points * 0, none, none))
    settings = ElasticConfig(probability=1, steps=((0.5, 0.1),))
    moved = elastic(scene, settings, Ramp()).cloud.points - points
    wanted = torch.tensor([[0, 0, 0.1], [0, 0, 0.15], [0, 0, 0.3]])
    torch.testing.assert_close(moved, wanted, atol=1e-5, rtol=0)


@pytest.mark.usefixtures("unchecked")
def test_images_cannot_be_bent(scene):
    settings = ElasticConfig(probability=1)
    with pytest.raises(CapabilityError, match=r"augment\.elastic\.probability"):
        elastic(scene.replace(views=object()), settings, np.random.default_rng(0))


def test_everything_at_once_is_drawn_from_the_generator(scene):
    settings = AugmentConfig(elastic={"probability": 1.0})
    first, again = (augment(scene, settings, np.random.default_rng(3)) for _ in range(2))
    other = augment(scene, settings, np.random.default_rng(4))
    assert torch.equal(first.cloud.points, again.cloud.points)
    assert torch.equal(first.cloud.colors, again.cloud.colors)
    assert not torch.equal(first.cloud.colors[:50], other.cloud.colors[:50])
    assert torch.isfinite(first.cloud.points).all()
