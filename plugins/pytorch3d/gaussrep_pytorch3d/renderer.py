"""The `pytorch3d` renderer: lists from PyTorch3D's point rasterizer, composited in torch."""

import logging
from collections.abc import Iterator
from typing import Any, cast

import torch
from jaxtyping import Float, Int
from torch import Tensor

from gaussrep import Cameras, Gaussians
from gaussrep.errors import CapabilityError
from gaussrep.rendering import Renderer, Rendering, project
from gaussrep.rendering.compositing import (
    CHANNELS_START,
    OPACITY_COLUMN,
    alpha_composite,
    blend_channels,
    gaussian_alphas,
    pixel_centers,
    sort_by_depth,
    to_rendering,
)
from gaussrep.rendering.conventions import TRANSMITTANCE_MIN
from gaussrep_pytorch3d.config import PyTorch3DConfig
from gaussrep_pytorch3d.library import pytorch3d
from gaussrep_pytorch3d.nearest import enclosing_radii, nearest_gaussians

logger = logging.getLogger("gaussrep")

CUDA_MAX_POINTS = 150
"""Largest number of points per pixel of PyTorch3D's CUDA kernels (`kMaxPointsPerPixel`)."""

CHUNK = 2**13
"""Pixels examined at once by `count_truncated_pixels`."""

ENTRIES_PER_PAIR = 16
"""List entries computed at once, as a multiple of `max_pairs`."""


