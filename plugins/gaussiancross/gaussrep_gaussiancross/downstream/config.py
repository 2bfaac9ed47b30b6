"""Settings of the methods that downstream tasks train (torch-free)."""

from typing import Annotated

from pydantic import Field

from gaussrep.config import ComponentConfig, component


class SegmenterConfig(ComponentConfig):
    """Settings of the `point-segmenter` method."""

    body: Annotated[ComponentConfig, component("methods")]
    """The method whose features of points are classified."""
    classes: int = Field(ge=2)
    """Number of classes."""
    start: str = ""
    """Digest of the weights that the body started from, so that runs can be told apart; empty where
    it started from fresh ones."""


class PointGroupConfig(SegmenterConfig):
    """Settings of the `point-group` method; sizes are those of the released configurations."""

    stuff: tuple[int, ...] = ()
    """Classes that have no objects: walls, floors."""
    radius: float = Field(default=0.03, gt=0)
    """Moved points of one class that lie closer than this belong together, in meters (1.5 voxels of
    0.02 m)."""
    least_points: int = Field(default=100, ge=1)
    """Points that a guessed object must have."""
