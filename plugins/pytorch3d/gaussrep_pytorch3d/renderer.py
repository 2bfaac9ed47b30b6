"""`pytorch3d`: candidates from PyTorch3D's point rasterizer, composited in torch."""

import logging

import torch
from jaxtyping import Float, Int
from torch import Tensor

from gaussrep.cameras import Cameras
from gaussrep.errors import CapabilityError
from gaussrep.gaussians import Gaussians
from gaussrep.rendering import (
    OPACITY_COLUMN,
    Renderer,
    Rendering,
    blend_channels,
    pixel_centers,
    project,
    sort_by_depth,
    to_rendering,
)
from gaussrep_pytorch3d.composite import composite, unfinished
from gaussrep_pytorch3d.config import PyTorch3DConfig
from gaussrep_pytorch3d.library import pytorch3d
from gaussrep_pytorch3d.nearest import nearest_gaussians, reach

logger = logging.getLogger("gaussrep")

CUDA_MOST = 150
"""Points per pixel that PyTorch3D's CUDA kernels can list (`kMaxPointsPerPixel`)."""

ENTRIES = 16
"""Entries of lists that are made at once, per pixel-Gaussian pair of `block`."""


class PyTorch3DRenderer(Renderer):
    """Draws what `reference` draws, looking only at the Gaussians that PyTorch3D lists for a pixel.

    Gaussians are projected and sorted by the core. `rasterize_points` then lists, for every pixel,
    the first `points_per_pixel` whose circle covers it; a circle encloses the ellipse outside of
    which a Gaussian adds less than 1/255. Torch composites the lists; gradients go through that
    and the projection to every input.

    Args:
        config: Length of the lists, and what happens where one is too short.

    Raises:
        UnavailableError: If PyTorch3D cannot be imported.
    """

    def __init__(self, config: PyTorch3DConfig | None = None) -> None:
        self.config = config or PyTorch3DConfig()
        self._warned = False
        pytorch3d("_C")

    def rasterize(
        self,
        gaussians: Gaussians,
        cameras: Cameras,
        background: Float[Tensor, "*batch views 3"],
    ) -> Rendering:
        """See `Renderer.rasterize`."""
        size = cameras.width, cameras.height
        seen = project(gaussians, cameras)
        mixed = torch.cat([blend_channels(gaussians, cameras, seen.depths), reach(seen)], -1)
        ordered = sort_by_depth(seen, gaussians.opacities, mixed)
        rows, radii = ordered[..., :-1], ordered[..., -1:]
        radii = torch.where(rows[..., OPACITY_COLUMN, None] > 0, radii, 0)
        lists = self._lists(torch.cat([rows[..., :2], radii], -1).detach(), size)
        pixels = pixel_centers(*size, rows)
        if lists.shape[-1] > self.config.points_per_pixel:
            self._report(unfinished(rows.detach(), lists, pixels), lists.shape[:2].numel())
            lists = lists[..., :-1]
        sums = composite(rows, lists, pixels, self.config.block)
        return to_rendering(sums, gaussians, cameras, background)

    def _lists(
        self, circles: Float[Tensor, "i n 3"], size: tuple[int, int]
    ) -> Int[Tensor, "i p k"]:
        """One Gaussian more per pixel than is composited, where there are as many."""
        most = min(self.config.points_per_pixel + 1, circles.shape[1])
        if circles.is_cuda and most > CUDA_MOST:
            raise CapabilityError(
                f"PyTorch3D lists at most {CUDA_MOST} points per pixel on CUDA; set "
                f"renderer.points_per_pixel to {CUDA_MOST - 1} or less, or use renderer='gsplat'."
            )
        return nearest_gaussians(circles, size, most, ENTRIES * self.config.block)

    def _report(self, pixels: int, total: int) -> None:
        """Say that lists are too short, if they are."""
        if not pixels:
            return
        found = (
            f"renderer 'pytorch3d' lists {self.config.points_per_pixel} Gaussians per pixel, and "
            f"{pixels} of {total} pixels may need more"
        )
        if self.config.overflow == "error":
            raise CapabilityError(
                f"{found}; raise renderer.points_per_pixel, or draw without what is behind with "
                "renderer.overflow=warn."
            )
        if not self._warned:
            logger.warning("%s; pictures lack what is behind", found)
            self._warned = True
