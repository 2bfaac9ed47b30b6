"""The `cpu` renderer."""

from functools import partial
from typing import Any

import torch
from torch import Tensor

from gaussrep.cameras import Cameras
from gaussrep.errors import UnavailableError
from gaussrep.gaussians import Gaussians
from gaussrep.rendering.config import CpuConfig
from gaussrep.rendering.renderer import Rendering, to_float32
from gaussrep.rendering.tiled import TiledRenderer, rasterize_batch
from gaussrep.runtime.collector import disabled_collector


class CpuRenderer(TiledRenderer):
    """Rasterizes on the CPU in float32, in tiles, with as many threads as torch has.

    Raises:
        UnavailableError: If Numba cannot be imported.
    """

    def __init__(self, config: CpuConfig | None = None) -> None:
        self.config = config or CpuConfig()
        try:
            with disabled_collector():
                from gaussrep.rendering.cpu import first_use, op
        except (ImportError, OSError) as error:
            raise UnavailableError(
                f"renderer 'cpu' needs Numba, which does not import here ({error}); "
                "pip install --upgrade numba, or use the renderer 'reference'."
            ) from error
        self._rasterize, self._compile_first = op.rasterize, first_use.compile_first

    @torch.autocast("cpu", enabled=False)
    def _render(self, has_medians: bool, *scene: Any) -> tuple[Rendering, list[Tensor]]:
        inputs = to_float32("cpu", "cpu", *scene)
        if not torch.compiler.is_compiling():
            self._prepare(has_medians, *inputs)
        rasterize = partial(
            self._rasterize,
            has_medians=has_medians,
            order_window=self.config.order_window,
            order_temperature=self.config.order_temperature,
        )
        return rasterize_batch(rasterize, *inputs, has_positions=True)

    def _prepare(
        self, has_medians: bool, gaussians: Gaussians, cameras: Cameras, background: Tensor
    ) -> None:
        """Begin to compile what this call and its backward pass need."""
        given = [t for _, t in gaussians.tensors()] + [*cameras.tensors().values(), background]
        lens = cameras.distortion
        self._compile_first(
            features=gaussians.features is not None,
            sh=gaussians.colors is None,
            lens=0 if lens is None else lens.shape[-1],
            medians=has_medians,
            order=self.config.order_window > 0,
            backward=torch.is_grad_enabled() and any(t.requires_grad for t in given),
        )
