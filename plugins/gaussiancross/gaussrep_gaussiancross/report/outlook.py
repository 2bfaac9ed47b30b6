"""Outlook: a place outside a scene, from which one looks into it."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

import gaussrep as gr
from gaussrep.cameras import CameraModel, Cameras
from gaussrep.gaussians import Gaussians
from gaussrep_gaussiancross.report.splats import corners

SIZE = (456, 342)
"""Width and height in pixels of pictures from outside; four of them are as wide as eight views."""

OVERSAMPLING = 2
MARGIN = 0.03
"""Share of a picture that stays free at each side."""

DISTANCE = 2.5
"""From the middle of the box to the eye, in diagonals of the box."""

Direction = tuple[float, float, float]

UP: Direction = (0.0, 0.0, 1.0)
NORTH: Direction = (0.0, 1.0, 0.0)

THREE_QUARTER: Direction = (-0.6, -0.8, 0.9)
"""Direction from the middle to the eye."""

AWAY = -0.1
"""Cosine of normal and direction to the eye below which a surface is cut away."""


@dataclass(frozen=True, eq=False)
class Outlook:
    """A view from outside, in which surfaces that are turned away are left out.

    Normals of a room point into it, so its near walls and its ceiling do not hide what is inside.

    Attributes:
        camera: One view, [1].
    """

    camera: Cameras

    @classmethod
    def elevated(cls, low: Float[Tensor, " 3"], high: Float[Tensor, " 3"]) -> "Outlook":
        """Look down on a corner of a box."""
        return cls(_framed(low, high, THREE_QUARTER, UP, "pinhole"))

    @classmethod
    def above(cls, low: Float[Tensor, " 3"], high: Float[Tensor, " 3"]) -> "Outlook":
        """Look straight down on a box; y points up in the picture."""
        return cls(_framed(low, high, UP, NORTH, "ortho"))

    def sees(self, normals: Float[Tensor, "p 3"]) -> Bool[Tensor, " p"]:
        """Tell which surfaces are not turned away.

        Args:
            normals: Unit vectors; zero where there is none.
        """
        return -(normals @ self.camera.viewmats[0, 2, :3]) > AWAY

    def place(self, points: Float[Tensor, "p 3"]) -> Float[Tensor, "p 3"]:
        """Where points fall: x and y in shares of width and height, and depth.

        Args:
            points: Positions.
        """
        camera = self.camera
        seen = points @ camera.viewmats[0, :3, :3].mT + camera.viewmats[0, :3, 3]
        flat = _flat(seen, camera.model) * camera.Ks[0, 0, 0] + camera.Ks[0, :2, 2]
        return torch.cat([flat / flat.new_tensor([camera.width, camera.height]), seen[:, 2:]], 1)

    def draw(self, gaussians: Gaussians) -> Float[Tensor, "h w 3"]:
        """Draw Gaussians on white, larger than they are shown.

        Args:
            gaussians: Without batch axes.
        """
        white = gaussians.means.new_ones(3)
        return gr.render(gaussians, self.camera, background=white).color[0]


def _framed(
    low: Tensor, high: Tensor, towards: Direction, up: Direction, model: CameraModel
) -> Cameras:
    """A camera that the box just fits into."""
    width, height = (OVERSAMPLING * side for side in SIZE)
    middle, direction = (low + high) / 2, low.new_tensor(towards)
    eye = middle + DISTANCE * (high - low).norm() * direction / direction.norm()
    camera = Cameras.look_at(eye[None], middle, low.new_tensor(up), width, height)
    seen = corners(low, high) @ camera.viewmats[0, :3, :3].mT + camera.viewmats[0, :3, 3]
    flat = _flat(seen, model)
    first, last = flat.aminmax(dim=0)
    size = low.new_tensor([width, height])
    focal = ((1 - 2 * MARGIN) * size / (last - first)).amin()
    x, y = (size - focal * (first + last)) / 2
    zero, one = torch.zeros_like(focal), torch.ones_like(focal)
    K = torch.stack([focal, zero, x, zero, focal, y, zero, zero, one]).view(1, 3, 3)
    return camera.replace(Ks=K, model=model)


def _flat(seen: Tensor, model: CameraModel) -> Tensor:
    return seen[:, :2] / seen[:, 2:] if model == "pinhole" else seen[:, :2]
