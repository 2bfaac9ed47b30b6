"""Scenes: point clouds with posed RGB-D views."""

from dataclasses import dataclass, fields, replace
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from gaussrep import similarity
from gaussrep.cameras import Cameras
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
        labels: Class of each point, `IGNORED` where there is none, int64 [P].
        instances: Object of each point, `IGNORED` where there is none, int64 [P].

    Raises:
        ShapeError: If a tensor does not have one row per point.
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
        """Replace some tensors.

        Args:
            **tensors: New values by field name.

        Returns:
            A new cloud.
        """
        return replace(self, **tensors)

    def __getitem__(self, index: Any) -> "PointCloud":
        """Select points by indices, a mask or a slice."""
        return PointCloud(*(getattr(self, field.name)[index] for field in fields(self)))


@dataclass(frozen=True, eq=False)
class Views:
    """Posed RGB-D frames of one scene.

    Args:
        images: RGB in [0, 1], float32 [V, 3, H, W].
        depths: Distance along the optical axis in the units of the points, 0 where it was not
            measured, float32 [V, H, W].
        cameras: The V cameras, H x W pixels, pinhole.
        frames: Number of each frame in its scene, int64 [V].

    Raises:
        ShapeError: If the tensors disagree about views or pixels.
    """

    images: Float[Tensor, "v 3 h w"]
    depths: Float[Tensor, "v h w"]
    cameras: Cameras
    frames: Int[Tensor, " v"]

    def __post_init__(self) -> None:
        size = [self.cameras.height, self.cameras.width]
        count = self.cameras.views
        check_shape("images", self.images, [count, 3, *size])
        check_shape("depths", self.depths, [count, *size])
        check_shape("frames", self.frames, [count])

    @property
    def count(self) -> int:
        """Number of views, V."""
        return self.cameras.views

    def replace(self, **changes: Any) -> "Views":
        """Replace some fields.

        Args:
            **changes: New values by field name.

        Returns:
            New views.
        """
        return replace(self, **changes)


@dataclass(frozen=True, eq=False)
class Scene:
    """A point cloud, with or without posed views of it.

    Args:
        name: Name of the scene.
        cloud: Its points.
        views: Frames in the same coordinates; None for points alone.
        sparse_labels: Whether only a few points have labels, which must then not be dropped.
    """

    name: str
    cloud: PointCloud
    views: Views | None = None
    sparse_labels: bool = False

    @property
    def protected_mask(self) -> Bool[Tensor, " p"]:
        """Points that must not be dropped: the labeled ones, if labels are sparse."""
        if not self.sparse_labels:
            return torch.zeros(self.cloud.count, dtype=torch.bool)
        return self.cloud.labels != IGNORED

    def replace(self, **changes: Any) -> "Scene":
        """Replace some fields.

        Args:
            **changes: New values by field name.

        Returns:
            A new scene.
        """
        return replace(self, **changes)

    def transform(self, matrix: Float[Tensor, "4 4"]) -> "Scene":
        """Transform the scene by a similarity; all of its images stay the same.

        Points and normals are transformed, cameras follow, and depth is multiplied by the scale.

        Args:
            matrix: Homogeneous matrix of the similarity; may reflect.

        Returns:
            The transformed scene.

        Raises:
            ValueRangeError: If the matrix is not a similarity.
        """
        scale, rotation, translation = similarity.decompose(matrix)
        cloud = self.cloud.replace(
            points=scale * self.cloud.points @ rotation.mT + translation,
            normals=self.cloud.normals @ rotation.mT,
        )
        views = self.views
        if views is not None:
            views = views.replace(
                cameras=views.cameras.transform(matrix), depths=views.depths * scale
            )
        return self.replace(cloud=cloud, views=views)
