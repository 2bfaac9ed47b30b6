"""The oracle: every pixel looks at every Gaussian, in plain torch."""

from collections.abc import Iterator
from typing import Any, cast

import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep.cameras import Cameras
from gaussrep.gaussians import Gaussians
from gaussrep.rendering.compositing import (
    VALUES,
    blend,
    front_to_back,
    pixel_centers,
    to_rendering,
    values,
)
from gaussrep.rendering.config import ReferenceConfig
from gaussrep.rendering.projection import project
from gaussrep.rendering.renderer import Renderer
from gaussrep.rendering.rendering import Rendering


class ReferenceRenderer(Renderer):
    """Draws on any device, in float32 or float64, with gradients to every input.

    Work is done in blocks of at most `config.block` pixel-Gaussian pairs, recomputed in the
    backward pass, so that memory stays bounded; but not where second derivatives are asked for,
    which keep what all blocks compute.
    """

    def __init__(self, config: ReferenceConfig | None = None) -> None:
        self.config = config or ReferenceConfig()

    def draw(
        self,
        gaussians: Gaussians,
        cameras: Cameras,
        background: Float[Tensor, "*batch views 3"],
    ) -> Rendering:
        """See `Renderer.draw`."""
        projection = project(gaussians, cameras)
        mixed = values(gaussians, cameras, projection.depths)
        ellipses = front_to_back(projection, gaussians.opacities, mixed)
        pixels = pixel_centers(cameras.width, cameras.height, ellipses)
        sums = cast(Tensor, _Composite.apply(ellipses, pixels, self.config.block))
        return to_rendering(sums, gaussians, cameras, background)


class _Composite(torch.autograd.Function):
    """Blend block by block; the backward pass blends each block again to differentiate it."""

    @staticmethod
    def forward(ctx: Any, ellipses: Tensor, pixels: Tensor, block: int) -> Tensor:
        ctx.save_for_backward(ellipses, pixels)
        ctx.block = block
        sums = ellipses.new_empty(len(ellipses), len(pixels), ellipses.shape[-1] - VALUES)
        for images, part in _blocks(ellipses, pixels, block):
            sums[images, part] = blend(ellipses[images], pixels[part])
        return sums

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:  # pyright: ignore[reportIncompatibleMethodOverride]
        ellipses, pixels = ctx.saved_tensors
        again, total = torch.is_grad_enabled(), torch.zeros_like(ellipses)
        for images, part in _blocks(ellipses, pixels, ctx.block):
            with torch.enable_grad():
                some = ellipses[images] if again else ellipses[images].detach().requires_grad_()
                blended = blend(some, pixels[part])
            slope = gradient[images, part]
            total[images] += torch.autograd.grad(blended, some, slope, create_graph=again)[0]
        return total, None, None


def _blocks(ellipses: Tensor, pixels: Tensor, block: int) -> Iterator[tuple[slice, slice]]:
    """Ranges of images and of pixels that hold at most `block` pixel-Gaussian pairs together."""
    count = max(1, ellipses.shape[1])
    images = max(1, block // (count * len(pixels)))
    part = max(1, block // (count * images))
    for image in range(0, len(ellipses), images):
        for pixel in range(0, len(pixels), part):
            yield slice(image, image + images), slice(pixel, pixel + part)
