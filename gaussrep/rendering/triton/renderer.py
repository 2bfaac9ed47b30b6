"""The `triton` renderer."""

from functools import partial
from typing import Any

import torch
from torch import Tensor

from gaussrep.rendering.config import TritonConfig
from gaussrep.rendering.renderer import Rendering, to_float32
from gaussrep.rendering.tiled import TiledRenderer, rasterize_batch
from gaussrep.rendering.triton.loading import is_interpreted, load_rasterize


class TritonRenderer(TiledRenderer):
    """Rasterizes on CUDA in float32, in tiles, with kernels that Triton compiles on first use.

    If the environment sets `TRITON_INTERPRET=1`, Triton runs the same kernels on NumPy, slowly,
    on tensors on the CPU.

    Raises:
        UnavailableError: If Triton cannot be imported, or nothing here can run its kernels.
    """

    def __init__(self, config: TritonConfig | None = None) -> None:
        self.config = config or TritonConfig()
        most = self.config.max_tile_pairs or 0
        self._rasterize = partial(load_rasterize(), max_tile_pairs=most)
        self._device = "cpu" if is_interpreted() else "cuda"

    @torch.autocast("cuda", enabled=False)
    def _render(self, has_medians: bool, *scene: Any) -> tuple[Rendering, list[Tensor]]:
        inputs = to_float32("triton", self._device, *scene)
        return rasterize_batch(partial(self._rasterize, has_medians=has_medians), *inputs)
