"""The `triton` renderer."""

from functools import partial
from typing import Any

import torch
from jaxtyping import Float, Int
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
    outputs = frozenset({"median_depth", "normals"})

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
        return self._render(False, gaussians, cameras, background)[0]

    @torch.autocast("cuda", enabled=False)
    def rasterize_medians(
        self,
        gaussians: Gaussians,
        cameras: Cameras,
        background: Float[Tensor, "*batch views 3"],
    ) -> tuple[Rendering, Int[Tensor, "*batch views h w"]]:
        """See `Renderer.rasterize_medians`."""
        rendering, (medians,) = self._render(True, gaussians, cameras, background)
        return rendering, medians

    def _render(self, has_medians: bool, *scene: Any) -> tuple[Rendering, list[Tensor]]:
        inputs = to_float32("triton", self._device, *scene)
        return rasterize_batch(partial(self._rasterize, has_medians=has_medians), *inputs)
