"""Calibration: an error of lens and mounting that all cameras of a capture share."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gaussrep.cameras import Cameras


class Calibration(nn.Module):
    """A correction of lens and mounting that all views share, learned with the scene.

    RGB-D recordings often come with the intrinsics of the depth camera alone, while the color
    camera is mounted beside it. As all views share the correction, it also holds for held-out
    views. Design choice.

    Attributes:
        zoom: Logarithms of factors on the focal lengths, x and y.
        shift: Offset of the principal point, in widths and heights of the image.
        turn: Rotation in camera axes after the pose of the capture, an axis-angle vector in
            radians.
        offset: Translation in camera axes after it, in extents.
        extent: Size of the scene in scene units, float64.

    Args:
        extent: Size of the scene in scene units.
    """

    extent: Tensor

    def __init__(self, extent: float) -> None:
        super().__init__()
        self.register_buffer("extent", torch.tensor(extent, dtype=torch.float64))
        self.zoom, self.shift = (nn.Parameter(torch.zeros(2)) for _ in range(2))
        self.turn, self.offset = (nn.Parameter(torch.zeros(3)) for _ in range(2))

    def forward(self, cameras: Cameras) -> Cameras:
        """Correct cameras, with gradients to the correction.

        Args:
            cameras: Cameras of the capture, [V].

        Returns:
            The corrected cameras.
        """
        size = self.shift.new_tensor([cameras.width, cameras.height])
        diagonal = torch.diag(nn.functional.pad(self.zoom.exp() - 1, (0, 1)))
        column = nn.functional.pad(self.shift * size, (0, 1))[:, None]
        moved = nn.functional.pad(column, (2, 0))
        Ks = cameras.Ks + cameras.Ks * diagonal + moved
        mounting = rigid_motion(self.turn, self.extent * self.offset)
        return cameras.replace(viewmats=mounting @ cameras.viewmats, Ks=Ks)

    def intrinsics(self) -> list[nn.Parameter]:
        """Return the parameters of the lens, `zoom` and `shift`.

        Returns:
            Two parameters.
        """
        return [self.zoom, self.shift]

    def facts(self) -> dict[str, list[float]]:
        """Collect the correction for a JSON file.

        Returns:
            `zoom` as factors, `shift` in widths and heights, `turn` in radians, `offset` in scene
            units.
        """
        facts = {name: tensor.tolist() for name, tensor in self.named_parameters()}
        facts["zoom"] = self.zoom.exp().tolist()
        facts["offset"] = (self.extent * self.offset).tolist()
        return facts


def rigid_motion(
    turn: Float[Tensor, "*batch 3"], offset: Float[Tensor, "*batch 3"]
) -> Float[Tensor, "*batch 4 4"]:
    """Compute the matrix of a rotation and a translation after it, with gradients to both.

    Args:
        turn: Axis-angle vectors in radians.
        offset: Translations.

    Returns:
        Matrices that act on columns.
    """
    x, y, z = turn.unbind(-1)
    zero = torch.zeros_like(x)
    skew = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], -1).unflatten(-1, (3, 3))
    top = torch.cat([torch.linalg.matrix_exp(skew), offset[..., None]], dim=-1)
    bottom = top.new_tensor([0.0, 0, 0, 1]).expand(*top.shape[:-2], 1, 4)
    return torch.cat([top, bottom], dim=-2)
