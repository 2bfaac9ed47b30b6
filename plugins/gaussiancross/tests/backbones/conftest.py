import pytest
import torch

from gaussrep.encoders import VoxelCloud


@pytest.fixture
def make_cloud():
    """Random voxels with six numbers each; a scene is the same whatever comes before it."""

    def scene(number: int, side: int, share: float) -> tuple[torch.Tensor, torch.Tensor]:
        generator = torch.Generator().manual_seed(number)
        occupied = torch.rand(side, side, side, generator=generator) < share
        coords = occupied.nonzero()
        return coords, torch.randn(len(coords), 6, generator=generator)

    def make(*numbers: int, side: int = 20, share: float = 0.1) -> VoxelCloud:
        coords, features = zip(*(scene(number, side, share) for number in numbers), strict=True)
        counts = torch.tensor([len(part) for part in coords])
        rows = torch.arange(len(numbers)).repeat_interleave(counts)
        return VoxelCloud(torch.cat(features), torch.cat(coords), rows, len(numbers))

    return make


@pytest.fixture
def scramble():
    """A cloud of one scene with its voxels in another order, and that order."""

    def apply(cloud: VoxelCloud) -> tuple[VoxelCloud, torch.Tensor]:
        order = torch.randperm(cloud.count, generator=torch.Generator().manual_seed(1))
        moved = VoxelCloud(cloud.features[order], cloud.coords[order], cloud.scene, cloud.scenes)
        return moved, order

    return apply
