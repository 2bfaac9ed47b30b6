"""PointCloud: the points of one scene and what is known of them."""

from dataclasses import dataclass, fields, replace
from typing import Any

from jaxtyping import Float, Int
from torch import Tensor

from gaussrep.checks import check_shape

IGNORED = -1
"""The label, and the instance, of a point that has none."""


@dataclass(frozen=True, eq=False)
class PointCloud:
    """The points of one scene.

    Args:
        points: Positions in meters, z up, float32 [P, 3].
        colors: RGB in [0, 1], float32 [P, 3].
        normals: Unit vectors, float32 [P, 3].
        labels: Classes, `IGNORED` where there is none, int64 [P].
        instances: Numbers of objects, `IGNORED` where there is none, int64 [P].

    Raises:
        ShapeError: If a tensor has not one row per point.
    """

    points: Float[Tensor, "p 3"]
    colors: Float[Tensor, "p 3"]
    normals: Float[Tensor, "p 3"]
    labels: Int[Tensor, " p"]
    instances: Int[Tensor, " p"]

    def __post_init__(self) -> None:
        count = self.points.shape[0]
        for name in ("points", "colors", "normals"):
            check_shape(name, getattr(self, name), [count, 3])
        for name in ("labels", "instances"):
            check_shape(name, getattr(self, name), [count])

    @property
    def count(self) -> int:
        """Number of points, P."""
        return self.points.shape[0]

    def replace(self, **tensors: Tensor) -> "PointCloud":
        """The same cloud with some tensors replaced."""
        return replace(self, **tensors)

    def __getitem__(self, index: Any) -> "PointCloud":
        """Select points by indices, a mask or a slice."""
        return PointCloud(*(getattr(self, field.name)[index] for field in fields(self)))
