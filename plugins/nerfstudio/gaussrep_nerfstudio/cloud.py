"""Points of a scene, passed from the data parser to the model."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from gaussrep import similarity
from gaussrep.data import PointCloud

CLOUD = "gaussrep_cloud"
"""Key of the `KnownCloud` in a data parser's metadata."""


@dataclass(frozen=True, eq=False)
class KnownCloud:
    """Points with normals in meters.

    Attributes:
        cloud: Points in meters, z up.
        to_model: Similarity from these coordinates to those of the model.
    """

    cloud: PointCloud
    to_model: Float[Tensor, "4 4"]

    @property
    def points(self) -> Float[Tensor, "p 3"]:
        """Positions in the units of the model."""
        scale, rotation, offset = similarity.decompose(self.to_model)
        return scale * self.cloud.points @ rotation.mT + offset
