"""The kernels as a torch operator with gradients, opaque to `torch.compile`.

The two operators are registered piece by piece: `torch.library.custom_op` would import torch's
compiler at the first render of every process, which takes longer than a second, and
`torch.library.register_fake` looks through all modules for its caller's source.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from gaussrep.rendering.cpu.buffers import allocate
from gaussrep.rendering.cpu.geometry import LENS, POSITION
from gaussrep.rendering.cpu.layout import ImageBuffers, Scenes, joint_harmonics
from gaussrep.rendering.cpu.stages import (
    RasterState,
    composite_tiles,
    compute_gradients,
    project_and_bin,
)
from gaussrep.rendering.tiled import (
    fill_unused,
    register_derivatives,
    split_camera_gradients,
)

SH, POSITIONS = map(Scenes._fields.index, ("sh", "positions"))
SCENES, INPUTS = 10, 11
"""Places of two tensors among those of `Scenes`; number of these, and with the lenses. The
background follows."""

torch.library.define(
    "gaussrep::rasterize",
    "(Tensor means, Tensor quats, Tensor scales, Tensor opacities, Tensor colors, Tensor features,"
    " Tensor sh, Tensor positions, Tensor viewmats, Tensor Ks, Tensor distortion,"
    " Tensor background, SymInt width, SymInt height, bool ortho, bool antialiased,"
    " bool has_medians=False, SymInt order_window=0, float order_temperature=1.0)"
    " -> (Tensor, Tensor, Tensor, Tensor, Tensor)",
)
torch.library.define(
    "gaussrep::rasterize_backward",
    "(Tensor[] scenes, Tensor background, Tensor[] images, Tensor[] grad_outputs,"
    " SymInt width, SymInt height, bool ortho, bool antialiased, SymInt order_window=0,"
    " float order_temperature=1.0) -> Tensor[]",
)
rasterize = torch.ops.gaussrep.rasterize.default
rasterize_backward = torch.ops.gaussrep.rasterize_backward.default


@torch.library.impl("gaussrep::rasterize", "cpu")
def _rasterize(
    means: Tensor,
    quats: Tensor,
    scales: Tensor,
    opacities: Tensor,
    colors: Tensor,
    features: Tensor,
    sh: Tensor,
    positions: Tensor,
    viewmats: Tensor,
    Ks: Tensor,
    distortion: Tensor,
    background: Tensor,
    width: int,
    height: int,
    ortho: bool,
    antialiased: bool,
    has_medians: bool = False,
    order_window: int = 0,
    order_temperature: float = 1.0,
) -> tuple[Tensor, ...]:
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
        positions: Camera centers, from which spherical harmonics are seen, [S, V, 3].
        viewmats: [S, V, 4, 4].
        Ks: [S, V, 3, 3].
        distortion: Coefficients of lenses, [S, V, 8] or [S, V, 4]; [S, V, 0] without lenses.
        background: [S, V, 3].
        width: Image width in pixels.
        height: Image height in pixels.
        ortho: Whether cameras are orthographic.
        antialiased: Whether to compensate opacities for the blur.
        has_medians: Whether to compute medians.
        order_window: See `compute_gradients`.
        order_temperature: Likewise.

    Returns:
        Color [S, V, H, W, 3], alpha [S, V, H, W], depth [S, V, H, W], features [S, V, H, W, C], and
        of every pixel the Gaussian at the median depth, or -1, int32 [S, V, H, W]; empty if not
        requested.
    """
    scenes = means, quats, scales, opacities, colors, features, sh, positions, viewmats, Ks
    state = _project_and_bin([*scenes, distortion], width, height, ortho, antialiased)
    *images, medians = _allocate_images(viewmats, features, width, height, has_medians)
    composite_tiles(
        state,
        _to_image_array(background),
        ImageBuffers(*map(_to_image_array, images)),
        _to_image_array(medians) if has_medians else None,
    )
    return *images, medians


@torch.library.impl("gaussrep::rasterize", "meta")
def _(
    means: Tensor,
    quats: Tensor,
    scales: Tensor,
    opacities: Tensor,
    colors: Tensor,
    features: Tensor,
    sh: Tensor,
    positions: Tensor,
    viewmats: Tensor,
    Ks: Tensor,
    distortion: Tensor,
    background: Tensor,
    width: int,
    height: int,
    ortho: bool,
    antialiased: bool,
    has_medians: bool = False,
    order_window: int = 0,
    order_temperature: float = 1.0,
) -> tuple[Tensor, ...]:
    *images, medians = _image_shapes(viewmats, features, width, height, has_medians)
    return (
        *(viewmats.new_empty(shape) for shape in images),
        viewmats.new_empty(medians, dtype=torch.int32),
    )


