import pytest
import torch
from torch.nn import functional

from gaussrep.encoders.statistics import MEAN, STD, StatisticsEncoder, local_statistics, orthonormal
from gaussrep.encoders.teacher_config import StatisticsConfig

NOISE = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))


def encoder(**settings):
    return StatisticsEncoder(StatisticsConfig(**settings))


def test_vectors_are_standardized_projected_and_of_length_one():
    features = encoder(seed=3)(NOISE)
    assert features.shape == (1, 8, 8, 32)
    assert torch.allclose(features.norm(dim=-1), torch.ones(1, 8, 8))
    standard = (local_statistics(NOISE, 8) - torch.tensor(MEAN)) / torch.tensor(STD)
    wanted = functional.normalize(standard @ orthonormal(30, 32, 3), dim=-1)
    assert torch.allclose(features, wanted, atol=1e-6)


def test_the_seed_decides():
    assert torch.equal(encoder(seed=1)(NOISE), encoder(seed=1)(NOISE))
    assert not torch.allclose(encoder(seed=1)(NOISE), encoder(seed=2)(NOISE), atol=0.1)
    first = encoder().projection[:2, :4]
    wanted = [[0.0242, -0.1942, -0.0839, -0.0553], [-0.0247, -0.0097, -0.1808, 0.2646]]
    assert torch.allclose(first, torch.tensor(wanted), atol=1e-4)


@pytest.mark.parametrize(("rows", "columns"), [(30, 32), (30, 30), (30, 5)])
def test_the_projection_is_orthonormal(rows, columns):
    matrix = orthonormal(rows, columns, 0)
    assert matrix.shape == (rows, columns)
    gram = matrix @ matrix.T if rows <= columns else matrix.T @ matrix
    assert torch.allclose(gram, torch.eye(min(rows, columns)), atol=1e-5)


@pytest.mark.parametrize(
    ("cell", "size", "grid"), [(8, (61, 130), (8, 16)), (16, (32, 48), (2, 3))]
)
def test_any_size_becomes_a_grid(cell, size, grid):
    features = encoder(cell=cell)(torch.rand(2, 3, *size))
    assert features.shape == (2, *grid, 32)


def textures():
    """Five textures, two pictures of each."""
    columns = torch.arange(64).expand(64, 64)
    generator = torch.Generator().manual_seed(1)
    grain = torch.rand(2, 1, 64, 64, generator=generator)
    stripes = ((columns + torch.tensor([0, 1])[:, None, None]) % 4 < 2).float()[:, None]
    return {
        "upright stripes": stripes.expand(2, 3, 64, 64),
        "lying stripes": stripes.mT.expand(2, 3, 64, 64),
        "grain": grain.expand(2, 3, 64, 64),
        "red grain": grain * torch.tensor([1.0, 0.1, 0.1]).view(3, 1, 1),
        "flat": torch.tensor([0.4, 0.41]).view(2, 1, 1, 1).expand(2, 3, 64, 64),
    }


def test_alike_textures_are_near_and_others_far():
    inner = {name: encoder()(images)[:, 1:-1, 1:-1] for name, images in textures().items()}
    flat = {name: maps.flatten(1, 2) for name, maps in inner.items()}
    for name, (first, second) in flat.items():
        alike = (first @ second.T).mean()
        assert alike > 0.8, name
        for other, (third, _) in flat.items():
            if other != name:
                assert (first @ third.T).mean() < alike - 0.2, (name, other)
