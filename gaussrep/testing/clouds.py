"""Small random scenes of voxels."""

from collections.abc import Sequence

import torch

from gaussrep.encoders.voxels import VoxelCloud

SIDE = 16
"""Voxels along a side of a scene's grid."""
OCCUPANCY = 0.1
"""Fraction of occupied voxels."""


def random_scene_of_voxels(seed: int, channels: int) -> VoxelCloud:
    """Make one scene with random occupied voxels.

    Args:
        seed: Seed of the generator.
        channels: Numbers that a voxel carries, normally distributed.

    Returns:
        A cloud of one scene.
    """
    generator = torch.Generator().manual_seed(seed)
    coords = (torch.rand(SIDE, SIDE, SIDE, generator=generator) < OCCUPANCY).nonzero()
    features = torch.randn(len(coords), channels, generator=generator)
    return VoxelCloud(features, coords, torch.zeros(len(coords), dtype=torch.int64), 1)


def joined(scenes: Sequence[VoxelCloud]) -> VoxelCloud:
    """Join several scenes to one batch.

    Args:
        scenes: Clouds of one scene each.
    """
    counts = torch.tensor([scene.count for scene in scenes])
    return VoxelCloud(
        torch.cat([scene.features for scene in scenes]),
        torch.cat([scene.coords for scene in scenes]),
        torch.arange(len(scenes)).repeat_interleave(counts),
        len(scenes),
    )
