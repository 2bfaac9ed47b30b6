"""Where a page looks from when it opens."""

from dataclasses import dataclass
from math import atan, degrees, radians, tan

from jaxtyping import Float
from torch import Tensor

from gaussrep.cameras import Cameras
from gaussrep.framing import bounds, framing_eye
from gaussrep.viewer.scene import Scene

FOV = radians(50)
"""Vertical field of view of a page; ours."""


@dataclass(frozen=True, eq=False)
class Pose:
    """Where to stand and what to look at, in scene units.

    Attributes:
        eye: Camera center.
        target: Point in the middle of the picture, about which the mouse turns the camera.
        up: Direction that points up.
    """

    eye: Float[Tensor, " 3"]
    target: Float[Tensor, " 3"]
    up: Float[Tensor, " 3"]


def first_pose(scene: Scene, aspect: float) -> Pose:
    """Stand where the first camera stood; where there is none, so that all is seen along z.

    Args:
        scene: At least one Gaussian.
        aspect: Width of the canvas over its height.

    Raises:
        ValueRangeError: The scene holds no Gaussian.
    """
    corners = bounds(scene.gaussians)
    middle = corners.mean(0)
    if scene.cameras is not None and scene.cameras.model == "pinhole":
        return _at(scene.cameras, middle, scene.up)
    across = degrees(2 * atan(tan(FOV / 2) * aspect))
    height = 1000
    eye = framing_eye(corners, middle, scene.up, round(height * aspect), height, across)
    return Pose(eye, middle, scene.up)


def _at(cameras: Cameras, middle: Float[Tensor, " 3"], up: Float[Tensor, " 3"]) -> Pose:
    """The target is the point of the optical axis that is nearest to the scene's middle."""
    eye, forward = cameras.positions[0], cameras.viewmats[0, 2, :3]
    distance = ((middle - eye) @ forward).clamp_min(0.1 * (middle - eye).norm() + 1e-3)
    return Pose(eye, eye + distance * forward, up)
