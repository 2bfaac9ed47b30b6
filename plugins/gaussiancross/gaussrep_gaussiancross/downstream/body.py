"""The part of a downstream method that was pretrained."""

from gaussrep.building import build
from gaussrep.config import ComponentConfig
from gaussrep_gaussiancross.point_method import PointMethod, point_method_of


def build_body(config: ComponentConfig) -> PointMethod:
    """Build a method of which the backbone alone can learn.

    Args:
        config: Settings of a registered method.

    Returns:
        The method, with fresh weights.

    Raises:
        CapabilityError: The method does not encode points.
    """
    body = point_method_of(build("methods", config))
    body.requires_grad_(False)
    body.backbone.requires_grad_(True)
    return body