def _allocate_images(
    viewmats: Tensor, features: Tensor, width: int, height: int, has_medians: bool
) -> list[Tensor]:
    shapes = _image_shapes(viewmats, features, width, height, has_medians)
    types = [np.float32] * (len(shapes) - 1) + [np.int32]
    arrays = (allocate(*shape, dtype=dtype) for shape, dtype in zip(shapes, types, strict=True))
    return [torch.from_numpy(array) for array in arrays]


def _image_shapes(
    viewmats: Tensor, features: Tensor, width: int, height: int, has_medians: bool
) -> list[tuple[Any, ...]]:
    """Shapes of color, alpha, depth, features and medians."""
    scenes, views = viewmats.shape[:2]
    shape = scenes, views, height, width
    medians = shape if has_medians else (scenes, views, 0, 0)
    return [(*shape, 3), shape, shape, (*shape, features.shape[2]), medians]


@torch.library.impl("gaussrep::rasterize_backward", "cpu")
def _rasterize_backward(
    scenes: list[Tensor],
    background: Tensor,
    images: list[Tensor],
    grad_outputs: list[Tensor],
    width: int,
    height: int,
    ortho: bool,
    antialiased: bool,
    order_window: int = 0,
    order_temperature: float = 1.0,
) -> list[Tensor]:
    """Compute the gradients to all tensors that `rasterize` takes, in its order.

    An image that the loss does not use has an empty gradient in `grad_outputs`.

    Projection and binning are computed again: they take a small part of the time, and their results
    would take more memory than all inputs and images.
    """
    state = _project_and_bin(scenes, width, height, ortho, antialiased)
    saved, grads = (ImageBuffers(*map(_to_image_array, group)) for group in (images, grad_outputs))
    grad_sh = np.empty(scenes[SH].shape, np.float32)
    gradients, grad_background = compute_gradients(
        state,
        _to_image_array(background),
        saved,
        grads,
        joint_harmonics(grad_sh),
        order_window=order_window,
        order_temperature=order_temperature,
    )
    arrays = *gradients[:SH], grad_sh, gradients.cameras, grad_background
    found = [torch.from_numpy(array) for array in arrays]
    *to_scenes, to_cameras, to_background = found
    return [
        *to_scenes,
        _columns(to_cameras, POSITION, scenes[POSITIONS]),
        *split_camera_gradients(to_cameras[..., :POSITION]),
        _columns(to_cameras, LENS, scenes[SCENES]),
        to_background.reshape(background.shape),
    ]


@torch.library.impl("gaussrep::rasterize_backward", "meta")
def _(
    scenes: list[Tensor],
    background: Tensor,
    images: list[Tensor],
    grad_outputs: list[Tensor],
    width: int,
    height: int,
    ortho: bool,
    antialiased: bool,
    order_window: int = 0,
    order_temperature: float = 1.0,
) -> list[Tensor]:
    return [tensor.new_empty(tensor.shape) for tensor in (*scenes, background)]


def _project_and_bin(
    scenes: list[Tensor], width: int, height: int, ortho: bool, antialiased: bool
) -> RasterState:
    arrays: list[Any] = list(map(to_array, scenes))
    distortion, arrays[SH] = arrays.pop(), joint_harmonics(arrays[SH])
    return project_and_bin(
        Scenes(*arrays),
        width,
        height,
        ortho=ortho,
        antialiased=antialiased,
        distortion=distortion if distortion.shape[2] else None,
    )


def _columns(gradients: Tensor, start: int, like: Tensor) -> Tensor:
    """Select the gradients to a tensor [S, V, ·] from those to the cameras."""
    return gradients[..., start : start + like.shape[2]].float()


def to_array(tensor: Tensor) -> np.ndarray:
    """View a tensor on the CPU as a contiguous array; copy it only if it is not contiguous."""
    return np.ascontiguousarray(tensor.numpy(force=True))


def _to_image_array(tensor: Tensor) -> np.ndarray:
    """View a tensor [S, V, ...] as a contiguous array [S * V, ...]."""
    array = to_array(tensor)
    return array.reshape(array.shape[0] * array.shape[1], *array.shape[2:])


def _setup(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
    ctx.set_materialize_grads(False)
    *tensors, width, height, ortho, antialiased, _, window, temperature = inputs
    ctx.options = width, height, ortho, antialiased, window, temperature
    *images, medians = output
    ctx.mark_non_differentiable(medians)
    ctx.save_for_backward(*tensors, *images)


def _backward(ctx: Any, *grad_outputs: Tensor | None) -> tuple[Tensor | None, ...]:
    tensors = list(ctx.saved_tensors)
    scenes, background, images = tensors[:INPUTS], tensors[INPUTS], tensors[INPUTS + 1 :]
    grads = fill_unused(images, grad_outputs[: len(images)])
    gradients = rasterize_backward(scenes, background, images, grads, *ctx.options)
    return *gradients, *(None for _ in ctx.options), None


register_derivatives("gaussrep::rasterize", "cpu", _setup, _backward)
