"""What the renderers that draw in float32 on one type of device have in common."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep.cameras import Cameras
from gaussrep.errors import CapabilityError
from gaussrep.gaussians import Gaussians
from gaussrep.rendering.rendering import Rendering


def draw_in_float32(
    renderer: str,
    device: str,
    draw: Callable[[Gaussians, Cameras, Tensor], Rendering],
    gaussians: Gaussians,
    cameras: Cameras,
    background: Float[Tensor, "*batch views 3"],
) -> Rendering:
    """Draw half-precision and float32 input in float32, under autocast too.

    Args:
        renderer: Name for the message.
        device: Type of the only device that it draws on.
        draw: Gets everything in float32, outside of autocast.
        gaussians: Scenes, [*B, N].
        cameras: Views, [*B, V].
        background: RGB behind the Gaussians.

    Returns:
        What `draw` gave.

    Raises:
        CapabilityError: If the tensors are float64 or on another device.
    """
    if gaussians.device.type != device or gaussians.dtype == torch.float64:
        place = "the CPU" if device == "cpu" else device.upper()
        raise CapabilityError(
            f"renderer {renderer!r} draws float32 tensors on {place}, got {gaussians.dtype} on "
            f"{gaussians.device}; move them with .to(), or use renderer='reference'."
        )
    with torch.autocast(device, enabled=False):
        if gaussians.dtype != torch.float32:
            gaussians, cameras = gaussians.to(torch.float32), cameras.to(torch.float32)
        return draw(gaussians, cameras, background.float())
