"""The kernels as a torch operator with gradients, opaque to `torch.compile`."""

from typing import Any

import torch
from torch import Tensor

from gaussrep.rendering.tiled import fill_unused, register_derivatives
from gaussrep.rendering.triton.layout import RECORD_SIZE, Bins, Images, Scenes, Splats
from gaussrep.rendering.triton.stages import (
    Pass,
    composite_tiles,
    make_grid,
    project_and_bin,
    spoil_incomplete,
)
from gaussrep.rendering.triton.stages_backward import compute_gradients

INPUTS = len(Scenes._fields)
"""Number of leading tensor arguments, those of `Scenes`; the background follows."""

CAMERAS = 3
"""Number of the last of them, which are those of cameras."""

IMAGES = len(Images._fields)
"""Number of leading results; medians and the state of the pass follow."""

OPTIONS = "SymInt width, SymInt height, bool ortho, bool antialiased"
FORWARD_OPTIONS = f"{OPTIONS}, SymInt max_tile_pairs, bool has_medians"
DEVICES = "cpu", "cuda"
"""Tensors are on the CPU if Triton interprets the kernels."""

torch.library.define(
    "gaussrep::rasterize_triton",
    "(Tensor means, Tensor quats, Tensor scales, Tensor opacities, Tensor colors, Tensor features,"
    f" Tensor sh, Tensor viewmats, Tensor Ks, Tensor distortion, Tensor background,"
    f" {FORWARD_OPTIONS})"
    f" -> ({', '.join(['Tensor'] * 12)})",
)
torch.library.define(
    "gaussrep::rasterize_triton_backward",
    "(Tensor[] scenes, Tensor background, Tensor[] images, Tensor[] state, Tensor[] grad_outputs,"
    f" {OPTIONS}, bool cameras) -> Tensor[]",
)
rasterize_with_state = torch.ops.gaussrep.rasterize_triton.default
rasterize_backward = torch.ops.gaussrep.rasterize_triton_backward.default


