"""The `triton` renderer."""

from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep.cameras import Cameras
from gaussrep.gaussians import Gaussians
from gaussrep.rendering.config import TritonConfig
from gaussrep.rendering.renderer import Renderer, Rendering, to_float32
from gaussrep.rendering.tiled import rasterize_batch
from gaussrep.rendering.triton.loading import is_interpreted, load_rasterize


class TritonRenderer(Renderer):
    """Rasterizes on CUDA in float32, in tiles, with kernels that Triton compiles on first use.

    Where the environment sets `TRITON_INTERPRET=1`, Triton runs the same kernels on NumPy, slowly,
    on tensors on the CPU.

    Raises:
        UnavailableError: If Triton cannot be imported, or nothing here can run its kernels.
    """

    camera_models = frozenset({"pinhole", "ortho", "opencv", "fisheye"})
    outputs = frozenset({"normals"})

    def __init__(self, config: TritonConfig | None = None) -> None:
        self.config = config or TritonConfig()
        most = self.config.max_tile_pairs or 0
        self._rasterize = partial(load_rasterize(), max_tile_pairs=most)
        self._device = "cpu" if is_interpreted() else "cuda"

    @torch.autocast("cuda", enabled=False)
    def rasterize(
        self,
        gaussians: Gaussians,
        cameras: Cameras,
        background: Float[Tensor, "*batch views 3"],
    ) -> Rendering:
        """See `Renderer.rasterize`."""
        inputs = to_float32("triton", self._device, gaussians, cameras, background)
        return rasterize_batch(self._rasterize, *inputs)[0]
