"""Scene: a point cloud and posed views of it."""

from dataclasses import dataclass, replace
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from gaussrep import similarity
from gaussrep.data.scenes.point_cloud import IGNORED, PointCloud
from gaussrep.data.scenes.views import Views


@dataclass(frozen=True, eq=False)
class Scene:
    """A point cloud, with or without posed views of it.

    Args:
        name: What the scene is called.
        cloud: Its points.
        views: Frames in the same coordinates; None where only points are wanted.
        scarce_labels: Whether only few points have labels, so that these must not get lost.
    """

    name: str
    cloud: PointCloud
    views: Views | None = None
    scarce_labels: bool = False

    @property
    def precious(self) -> Bool[Tensor, " p"]:
        """Which points must not be left out."""
        if not self.scarce_labels:
            return torch.zeros(self.cloud.count, dtype=torch.bool)
        return self.cloud.labels != IGNORED

    def replace(self, **changes: Any) -> "Scene":
        """The same scene with some fields replaced."""
        return replace(self, **changes)

    def transform(self, matrix: Float[Tensor, "4 4"]) -> "Scene":
        """The scene moved by a similarity; every picture of it stays the same.

        Points and normals move, cameras follow them, and depth is multiplied by the scale.

        Args:
            matrix: Homogeneous matrix of the similarity; may reflect.

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
