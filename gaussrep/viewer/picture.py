"""What a named renderer draws, in the colors of a channel."""

import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep import plugins
from gaussrep.cameras import Cameras
from gaussrep.evaluation.device import chosen_device
from gaussrep.gaussians import Gaussians
from gaussrep.rendering.api import render
from gaussrep.viewer.channels import Painter


def draw_picture(
    gaussians: Gaussians,
    cameras: Cameras,
    renderer: str,
    painter: Painter,
    background: Float[Tensor, " 3"],
) -> Float[Tensor, "h w 3"]:
    """Draw one view on the device that the renderer is for.

    Args:
        gaussians: One scene.
        cameras: One view.
        renderer: Name, or `auto`.
        painter: Of the channel.
        background: RGB in [0, 1].

    Returns:
        RGB in [0, 1], on the CPU.

    Raises:
        GaussrepError: The renderer cannot draw it here.
    """
    device = _device_of(renderer)
    needed = painter.needed(gaussians).to(device)
    with torch.no_grad():
        drawn = render(needed, cameras.to(device), renderer, background.to(device))
    return painter.picture(drawn, background.to(device)).cpu()


def _device_of(renderer: str) -> torch.device:
    if renderer == "auto":
        return chosen_device("auto")
    devices = plugins.find("renderers", renderer).record.devices
    return chosen_device("cpu" if "cpu" in devices else "auto")
