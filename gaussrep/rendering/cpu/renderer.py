"""The `cpu` renderer."""

import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep.cameras import Cameras
from gaussrep.errors import UnavailableError
from gaussrep.gaussians import Gaussians
from gaussrep.rendering.batching import rasterize_batch
from gaussrep.rendering.config import CpuConfig
from gaussrep.rendering.renderer import Renderer, Rendering, to_float32


class CpuRenderer(Renderer):
    """Rasterizes on the CPU in float32, in tiles, with as many threads as torch has.

    Raises:
        UnavailableError: If Numba cannot be imported.
    """

    camera_models = frozenset({"pinhole", "ortho", "opencv", "fisheye"})

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
        inputs = to_float32("cpu", "cpu", gaussians, cameras, background)
        return rasterize_batch(self._rasterize, *inputs, has_harmonics=True, has_lenses=True)
