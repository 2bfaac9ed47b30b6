"""The kernels as one torch operator, with gradients, that `torch.compile` may treat as a box."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from gaussrep.rendering.cpu.layout import Pictures, Scenes
from gaussrep.rendering.cpu.stages import Frame, draw, draw_backward, make_frame

INPUTS = 8
"""Leading tensor arguments that say what stands in the scenes; the background follows."""


@torch.library.custom_op("gaussrep::rasterize", mutates_args=(), device_types="cpu")
def rasterize(
    means: Tensor,
    quats: Tensor,
    scales: Tensor,
    opacities: Tensor,
    colors: Tensor,
    features: Tensor,
    viewmats: Tensor,
    Ks: Tensor,
    background: Tensor,
    width: int,
    height: int,
    ortho: bool,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Draw scenes, all float32.

    Args:
        means: [S, N, 3].
        quats: [S, N, 4].
        scales: [S, N, 3].
        opacities: [S, N].
        colors: [S, V, N, 3], or [S, 1, N, 3] where they look the same from everywhere.
        features: [S, N, C]; C may be 0.
        viewmats: [S, V, 4, 4].
        Ks: [S, V, 3, 3].
        background: [S, V, 3].
        width: Image width in pixels.
        height: Image height in pixels.
        ortho: Whether cameras are orthographic.

    Returns:
        Colour [S, V, H, W, 3], alpha [S, V, H, W], depth [S, V, H, W], features [S, V, H, W, C].
    """
    scenes = [means, quats, scales, opacities, colors, features, viewmats, Ks]
    frame = _frame(scenes, width, height, ortho)
    pictures = draw(frame, _array(background.flatten(0, 1)))
    lead = viewmats.shape[:2]
    color, alpha, depth, mixed = (torch.from_numpy(p).view(*lead, *p.shape[1:]) for p in pictures)
    return color, alpha, depth, mixed


@rasterize.register_fake
def _(
    means: Tensor,
    quats: Tensor,
    scales: Tensor,
    opacities: Tensor,
    colors: Tensor,
    features: Tensor,
    viewmats: Tensor,
    Ks: Tensor,
    background: Tensor,
    width: int,
    height: int,
    ortho: bool,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    shape = (*viewmats.shape[:2], height, width)
    return (
        means.new_empty(*shape, 3),
        means.new_empty(shape),
        means.new_empty(shape),
        means.new_empty(*shape, features.shape[2]),
    )


@torch.library.custom_op("gaussrep::rasterize_backward", mutates_args=(), device_types="cpu")
def rasterize_backward(
    scenes: list[Tensor],
    background: Tensor,
    pictures: list[Tensor],
    wanted: list[Tensor],
    width: int,
    height: int,
    ortho: bool,
) -> list[Tensor]:
    """Gradients to all tensors that `rasterize` takes, in its order.

    A picture that the loss does not use has an empty gradient in `wanted`.

    Projecting and binning are done again: they take a small part of the time, and what they yield
    would take more memory than all inputs and pictures.
    """
    frame = _frame(scenes, width, height, ortho)
    given, asked = (
        Pictures(*(_array(picture.flatten(0, 1)) for picture in group))
        for group in (pictures, wanted)
    )
    behind = _array(background.flatten(0, 1))
    gradients, to_background = draw_backward(frame, behind, given, asked)
    shares = torch.from_numpy(gradients.cameras)
    to_viewmats, to_Ks = torch.zeros_like(scenes[6]), torch.zeros_like(scenes[7])
    to_viewmats[..., :3, :3] = shares[..., :9].unflatten(-1, (3, 3))
    to_viewmats[..., :3, 3] = shares[..., 9:12]
    to_Ks[..., 0, 0], to_Ks[..., 1, 1] = shares[..., 12], shares[..., 13]
    to_Ks[..., :2, 2] = shares[..., 14:]
    to_gaussians = [torch.from_numpy(gradient) for gradient in gradients[:-1]]
    return [*to_gaussians, to_viewmats, to_Ks, torch.from_numpy(to_background).view_as(background)]


@rasterize_backward.register_fake
def _(
    scenes: list[Tensor],
    background: Tensor,
    pictures: list[Tensor],
    wanted: list[Tensor],
    width: int,
    height: int,
    ortho: bool,
) -> list[Tensor]:
    return [tensor.new_empty(tensor.shape) for tensor in (*scenes, background)]


def _setup(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
    ctx.set_materialize_grads(False)
    *tensors, ctx.width, ctx.height, ctx.ortho = inputs
    ctx.save_for_backward(*tensors, *output)


def _backward(ctx: Any, *wanted: Tensor | None) -> tuple[Tensor | None, ...]:
    tensors = list(ctx.saved_tensors)
    scenes, background, pictures = tensors[:INPUTS], tensors[INPUTS], tensors[INPUTS + 1 :]
    slopes = [
        picture[:0] if slope is None else slope
        for picture, slope in zip(pictures, wanted, strict=True)
    ]
    gradients = rasterize_backward(
        scenes, background, pictures, slopes, ctx.width, ctx.height, ctx.ortho
    )
    return *gradients, None, None, None


rasterize.register_autograd(_backward, setup_context=_setup)


def _array(tensor: Tensor) -> np.ndarray:
    return tensor.detach().contiguous().numpy()


def _frame(scenes: list[Tensor], width: int, height: int, ortho: bool) -> Frame:
    return make_frame(Scenes(*map(_array, scenes)), width, height, ortho)
