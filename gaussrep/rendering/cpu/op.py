"""The kernels as one torch operator, with gradients, that `torch.compile` may treat as a box.

The two operators are registered piece by piece: `torch.library.custom_op` would import torch's
compiler with the first picture of every process, which takes longer than a second.
"""

from typing import Any

import torch
from torch import Tensor

from gaussrep.errors import CapabilityError
from gaussrep.rendering.cpu.arrays import array_of, images_of, split_cameras
from gaussrep.rendering.cpu.layout import Pictures, Scenes
from gaussrep.rendering.cpu.stages import draw, draw_backward, make_frame

INPUTS = 8
"""Leading tensor arguments that say what stands in the scenes; the background follows."""

torch.library.define(
    "gaussrep::rasterize",
    "(Tensor means, Tensor quats, Tensor scales, Tensor opacities, Tensor colors, Tensor features,"
    " Tensor viewmats, Tensor Ks, Tensor background, SymInt width, SymInt height, bool ortho)"
    " -> (Tensor, Tensor, Tensor, Tensor)",
)
torch.library.define(
    "gaussrep::rasterize_backward",
    "(Tensor[] scenes, Tensor background, Tensor[] pictures, Tensor[] wanted,"
    " SymInt width, SymInt height, bool ortho) -> Tensor[]",
)
rasterize = torch.ops.gaussrep.rasterize.default
rasterize_backward = torch.ops.gaussrep.rasterize_backward.default


@torch.library.impl("gaussrep::rasterize", "cpu")
def _draw(
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
        Color [S, V, H, W, 3], alpha [S, V, H, W], depth [S, V, H, W], features [S, V, H, W, C].
    """
    scenes = means, quats, scales, opacities, colors, features, viewmats, Ks
    frame = make_frame(Scenes(*map(array_of, scenes)), width, height, ortho)
    pictures = _blank(viewmats, features, width, height)
    draw(frame, images_of(background), Pictures(*map(images_of, pictures)))
    return pictures


@torch.library.register_fake("gaussrep::rasterize")
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
    return _blank(viewmats, features, width, height)


def _blank(
    viewmats: Tensor, features: Tensor, width: int, height: int
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Pictures to draw into.

    Torch's memory begins with a line of the cache: in images of whole tiles the rows of a tile are
    whole lines then, and threads that are at work side by side never write to the same one.
    """
    shape = *viewmats.shape[:2], height, width
    color, mixed = viewmats.new_empty(*shape, 3), viewmats.new_empty(*shape, features.shape[2])
    return color, viewmats.new_empty(shape), viewmats.new_empty(shape), mixed


@torch.library.impl("gaussrep::rasterize_backward", "cpu")
def _draw_backward(
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
    frame = make_frame(Scenes(*map(array_of, scenes)), width, height, ortho)
    given, asked = (Pictures(*map(images_of, group)) for group in (pictures, wanted))
    gradients, to_background = draw_backward(frame, images_of(background), given, asked)
    to_cameras = split_cameras(gradients.cameras)
    arrays = *gradients[:-1], *to_cameras, to_background.reshape(background.shape)
    return [torch.from_numpy(array) for array in arrays]


@torch.library.register_fake("gaussrep::rasterize_backward")
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


def _refuse(ctx: Any, gradients: list[Tensor]) -> None:
    raise CapabilityError(
        "renderer 'cpu' has first derivatives only; use renderer='reference' for second ones."
    )


torch.library.register_autograd("gaussrep::rasterize", _backward, setup_context=_setup)
torch.library.register_autograd("gaussrep::rasterize_backward", _refuse)
