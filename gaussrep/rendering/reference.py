"""The `reference` renderer: every pixel composites every Gaussian, in plain torch."""

from collections.abc import Iterator
from typing import Any, cast

import torch
from jaxtyping import Float, Int
from torch import Tensor

from gaussrep.cameras import Cameras
from gaussrep.gaussians import Gaussians
from gaussrep.rendering.compositing import (
    CHANNELS_START,
    alpha_composite,
    blend_channels,
    depth_order,
    gaussian_alphas,
    median_places,
    pixel_centers,
    sort_by_depth,
    to_rendering,
)
from gaussrep.rendering.config import ReferenceConfig
from gaussrep.rendering.order_gradient import DEPTH_COLUMN, order_gradient
from gaussrep.rendering.projection import project
from gaussrep.rendering.renderer import Renderer, Rendering


class ReferenceRenderer(Renderer):
    """Renders on any device, in float32 or float64, with gradients to every input.

    It composites blocks of at most `config.max_pairs` pixel-Gaussian pairs, and does so again in
    the backward pass, which bounds the memory. Second derivatives keep the memory of all blocks;
    those through the order of the Gaussians are zero.
    """

    camera_models = frozenset({"pinhole", "ortho", "opencv", "fisheye"})
    outputs = frozenset({"median_depth", "normals"})

    def __init__(self, config: ReferenceConfig | None = None) -> None:
        self.config = config or ReferenceConfig()

    def rasterize(
        self,
        gaussians: Gaussians,
        cameras: Cameras,
        background: Float[Tensor, "*batch views 3"],
    ) -> Rendering:
        """See `Renderer.rasterize`."""
        projection = project(gaussians, cameras)
        channels = blend_channels(gaussians, cameras, projection.depths)
        packed = sort_by_depth(projection, channels)
        pixels = pixel_centers(cameras.width, cameras.height, packed)
        composited = cast(Tensor, _Composite.apply(packed, pixels, self.config))
        return to_rendering(composited, gaussians, cameras, background)

    @torch.no_grad()
    def _find_medians(
        self, gaussians: Gaussians, cameras: Cameras
    ) -> Int[Tensor, "*batch views h w"]:
        projection = project(gaussians, cameras)
        order = torch.nn.functional.pad(depth_order(projection), (1, 0), value=-1)
        packed = sort_by_depth(projection, projection.depths[..., None])
        pixels = pixel_centers(cameras.width, cameras.height, packed)
        places = order.new_empty(len(packed), len(pixels))
        for images, part in _blocks(packed, pixels, self.config.max_pairs):
            places[images, part] = median_places(gaussian_alphas(packed[images], pixels[part]))
        shape = *cameras.viewmats.shape[:-2], cameras.height, cameras.width
        return order.gather(-1, places + 1).reshape(shape)

    def rasterize_medians(
        self,
        gaussians: Gaussians,
        cameras: Cameras,
        background: Float[Tensor, "*batch views 3"],
    ) -> tuple[Rendering, Int[Tensor, "*batch views h w"]]:
        """See `Renderer.rasterize_medians`."""
        rendering = self.rasterize(gaussians, cameras, background)
        return rendering, self._find_medians(gaussians, cameras)


class _Composite(torch.autograd.Function):
    """Composite block by block; the backward pass composites each block again."""

    @staticmethod
    def forward(ctx: Any, packed: Tensor, pixels: Tensor, config: ReferenceConfig) -> Tensor:
        ctx.save_for_backward(packed, pixels)
        ctx.config = config
        composited = packed.new_empty(len(packed), len(pixels), packed.shape[-1] - CHANNELS_START)
        for images, part in _blocks(packed, pixels, config.max_pairs):
            composited[images, part] = alpha_composite(packed[images], pixels[part])
        return composited

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:  # pyright: ignore[reportIncompatibleMethodOverride]
        packed, pixels = ctx.saved_tensors
        window, temperature = ctx.config.order_window, ctx.config.order_temperature
        create_graph, total = torch.is_grad_enabled(), torch.zeros_like(packed)
        for images, part in _blocks(packed, pixels, ctx.config.max_pairs):
            with torch.enable_grad():
                block = packed[images]
                block = block if create_graph else block.detach().requires_grad_()
                composited = alpha_composite(block, pixels[part])
            (block_gradient,) = torch.autograd.grad(
                composited, block, gradient[images, part], create_graph=create_graph
            )
            total[images] += block_gradient
            if window:
                with torch.no_grad():
                    total[images, :, DEPTH_COLUMN] += order_gradient(
                        packed[images], pixels[part], gradient[images, part], window, temperature
                    )
        return total, None, None


def _blocks(packed: Tensor, pixels: Tensor, max_pairs: int) -> Iterator[tuple[slice, slice]]:
    """Divide images and pixels into blocks of at most `max_pairs` pixel-Gaussian pairs."""
    count = max(1, packed.shape[1])
    images = max(1, max_pairs // (count * len(pixels)))
    part = max(1, max_pairs // (count * images))
    for image in range(0, len(packed), images):
        for pixel in range(0, len(pixels), part):
            yield slice(image, image + images), slice(pixel, pixel + part)
