"""The function `render`."""

from collections.abc import Collection

from jaxtyping import Float
from torch import Tensor

from gaussrep.cameras import Cameras
from gaussrep.config import ComponentConfig
from gaussrep.errors import ValueRangeError
from gaussrep.gaussians import Gaussians
from gaussrep.rendering.dispatch import (
    RenderRequirements,
    check_requirements,
    get_renderer,
    select_renderer,
)
from gaussrep.rendering.renderer import OUTPUTS, Renderer, Rendering


def render(
    gaussians: Gaussians,
    cameras: Cameras,
    renderer: str | ComponentConfig | Renderer = "auto",
    background: Float[Tensor, "*#batch 3"] | None = None,
    outputs: Collection[str] = (),
) -> Rendering:
    """Render Gaussians from cameras.

    Args:
        gaussians: Scenes, [*B, N].
        cameras: Views of each scene, [*B, V], with the same batch axes.
        renderer: Name, configuration or object; `auto` selects the renderer of highest priority
            that supports the device and the input.
        background: RGB behind the Gaussians, [3] or broadcastable to [*B, V, 3]; black if None.
        outputs: Further outputs, `["median_depth", "normals"]` or one of them; see `Rendering`.

    Returns:
        Color, alpha, expected depth and features of every scene from every view, and the further
        outputs.

    Raises:
        ShapeError: If batch axes, dtypes or devices disagree.
        ValueRangeError: If a tensor holds NaN or infinite values; inside
            `gaussrep.rendering.defer_finite_checks`, at the end of the block. If an output does not
            exist.
        CapabilityError: If the renderer does not support the input.
        UnavailableError: If the renderer cannot run here.

    Examples:
        >>> import torch, gaussrep as gr
        >>> g = gr.Gaussians(torch.tensor([[0.0, 0, 2]]), torch.tensor([[1.0, 0, 0, 0]]),
        ...                  torch.full((1, 3), 0.1), torch.ones(1), colors=torch.ones(1, 3))
        >>> eye = gr.Cameras.look_at(torch.zeros(1, 3), torch.tensor([0.0, 0, 1]),
        ...                          torch.tensor([0.0, -1, 0]), width=32, height=24)
        >>> gr.render(g, eye).color.shape
        torch.Size([1, 24, 32, 3])
    """
    if isinstance(outputs, str) or not OUTPUTS.issuperset(outputs):
        wanted = ", ".join(map(repr, sorted(OUTPUTS)))
        raise ValueRangeError(f"outputs is {outputs!r}, wanted a list of {wanted}.")
    if not isinstance(renderer, Renderer):
        requirements = RenderRequirements.from_tensors(gaussians, cameras, outputs)
        name = renderer if isinstance(renderer, str) else renderer.type
        if name == "auto":
            renderer = select_renderer(requirements)
        else:
            check_requirements(name, requirements)
            renderer = get_renderer(renderer)
    return renderer.render(gaussians, cameras, background, outputs)
