"""Alpha compositing of the Gaussians that each pixel lists, in torch."""

from collections.abc import Iterator
from typing import Any, cast

import torch
from jaxtyping import Float, Int
from torch import Tensor

from gaussrep.rendering import CHANNELS_START, TRANSMITTANCE_MIN, alpha_composite, gaussian_alphas


def composite(
    rows: Float[Tensor, "i n row"],
    lists: Int[Tensor, "i p k"],
    pixels: Float[Tensor, "p 2"],
    block: int,
) -> Float[Tensor, "i p c"]:
    """Blend what each pixel lists; which Gaussians these are is a constant to the gradients.

    Args:
        rows: Gaussians of each image, nearest first (`front_to_back`).
        lists: Numbers of rows, in order, and -1 where there is none.
        pixels: Centers of the pixels.
        block: Largest number of listed Gaussians in memory at once; recomputed for gradients.

    Returns:
        Sums of the values.
    """
    table = torch.cat([rows.flatten(0, 1), rows.new_zeros(1, rows.shape[-1])])
    first = rows.shape[1] * torch.arange(len(rows), device=rows.device)[:, None, None]
    numbers = torch.where(lists < 0, len(table) - 1, lists + first).flatten(0, 1)
    places = pixels.expand(len(rows), -1, -1).flatten(0, 1)
    sums = cast(Tensor, _Composite.apply(table, numbers, places, block))
    return sums.unflatten(0, (len(rows), len(pixels)))


def unfinished(
    rows: Float[Tensor, "i n row"], lists: Int[Tensor, "i p k"], pixels: Float[Tensor, "p 2"]
) -> int:
    """Count the pixels whose list is full, and which something behind it could still change.

    Args:
        rows: Gaussians of each image, nearest first.
        lists: Of one Gaussian more than is composited.
        pixels: Centers of the pixels.

    Returns:
        Pixels with a Gaussian in the last place, and light left behind the others.
    """
    image, pixel = (lists[..., -1] >= 0).nonzero(as_tuple=True)
    left = [
        (1 - gaussian_alphas(rows[i[:, None], lists[i, p, :-1].long()], pixels[p, None])).prod(-1)
        for i, p in zip(image.split(CHUNK), pixel.split(CHUNK), strict=True)
    ]
    return sum(int((part > TRANSMITTANCE_MIN).sum()) for part in left)


CHUNK = 2**13
"""Pixels that are looked at together."""


class _Composite(torch.autograd.Function):
    """Blend block by block; the backward pass blends each block again to differentiate it."""

    @staticmethod
    def forward(ctx: Any, table: Tensor, numbers: Tensor, places: Tensor, block: int) -> Tensor:
        ctx.save_for_backward(table, numbers, places)
        ctx.block = block
        sums = table.new_empty(len(numbers), table.shape[-1] - CHANNELS_START)
        for part in _parts(numbers, block):
            sums[part] = _blend(table[numbers[part]], places[part])
        return sums

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None]:  # pyright: ignore[reportIncompatibleMethodOverride]
        table, numbers, places = ctx.saved_tensors
        again, total = torch.is_grad_enabled(), torch.zeros_like(table)
        for part in _parts(numbers, ctx.block):
            with torch.enable_grad():
                some = table[numbers[part]].requires_grad_()
                blended = _blend(some, places[part])
            (found,) = torch.autograd.grad(blended, some, gradient[part], create_graph=again)
            rows = numbers[part].flatten()[:, None].expand(-1, table.shape[-1])
            total.scatter_add_(0, rows, found.flatten(0, 1))  # in a fixed order on the CPU
        return total, None, None, None


def _blend(rows: Float[Tensor, "p k row"], places: Float[Tensor, "p 2"]) -> Float[Tensor, "p c"]:
    return alpha_composite(rows, places[:, None])[:, 0]


def _parts(numbers: Int[Tensor, "p k"], block: int) -> Iterator[slice]:
    """Ranges of pixels that list at most `block` Gaussians together."""
    size = max(1, block // max(1, numbers.shape[1]))
    for start in range(0, len(numbers), size):
        yield slice(start, start + size)
