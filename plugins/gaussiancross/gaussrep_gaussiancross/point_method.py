"""The interface of methods that say something about every point of a scene."""

from abc import abstractmethod

from jaxtyping import Float
from torch import Tensor

from gaussrep.encoders.encoder import PointEncoder
from gaussrep.errors import CapabilityError
from gaussrep.methods.method import Batch, Method


class PointMethod(Method):
    """A method with an encoder of points, on which downstream tasks stand.

    Attributes:
        backbone: The encoder that `encode_points` runs through; downstream tasks train it, and
            nothing else of the method.
    """

    backbone: PointEncoder

    @property
    def point_width(self) -> int:
        """Length of a point's feature vector, D."""
        return self.backbone.width

    @abstractmethod
    def encode_points(self, batch: Batch) -> Float[Tensor, "p d"]:
        """Encode all points of a batch of scenes, none hidden.

        Args:
            batch: `points`, `colors` and `normals`, [P, 3] each, of all scenes one after the other,
                and `scene` [P], which scene each point belongs to.

        Returns:
            One vector of length `point_width` per point.
        """


def point_method_of(method: Method) -> PointMethod:
    """Take a method for one that encodes points.

    Args:
        method: Any method.

    Returns:
        The same.

    Raises:
        CapabilityError: It is none.
    """
    if not isinstance(method, PointMethod):
        raise CapabilityError(
            f"{type(method).__name__} does not encode points, which this needs; give a run of "
            "gaussiancross."
        )
    return method
