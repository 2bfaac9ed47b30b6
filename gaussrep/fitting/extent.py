"""How large a scene is, judged by its cameras."""

import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep.cameras import Cameras
from gaussrep.cuboid import Cuboid

WIDER = 1.1
"""By how much the extent exceeds the farthest camera's distance from the middle (3DGS's code)."""
PARALLEL = 0.05
"""Ours: how much the point nearest to all optical axes is drawn to the cameras' middle, which
decides where the axes leave it open."""
MARGIN = 1.1
"""Ours: by how much the random start exceeds what a camera sees at that point."""


def extent_of(cameras: Cameras) -> float:
    """The length that learning rates and thresholds are multiples of.

    Args:
        cameras: Views [V] of one scene.

    Returns:
        1.1 times the largest distance of a camera from the cameras' middle, in scene units (3DGS's
        code); where all stand in one place, the distance to what they look at.
    """
    positions = cameras.positions
    radius = (positions - positions.mean(0)).norm(dim=-1).max().item()
    return WIDER * radius if radius > 1e-6 else 1.0


def looked_at(cameras: Cameras) -> Cuboid:
    """The cube that the cameras look at.

    Args:
        cameras: Pinhole views [V] of one scene.

    Returns:
        A cube around the point nearest to all optical axes, as wide as the picture of the camera at
        the median distance is there, and no narrower than the cameras stand apart from each other
        where they do not look inward.
    """
    positions = cameras.positions
    middle = positions.mean(0)
    center = _nearest_to_axes(positions, cameras.viewmats[:, 2, :3], middle)
    distances = (positions - center).norm(dim=-1)
    pixels = cameras.Ks.new_tensor([cameras.width, cameras.height])
    slopes = (pixels / cameras.Ks[:, (0, 1), (0, 1)]).amax(-1)  # picture's width per distance
    side = MARGIN * (distances * slopes).median()
    forward = ((center - positions) * cameras.viewmats[:, 2, :3]).sum(-1)
    if (forward > 0.5 * distances).float().mean() < 0.5:
        side = torch.maximum(side, 3 * (positions - middle).norm(dim=-1).max())
    return Cuboid(center, side.clamp_min(1e-3).expand(3))


def _nearest_to_axes(
    positions: Float[Tensor, "v 3"], axes: Float[Tensor, "v 3"], middle: Float[Tensor, " 3"]
) -> Float[Tensor, " 3"]:
    """Least squares over the distances to all axes, and a little to the middle."""
    eye = torch.eye(3, dtype=axes.dtype, device=axes.device)
    across = eye - axes[:, :, None] * axes[:, None, :]
    drawn = PARALLEL * eye
    right = (across @ positions[..., None]).mean(0)[:, 0] + drawn @ middle
    return torch.linalg.solve(across.mean(0) + drawn, right)
