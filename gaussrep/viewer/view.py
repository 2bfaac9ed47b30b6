"""View: where a browser looks from."""

from dataclasses import dataclass
from math import tan

import torch

from gaussrep import quaternions, similarity
from gaussrep.cameras import Cameras


@dataclass(frozen=True, slots=True)
class View:
    """A browser's camera, as viser tells it: OpenCV's axes, camera to world.

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
        """Give the camera whose picture covers the canvas.

        Args:
            shrink: Side in pixels of the canvas that one pixel of the picture covers.

        Returns:
            One pinhole camera.
        """
        width, height = (max(1, round(side / shrink)) for side in (self.width, self.height))
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
