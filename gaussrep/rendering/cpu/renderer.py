"""The `cpu` renderer."""

import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep.cameras import Cameras
from gaussrep.errors import UnavailableError
from gaussrep.gaussians import Gaussians
from gaussrep.rendering.config import CpuConfig
from gaussrep.rendering.projection import view_colors
from gaussrep.rendering.renderer import Renderer, Rendering, to_float32


class CpuRenderer(Renderer):
    """Rasterizes on the CPU in float32, in tiles, with as many threads as torch has.

    Raises:
        UnavailableError: If Numba cannot be imported.
    """

    def __init__(self, config: CpuConfig | None = None) -> None:
        self.config = config or CpuConfig()
        try:
            from gaussrep.rendering.cpu import op
        except (ImportError, OSError) as error:
            raise UnavailableError(
                f"renderer 'cpu' needs Numba, which does not import here ({error}); "
                "pip install --upgrade numba, or use the renderer 'reference'."
            ) from error
        self._rasterize = op.rasterize

    @torch.autocast("cpu", enabled=False)
    def rasterize(
        self,
        gaussians: Gaussians,
        cameras: Cameras,
        background: Float[Tensor, "*batch views 3"],
    ) -> Rendering:
        """See `Renderer.rasterize`."""
        gaussians, cameras, background = to_float32("cpu", "cpu", gaussians, cameras, background)
        lead, axes = gaussians.batch_shape, len(gaussians.batch_shape)
        features = gaussians.features
        if features is None:
            features = gaussians.means.new_empty(*lead, gaussians.count, 0)
        colors = gaussians.colors
        colors = view_colors(gaussians, cameras) if colors is None else colors.unsqueeze(-3)
        tensors = (
            gaussians.means,
            gaussians.quats,
            gaussians.scales,
            gaussians.opacities,
            colors,
            features,
            cameras.viewmats,
            cameras.Ks,
            background,
        )
        flat = (t if axes == 1 else t.reshape(lead.numel(), *t.shape[axes:]) for t in tensors)
        options = cameras.width, cameras.height, cameras.model == "ortho", gaussians.antialiased
        images = self._rasterize(*flat, *options)
        color, alpha, depth, mixed = (
            image if axes == 1 else image.reshape(*lead, *image.shape[1:]) for image in images
        )
        return Rendering(color, alpha, depth, None if gaussians.features is None else mixed)