class PyTorch3DRenderer(Renderer):
    """Renders the images of `reference` from the Gaussians that PyTorch3D lists for each pixel.

    The core projects and sorts the Gaussians. `rasterize_points` then lists, for every pixel, the
    first `points_per_pixel` whose circle covers it; a circle encloses the ellipse outside of which
    alpha is below 1/255. Torch composites the lists; gradients flow through compositing and
    projection to every input.

    Args:
        config: Length of the lists, and the response to lists that are too short.

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
        projection = project(gaussians, cameras)
        channels = blend_channels(gaussians, cameras, projection.depths)
        channels = torch.cat([channels, enclosing_radii(projection)], -1)
        ordered = sort_by_depth(projection, channels)
        packed, radii = ordered[..., :-1], ordered[..., -1:]
        radii = torch.where(packed[..., OPACITY_COLUMN, None] > 0, radii, 0)
        lists = self._lists(torch.cat([packed[..., :2], radii], -1).detach(), size)
        pixels = pixel_centers(*size, packed)
        if lists.shape[-1] > self.config.points_per_pixel:
            truncated = count_truncated_pixels(packed.detach(), lists, pixels)
            self._report(truncated, lists.shape[:2].numel())
            lists = lists[..., :-1]
        composited = composite(packed, lists, pixels, self.config.max_pairs)
        return to_rendering(composited, gaussians, cameras, background)

    def _lists(
        self, circles: Float[Tensor, "i n 3"], size: tuple[int, int]
    ) -> Int[Tensor, "i p k"]:
        """List one Gaussian more per pixel than is composited, if there are as many."""
        max_points = min(self.config.points_per_pixel + 1, circles.shape[1])
        if circles.is_cuda and max_points > CUDA_MAX_POINTS:
            raise CapabilityError(
                f"PyTorch3D lists at most {CUDA_MAX_POINTS} points per pixel on CUDA; set "
                f"renderer.points_per_pixel to {CUDA_MAX_POINTS - 1} or less, or use "
                "the renderer 'triton'."
            )
        max_entries = ENTRIES_PER_PAIR * self.config.max_pairs
        return nearest_gaussians(circles, size, max_points, max_entries)

    def _report(self, pixels: int, total: int) -> None:
        """Raise or warn if lists are too short."""
        if not pixels:
            return
        problem = (
            f"renderer 'pytorch3d' lists {self.config.points_per_pixel} Gaussians per pixel, and "
            f"{pixels} of {total} pixels may need more"
        )
        if self.config.overflow == "error":
            raise CapabilityError(
                f"{problem}; raise renderer.points_per_pixel, or leave out the farther Gaussians "
                "with renderer.overflow=warn."
            )
        if not self._warned:
            logger.warning("%s; images lack the farther Gaussians", problem)
            self._warned = True


def composite(
    packed_gaussians: Float[Tensor, "i n columns"],
    lists: Int[Tensor, "i p k"],
    pixels: Float[Tensor, "p 2"],
    max_pairs: int,
) -> Float[Tensor, "i p c"]:
    """Composite the Gaussians that each pixel lists; the lists are constant in the gradients.

    Args:
        packed_gaussians: Gaussians of each image from `sort_by_depth`.
        lists: Indices of Gaussians in order, then -1.
        pixels: Pixel centers.
        max_pairs: Largest number of listed Gaussians in memory at once.

    Returns:
        Composited channels.
    """
    table = torch.cat(
        [
            packed_gaussians.flatten(0, 1),
            packed_gaussians.new_zeros(1, packed_gaussians.shape[-1]),
        ]
    )
    images = torch.arange(len(packed_gaussians), device=packed_gaussians.device)
    first = packed_gaussians.shape[1] * images[:, None, None]
    indices = torch.where(lists < 0, len(table) - 1, lists + first).flatten(0, 1)
    centers = pixels.expand(len(packed_gaussians), -1, -1).flatten(0, 1)
    composited = cast(Tensor, _Composite.apply(table, indices, centers, max_pairs))
    return composited.unflatten(0, (len(packed_gaussians), len(pixels)))


def count_truncated_pixels(
    packed_gaussians: Float[Tensor, "i n columns"],
    lists: Int[Tensor, "i p k"],
    pixels: Float[Tensor, "p 2"],
) -> int:
    """Count the pixels whose list is full although farther Gaussians may contribute.

    Args:
        packed_gaussians: Gaussians of each image from `sort_by_depth`.
        lists: Lists with one Gaussian more than is composited.
        pixels: Pixel centers.

    Returns:
        Number of pixels with a Gaussian in the last place and transmittance left before it.
    """
    image, pixel = (lists[..., -1] >= 0).nonzero(as_tuple=True)
    count = 0
    for i, p in zip(image.split(CHUNK), pixel.split(CHUNK), strict=True):
        listed = packed_gaussians[i[:, None], lists[i, p, :-1].long()]
        transmittance = (1 - gaussian_alphas(listed, pixels[p, None])).prod(-1)
        count += int((transmittance > TRANSMITTANCE_MIN).sum())
    return count


class _Composite(torch.autograd.Function):
    """Composite block by block; the backward pass composites each block again."""

    @staticmethod
    def forward(
        ctx: Any, table: Tensor, indices: Tensor, centers: Tensor, max_pairs: int
    ) -> Tensor:
        ctx.save_for_backward(table, indices, centers)
        ctx.max_pairs = max_pairs
        composited = table.new_empty(len(indices), table.shape[-1] - CHANNELS_START)
        for part in _parts(indices, max_pairs):
            composited[part] = _composite_pixels(table[indices[part]], centers[part])
        return composited

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None]:  # pyright: ignore[reportIncompatibleMethodOverride]
        table, indices, centers = ctx.saved_tensors
        create_graph, total = torch.is_grad_enabled(), torch.zeros_like(table)
        for part in _parts(indices, ctx.max_pairs):
            with torch.enable_grad():
                block = table[indices[part]].requires_grad_()
                composited = _composite_pixels(block, centers[part])
            (block_gradient,) = torch.autograd.grad(
                composited, block, gradient[part], create_graph=create_graph
            )
            rows = indices[part].flatten()[:, None].expand(-1, table.shape[-1])
            total.scatter_add_(0, rows, block_gradient.flatten(0, 1))  # in a fixed order on the CPU
        return total, None, None, None


def _composite_pixels(
    listed: Float[Tensor, "p k columns"], centers: Float[Tensor, "p 2"]
) -> Float[Tensor, "p c"]:
    return alpha_composite(listed, centers[:, None])[:, 0]


def _parts(indices: Int[Tensor, "p k"], max_pairs: int) -> Iterator[slice]:
    """Divide pixels into ranges that list at most `max_pairs` Gaussians."""
    size = max(1, max_pairs // max(1, indices.shape[1]))
    for start in range(0, len(indices), size):
        yield slice(start, start + size)
