"""Cameras of a browser: the current one, and the first one of a scene."""

from dataclasses import dataclass
from math import atan, degrees, isfinite, pi, radians, tan

import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep import quaternions, similarity
from gaussrep.cameras import Cameras
from gaussrep.errors import ValueRangeError
from gaussrep.framing import bounds, fit_camera
from gaussrep.viewer.scene import ViewerScene

MAX_SIDE = 4096
"""Longest side of an image in pixels, whatever a browser asks for; a larger canvas shows it scaled
up (design choice)."""


@dataclass(frozen=True, slots=True)
class BrowserCamera:
    """The camera of a browser, as viser reports it: OpenCV's axes, camera to world.

    Attributes:
        wxyz: Orientation, a unit quaternion.
        position: Camera center in scene units.
        fov: Vertical field of view in radians.
        width: Width of the canvas in pixels.
        height: Height of the canvas in pixels.
    """

    wxyz: tuple[float, float, float, float]
    position: tuple[float, float, float]
    fov: float
    width: int
    height: int

    def cameras(self, shrink: int = 1) -> Cameras:
        """Compute the camera whose image covers the canvas.

        Args:
            shrink: Pixels of the canvas per pixel of the image, along each side; more if the
                longer side would exceed `MAX_SIDE`.

        Returns:
            One pinhole camera, [1].

        Raises:
            ValueRangeError: The browser sent an invalid camera.
        """
        self._check()
        scale = min(1 / shrink, MAX_SIDE / max(self.width, self.height))
        width, height = (max(1, round(side * scale)) for side in (self.width, self.height))
        up = tan(self.fov / 2)
        across = up * self.width / self.height
        intrinsics = [
            [width / 2 / across, 0, width / 2],
            [0, height / 2 / up, height / 2],
            [0, 0, 1],
        ]
        rotation = quaternions.to_matrix(torch.tensor(self.wxyz, dtype=torch.float64)).mT
        moved = -rotation @ torch.tensor(self.position, dtype=torch.float64)
        viewmat = similarity.compose(torch.ones_like(moved[0]), rotation, moved)
        K = torch.tensor(intrinsics)
        return Cameras(viewmat.float()[None], K[None], width, height)

    def _check(self) -> None:
        numbers = (*self.wxyz, *self.position, self.fov, self.width, self.height)
        if not (
            all(map(isfinite, numbers))
            and any(self.wxyz)
            and 0 < self.fov < pi
            and min(self.width, self.height) >= 1
        ):
            raise ValueRangeError(f"the browser sent an invalid camera: {self}")


FOV = radians(50)
"""Vertical field of view of a new page in radians; a design choice."""


@dataclass(frozen=True, eq=False)
class Pose:
    """Position and direction of a camera, in scene units.

    Attributes:
        eye: Camera center.
        target: Point at the center of the image, about which the mouse rotates the camera.
        up: Direction that points up in the image.
    """

    eye: Float[Tensor, " 3"]
    target: Float[Tensor, " 3"]
    up: Float[Tensor, " 3"]


def initial_pose(scene: ViewerScene, aspect: float) -> Pose:
    """Choose the pose of a new page.

    Args:
        scene: A scene of at least one Gaussian.
        aspect: Width of the canvas over its height.

    Returns:
        The pose of the scene's first pinhole camera; without one, a pose that looks along z and
        shows the whole scene.

    Raises:
        ValueRangeError: The scene has no Gaussian.
    """
    corners = bounds(scene.gaussians)
    center = corners.mean(0)
    if scene.cameras is not None and scene.cameras.model != "ortho":
        return _at(scene.cameras, center, scene.up)
    across = degrees(2 * atan(tan(FOV / 2) * aspect))
    height = 1000
    eye = fit_camera(corners, center, scene.up, round(height * aspect), height, across)
    return Pose(eye, center, scene.up)


def _at(cameras: Cameras, center: Float[Tensor, " 3"], up: Float[Tensor, " 3"]) -> Pose:
    """Pose of the first camera; the target is the point of its axis nearest to the center."""
    eye, forward = cameras.positions[0], cameras.viewmats[0, 2, :3]
    distance = ((center - eye) @ forward).clamp_min(0.1 * (center - eye).norm() + 1e-3)
    return Pose(eye, eye + distance * forward, up)
