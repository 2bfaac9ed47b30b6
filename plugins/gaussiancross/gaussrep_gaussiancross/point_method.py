"""The interface of methods that encode every point of a scene."""

from abc import abstractmethod

from jaxtyping import Float
from torch import Tensor

from gaussrep import build, plugins
from gaussrep.config import ComponentConfig
from gaussrep.encoders import PointEncoder
from gaussrep.errors import CapabilityError, ConfigError
from gaussrep.methods import Batch, Method


class PointMethod(Method):
    """A method with a point encoder, the base of downstream tasks.

    Attributes:
        backbone: The encoder behind `encode_points`; downstream tasks train only this part of the
            method.
    """

    backbone: PointEncoder

    @property
    def point_width(self) -> int:
        """Length of a point's feature vector, D."""
        return self.backbone.width

    @abstractmethod
    def encode_points(self, batch: Batch) -> Float[Tensor, "p d"]:
        """Encode all points of a batch of scenes, without masking.

        Args:
            batch: `points`, `colors` and `normals`, [P, 3] each, of all scenes one after the other,
                and `scene` [P], the scene of each point.

        Returns:
            One vector of length `point_width` per point.
        """

    def encode_points_multi_scale(self, batch: Batch) -> Float[Tensor, "p widths"]:
        """Encode all points of a batch of scenes at every resolution of the backbone.

        Args:
            batch: As for `encode_points`.

        Returns:
            One vector of length `backbone.multi_scale_width` per point.

        Raises:
            CapabilityError: If the method has no such features.
        """
        raise CapabilityError(
            f"{type(self).__name__} has no features of several resolutions; set multi_scale=false."
        )


def build_backbone(config: ComponentConfig, channels: int) -> PointEncoder:
    """Build a registered point encoder.

    Args:
        config: Settings of an encoder of points.
        channels: Input channels of a voxel.

    Returns:
        The encoder, with the weights that it starts from.

    Raises:
        ConfigError: If the encoder does not encode points.
    """
    record = plugins.find("encoders", config.type).record
    if record.modality != "points":
        known = [c.name for c in plugins.list("encoders") if c.record.modality == "points"]
        raise ConfigError(
            f"encoder {config.type!r} does not encode points; expected an encoder of points: "
            f"{', '.join(known)}"
        )
    encoder: PointEncoder = build("encoders", config, channels=channels)
    return encoder


def require_point_method(method: Method) -> PointMethod:
    """Check that a method encodes points.

    Args:
        method: Any method.

    Returns:
        The same method.

    Raises:
        CapabilityError: If it is not a `PointMethod`.
    """
    if not isinstance(method, PointMethod):
        raise CapabilityError(
            f"{type(method).__name__} does not encode points, which this needs; give a run of "
            "gaussiancross."
        )
    return method
