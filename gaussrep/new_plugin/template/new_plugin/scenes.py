"""A source of scenes."""

import torch
from gaussrep import SceneSource
from gaussrep.data import FrameRef, PointCloud, Split
from gaussrep.errors import CapabilityError

POINTS = 200
"""Points of a scene."""


class Boxes(SceneSource):
    """Random points in boxes, of two classes by their height; no images.

    Args:
        split: `train`, four scenes, or `val`, two.
    """

    def __init__(self, split: Split) -> None:
        names = [f"{split}-{number}" for number in range(4 if split == "train" else 2)]
        super().__init__(names, ("low", "high"))

    def cloud(self, name: str) -> PointCloud:
        """See `SceneSource.cloud`."""
        generator = torch.Generator().manual_seed(sum(name.encode()))
        points = torch.rand(POINTS, 3, generator=generator) * torch.tensor([2.0, 2, 1])
        up = torch.tensor([0.0, 0, 1]).expand(POINTS, 3).clone()
        labels = (points[:, 2] > 0.5).long()
        return PointCloud(points, torch.full_like(points, 0.5), up, labels, labels)

    def frames(self, name: str) -> tuple[FrameRef, ...]:
        """See `SceneSource.frames`; there are none."""
        raise CapabilityError(f"{name}: boxes have no images")
