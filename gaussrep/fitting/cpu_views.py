"""Views of a scene's parameters by the renderer `cpu`, as one node of autograd.

A step of a small fit takes longer in torch's operators and in autograd's nodes between the
parameters and the rasterizer than in the rasterizer. This node does the same operations without
either, and its backward pass uses the projected Gaussians of its forward pass again. Images and
gradients are those of `render`, bit for bit.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable

from gaussrep.cameras import Cameras, camera_centers
from gaussrep.checks import check_finite
from gaussrep.fitting.scene_model import SceneModel
from gaussrep.rendering.cpu.buffers import allocate
from gaussrep.rendering.cpu.first_use import compile_first
from gaussrep.rendering.cpu.geometry import LENS, POSITION
from gaussrep.rendering.cpu.layout import (
    Harmonics,
    ImageBuffers,
    Scenes,
    joint_harmonics,
    split_harmonics,
)
from gaussrep.rendering.cpu.op import to_array
from gaussrep.rendering.cpu.stages import (
    RasterState,
    composite_tiles,
    compute_gradients,
    project_and_bin,
)
from gaussrep.rendering.renderer import Rendering
from gaussrep.rendering.tiled import split_camera_gradients


def render_views(
    scene: SceneModel,
    cameras: Cameras,
    background: Float[Tensor, " 3"],
    sh_degree: int | None = None,
) -> tuple[Rendering, Float[Tensor, "v n 3"]]:
    """Render a scene from several views.

    Args:
        scene: The scene, in float32 on the CPU.
        cameras: Views [V] of a model that the renderer has, with gradients if required.
        background: RGB behind the scene; it gets no gradient.
        sh_degree: Leave out coefficients above this degree; None keeps all.

    Returns:
        Images [V, H, W, ...] with gradients to the scene's parameters, and each view's own copy of
        the centers, whose `grad` is present after a backward pass.

    Raises:
        ValueRangeError: A tensor holds NaN or infinite values.
    """
    raw, lens = scene.raw, cameras.distortion
    compile_first(
        features="features" in raw,
        sh=True,
        lens=0 if lens is None else lens.shape[-1],
        medians=False,
        order=False,
        backward=True,
    )
    degree = scene.sh_degree if sh_degree is None else min(sh_degree, scene.sh_degree)
    copies = raw["means"].detach().expand(cameras.views, -1, -1)
    names = ("means", "quats", "scales", "opacities", "sh0", "shN", "features")
    color, alpha, depth, features = _Views.apply(
        (cameras.width, cameras.height, cameras.model == "ortho", scene.antialiased, degree),
        copies,
        background,
        cameras.viewmats,
        cameras.Ks,
        lens,
        *(raw.get(name) for name in names),
    )  # pyright: ignore[reportGeneralTypeIssues]
    return Rendering(color, alpha, depth, features), copies


class _Views(torch.autograd.Function):
    """Activations, projection, binning and compositing; views are scenes of one camera each."""

    @staticmethod
    def forward(
        ctx: Any,
        options: tuple[int, int, bool, bool, int],
        copies: Tensor,
        background: Tensor,
        viewmats: Tensor,
        Ks: Tensor,
        lens: Tensor | None,
        means: Tensor,
        quats: Tensor,
        log_scales: Tensor,
        logits: Tensor,
        sh0: Tensor,
        shN: Tensor | None,
        features: Tensor | None,
    ) -> tuple[Tensor | None, ...]:
        width, height, ortho, antialiased, degree = options
        scales, opacities = log_scales.exp(), logits.sigmoid()
        cameras = {"viewmats": viewmats, "Ks": Ks}
        gaussians = {"means": means, "quats": quats, "scales": scales, "opacities": opacities}
        gaussians |= {} if features is None else {"features": features}
        coefficients = {"sh0": sh0} if shN is None else {"sh0": sh0, "shN": shN}
        lenses = {} if lens is None else {"distortion": lens}
        check_finite({**gaussians, **coefficients, **cameras, **lenses, "background": background})
        cameras["positions"] = _centers(viewmats.numpy(force=True).tobytes())
        sh = _harmonics([_repeat(each, len(viewmats)) for each in coefficients.values()], degree)
        ctx.state = project_and_bin(
            _scenes(gaussians, cameras, sh),
            width,
            height,
            ortho=ortho,
            antialiased=antialiased,
            distortion=None if lens is None else to_array(lens)[:, None],
        )
        ctx.images = _allocate_images(ctx.state)
        ctx.background = _repeat(background, len(viewmats))
        composite_tiles(ctx.state, ctx.background, ctx.images)
        ctx.set_materialize_grads(False)
        ctx.activated, ctx.copies = (scales, opacities), copies
        ctx.degree, ctx.shapes = degree, [each.shape for each in coefficients.values()]
        color, alpha, depth, drawn = map(torch.from_numpy, ctx.images)
        return color, alpha, depth, None if features is None else drawn

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *given: Tensor | None) -> tuple[Tensor | None, ...]:  # pyright: ignore[reportIncompatibleMethodOverride] - the decorator's signature
        images = ctx.images
        pairs = zip(images, given, strict=True)
        grads = [image[:0] if grad is None else to_array(grad) for image, grad in pairs]
        to_sh = _allocate_gradients(ctx.shapes, len(ctx.background), ctx.degree)
        found, _ = compute_gradients(
            ctx.state,
            ctx.background,
            images,
            ImageBuffers(*grads),
            _harmonics(to_sh, ctx.degree),
        )
        before, own = ctx.copies.grad, torch.from_numpy(found.means)
        ctx.copies.grad = own if before is None else before + own
        scales, opacities = ctx.activated
        return (
            None,
            None,
            None,
            *_camera_gradients(ctx.state.scenes, found.cameras, ctx.needs_input_grad[3:6]),
            own.sum(0),  # a copy: what clips it must not change those of the views
            _sum(found.quats),
            _sum(found.scales) * scales,
            torch.ops.aten.sigmoid_backward(_sum(found.opacities), opacities),
            _sum(to_sh[0]),
            _sum(to_sh[1]) if ctx.degree else None,
            _sum(found.features) if ctx.needs_input_grad[-1] else None,
        )


@lru_cache(maxsize=4096)
def _centers(viewmats: bytes) -> Tensor:
    """Cached camera centers: a fit renders the same views repeatedly, and solving is slow."""
    return camera_centers(torch.frombuffer(bytearray(viewmats), dtype=torch.float32).view(-1, 4, 4))


def _harmonics(coefficients: Sequence[np.ndarray], degree: int) -> Harmonics:
    """Describe the coefficients up to a degree, of `sh0` and, if there are any, `shN`."""
    if len(coefficients) == 1:
        return joint_harmonics(coefficients[0])
    return split_harmonics(*coefficients, bases=(degree + 1) ** 2)


def _allocate_gradients(shapes: Sequence[torch.Size], views: int, degree: int) -> list[np.ndarray]:
    """Allocate gradients to `sh0` and `shN`; kernels write none to coefficients above a degree."""
    is_all = all((degree + 1) ** 2 == 1 + higher for _, higher, _ in shapes[1:])
    make = np.empty if is_all else np.zeros
    return [make((views, *shape), np.float32) for shape in shapes]


def _scenes(
    gaussians: Mapping[str, Tensor], cameras: Mapping[str, Tensor], sh: Harmonics
) -> Scenes:
    views, count = len(cameras["viewmats"]), len(gaussians["means"])
    empty = {
        "colors": np.empty((views, 1, 0, 3), np.float32),
        "features": np.empty((views, count, 0), np.float32),
    }
    copies = {name: _repeat(each, views) for name, each in gaussians.items()}
    single = {name: to_array(each)[:, None] for name, each in cameras.items()}
    return Scenes(**{**empty, **copies, **single}, sh=sh)


def _allocate_images(state: RasterState) -> ImageBuffers:
    grid, (views, _, channels) = state.grid, state.scenes.features.shape
    shapes = ((3,), (), (), (channels,))
    return ImageBuffers(*(allocate(views, grid.height, grid.width, *shape) for shape in shapes))


def _repeat(tensor: Tensor, views: int) -> np.ndarray:
    """Copy for every view; a single view needs no copy."""
    array = to_array(tensor)
    if views == 1:
        return array[None]
    return np.ascontiguousarray(np.broadcast_to(array, (views, *array.shape)))


def _camera_gradients(
    scenes: Scenes, sums: np.ndarray, needed: Sequence[bool]
) -> list[Tensor | None]:
    """Gradients to view matrices, intrinsics and coefficients of lenses.

    The center -R⁻¹ t of a camera moves by -R⁻¹ (dt + dR p), p being the center itself.
    """
    if not any(needed):
        return [None] * len(needed)
    cameras = torch.from_numpy(sums)[:, 0]
    viewmats, Ks = split_camera_gradients(cameras[:, :POSITION])
    rotations = torch.from_numpy(scenes.viewmats[:, 0, :3, :3])
    to_centers = cameras[:, POSITION:LENS, None].float()
    moved = -torch.linalg.solve(rotations.mT, to_centers)
    viewmats[:, :3, 3] += moved.squeeze(-1)
    viewmats[:, :3, :3] += moved @ torch.from_numpy(scenes.positions)
    return [viewmats, Ks, cameras[:, LENS:].float() if needed[2] else None]


def _sum(gradients: np.ndarray) -> Tensor:
    """Sum the gradients of all views."""
    if len(gradients) == 1:
        return torch.from_numpy(gradients[0])
    return torch.from_numpy(gradients).sum(0)
