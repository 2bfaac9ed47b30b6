"""The one call that draws."""

from jaxtyping import Float
from torch import Tensor

from gaussrep.cameras import Cameras
from gaussrep.config import ComponentConfig
from gaussrep.gaussians import Gaussians
from gaussrep.rendering.dispatch import Request, check_request, choose, get_renderer
from gaussrep.rendering.renderer import Renderer
from gaussrep.rendering.rendering import Rendering


def render(
    gaussians: Gaussians,
    cameras: Cameras,
    renderer: str | ComponentConfig | Renderer = "auto",
    background: Float[Tensor, "*#batch 3"] | None = None,
) -> Rendering:
    """Draw Gaussians as cameras see them.

    Args:
        gaussians: Scenes, [*B, N].
        cameras: Views of each scene, [*B, V], with the same batch axes.
        renderer: Name, configuration or object; `auto` takes the highest-priority renderer that
            fits the tensors' device and what is asked.
        background: RGB behind the Gaussians, [3] or broadcastable to [*B, V, 3]; black where None.

    Returns:
        Color, alpha, expected depth and features of every scene from every view.

    Raises:
        ShapeError: If batch axes, dtypes or devices disagree.
        ValueRangeError: If a tensor holds NaN or infinite values.
        CapabilityError: If the renderer cannot do what the tensors need.
        UnavailableError: If the renderer cannot run here.

    Example:
        >>> import torch, gaussrep as gr
        >>> g = gr.Gaussians(torch.tensor([[0.0, 0, 2]]), torch.tensor([[1.0, 0, 0, 0]]),
        ...                  torch.full((1, 3), 0.1), torch.ones(1), colors=torch.ones(1, 3))
        >>> eye = gr.Cameras.look_at(torch.zeros(1, 3), torch.tensor([0.0, 0, 1]),
        ...                          torch.tensor([0.0, -1, 0]), width=32, height=24)
        >>> gr.render(g, eye).color.shape
        torch.Size([1, 24, 32, 3])
    """
    if not isinstance(renderer, Renderer):
        request = Request.of(gaussians, cameras)
        name = renderer if isinstance(renderer, str) else renderer.type
        if name == "auto":
            renderer = choose(request)
        else:
            check_request(name, request)
            renderer = get_renderer(renderer)
    return renderer.render(gaussians, cameras, background)
