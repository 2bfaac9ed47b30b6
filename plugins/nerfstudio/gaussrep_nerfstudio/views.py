"""Rendered views as nerfstudio's outputs, and cropping to a box."""

import torch
from nerfstudio.data.scene_box import OrientedBox
from torch import Tensor

from gaussrep import Gaussians, Rendering


def outputs_of(rendering: Rendering) -> dict[str, Tensor]:
    """Convert the rendering of one camera to nerfstudio's outputs, channels last.

    Args:
        rendering: One view, [1, H, W, ...].

    Returns:
        `rgb` in [0, 1], `depth` in the units of the model, `accumulation`.
    """
    return {
        "rgb": rendering.color[0].clamp(0, 1),
        "depth": rendering.depth[0, ..., None],
        "accumulation": rendering.alpha[0, ..., None],
    }


def inside(gaussians: Gaussians, box: OrientedBox) -> Gaussians:
    """Make Gaussians outside a box transparent.

    Args:
        gaussians: One scene.
        box: In the units of the scene.

    Returns:
        The scene; the others have opacity 0.
    """
    within = box.within(gaussians.means).reshape(-1).to(torch.bool)
    return gaussians.replace(opacities=gaussians.opacities * within)