def rasterize(
    means: Tensor,
    quats: Tensor,
    scales: Tensor,
    opacities: Tensor,
    colors: Tensor,
    features: Tensor,
    sh: Tensor,
    viewmats: Tensor,
    Ks: Tensor,
    distortion: Tensor,
    background: Tensor,
    width: int,
    height: int,
    ortho: bool,
    antialiased: bool,
    max_tile_pairs: int = 0,
    has_medians: bool = False,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Rasterize scenes, all float32.

    Args:
        means: [S, N, 3].
        quats: [S, N, 4].
        scales: [S, N, 3].
        opacities: [S, N].
        colors: [S, V, N, 3], or [S, 1, N, 3] if they do not depend on the view; not read if
            there are spherical harmonics.
        features: [S, N, C]; C may be 0.
        sh: Coefficients of spherical harmonics, [S, N, K, 3]; K may be 0.
        viewmats: [S, V, 4, 4].
        Ks: [S, V, 3, 3].
        distortion: Coefficients of lenses, [S, V, 8] or [S, V, 4]; [S, V, 0] without lenses.
        background: [S, V, 3].
        width: Image width in pixels.
        height: Image height in pixels.
        ortho: Whether cameras are orthographic.
        antialiased: Whether to compensate opacities for the blur.
        max_tile_pairs: Largest number of pairs of a tile and a Gaussian; 0 counts them.
        has_medians: Whether to compute medians.

    Returns:
        Color, alpha, depth and features, and of every pixel the Gaussian at the median depth, or
        -1, int32 [S, V, H, W]; empty if not requested.
    """
    gaussians = means, quats, scales, opacities, colors, features, sh
    cameras = viewmats, Ks, distortion
    options = width, height, ortho, antialiased, max_tile_pairs, has_medians
    color, alpha, depth, mixed, medians, *_ = rasterize_with_state(
        *gaussians, *cameras, background, *options
    )
    return color, alpha, depth, mixed, medians


def _rasterize(*arguments: Any) -> tuple[Tensor, ...]:
    """Compute the images, and the state that the backward pass needs."""
    *tensors, width, height, ortho, antialiased, most, has_medians = arguments
    *scenes, background = (tensor.contiguous() for tensor in tensors)
    with torch.cuda.device_of(background):
        grid = make_grid(width, height, ortho, antialiased)
        state = project_and_bin(Scenes(*scenes), grid, most)
        images = _empty_images(state.scenes, width, height)
        medians = _empty_medians(images, has_medians)
        composite_tiles(state, background, images, medians)
        if most:
            spoil_incomplete(state, images)
    return *images, medians, *state.splats, *state.bins


def _rasterize_meta(*arguments: Any) -> tuple[Tensor, ...]:
    *tensors, width, height, ortho, antialiased, most, has_medians = arguments
    scenes = Scenes(*tensors[:INPUTS])
    lead, count = scenes.viewmats.shape[:2], scenes.means.shape[1]
    images = lead[0] * lead[1]
    pairs = most * min(1, images * count) or torch.library.get_ctx().new_dynamic_size()
    grid, empty = make_grid(width, height, ortho, antialiased), scenes.means.new_empty
    rendered = _empty_images(scenes, width, height)
    return (
        *rendered,
        _empty_medians(rendered, has_medians),
        empty(images, count, RECORD_SIZE.value),
        empty(images, count, 4, dtype=torch.int16),
        empty(images, count, dtype=torch.int32),
        empty(images, count, dtype=torch.int64),
        empty(images * grid.columns * grid.rows + 1, dtype=torch.int64),
        empty(pairs, dtype=torch.int32),
        empty(pairs, dtype=torch.int64),
    )


def _empty_images(scenes: Scenes, width: int, height: int) -> Images:
    empty, shape = scenes.viewmats.new_empty, (*scenes.viewmats.shape[:2], height, width)
    return Images(
        empty(*shape, 3), empty(shape), empty(shape), empty(*shape, scenes.features.shape[2])
    )


def _empty_medians(images: Images, has_medians: bool) -> Tensor:
    lead, size = images.alpha.shape[:2], images.alpha.shape[2:]
    shape = *lead, *(size if has_medians else (0, 0))
    return images.alpha.new_empty(shape, dtype=torch.int32)


def _rasterize_backward(
    scenes: list[Tensor],
    background: Tensor,
    images: list[Tensor],
    state: list[Tensor],
    grad_outputs: list[Tensor],
    width: int,
    height: int,
    ortho: bool,
    antialiased: bool,
    cameras: bool,
) -> list[Tensor]:
    """Compute the gradients to all tensors that `rasterize` takes, in its order.

    An image that the loss does not use has an empty gradient in `grad_outputs`.
    """
    given = Scenes(*(tensor.contiguous() for tensor in scenes))
    splats, bins = Splats(*state[:3]), Bins(*state[3:])
    whole = Pass(given, make_grid(width, height, ortho, antialiased), splats, bins)
    grads = Images(*(grad.contiguous() for grad in grad_outputs))
    with torch.cuda.device_of(background):
        gradients, grad_background = compute_gradients(
            whole, background.contiguous(), Images(*images), grads, cameras=cameras
        )
    return [*gradients, grad_background]


def _rasterize_backward_meta(scenes: list[Tensor], background: Tensor, *_: Any) -> list[Tensor]:
    return [tensor.new_empty(tensor.shape) for tensor in (*scenes, background)]


torch.library.impl("gaussrep::rasterize_triton", DEVICES, _rasterize)
torch.library.impl("gaussrep::rasterize_triton_backward", DEVICES, _rasterize_backward)
torch.library.register_fake("gaussrep::rasterize_triton", _rasterize_meta)
torch.library.register_fake("gaussrep::rasterize_triton_backward", _rasterize_backward_meta)


def _setup(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
    ctx.set_materialize_grads(False)
    *tensors, ctx.width, ctx.height, ctx.ortho, ctx.antialiased, _, _ = inputs
    ctx.mark_non_differentiable(*output[IMAGES:])
    ctx.save_for_backward(*tensors, *output[:IMAGES], *output[IMAGES + 1 :])


def _backward(ctx: Any, *grad_outputs: Tensor | None) -> tuple[Tensor | None, ...]:
    tensors = list(ctx.saved_tensors)
    scenes, background = tensors[:INPUTS], tensors[INPUTS]
    outputs = tensors[INPUTS + 1 :]
    images, state = outputs[:IMAGES], outputs[IMAGES:]
    grads = fill_unused(images, grad_outputs[:IMAGES])
    options = ctx.width, ctx.height, ctx.ortho, ctx.antialiased
    cameras = any(ctx.needs_input_grad[INPUTS - CAMERAS : INPUTS])
    gradients = rasterize_backward(scenes, background, images, state, grads, *options, cameras)
    return *gradients, *(None for _ in options), None, None


register_derivatives("gaussrep::rasterize_triton", "triton", _setup, _backward)
