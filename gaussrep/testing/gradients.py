"""Gradients of renderings, by autograd and by finite differences."""

from collections.abc import Mapping

import torch
from torch import Tensor

from gaussrep.rendering.renderer import Renderer
from gaussrep.testing.scenes import RenderInput

STEP = 1e-7
"""Step of finite differences in float64, too small to move a pixel across a threshold."""


def inputs(scene: RenderInput, cameras: bool) -> dict[str, Tensor]:
    """Collect the tensors of a scene that may have gradients.

    Args:
        scene: Input of the renderer.
        cameras: Whether to include the cameras' matrices and lenses.

    Returns:
        Tensors by name.
    """
    found = {**dict(scene.gaussians.tensors()), "background": scene.background}
    if cameras:
        found |= scene.cameras.tensors()
    return found


def gradients(
    renderer: Renderer, scene: RenderInput, *, cameras: bool, depth: bool = True
) -> dict[str, Tensor]:
    """Compute the gradients of a fixed random projection of a rendering.

    Args:
        renderer: Renderer.
        scene: Input of the renderer.
        cameras: Whether to differentiate with respect to the cameras' matrices, too.
        depth: Whether to project the depth, too.

    Returns:
        One gradient per input; zero if the projection does not depend on it.
    """
    leaves = {
        name: tensor.detach().clone().requires_grad_()
        for name, tensor in inputs(scene, cameras).items()
    }
    summed = _projected(renderer, scene, leaves, depth)
    found = torch.autograd.grad(summed, list(leaves.values()), materialize_grads=True)
    return dict(zip(leaves, found, strict=True))


def directional_derivatives(
    renderer: Renderer, scene: RenderInput, directions: Mapping[str, Tensor], *, depth: bool = True
) -> dict[str, float]:
    """Compute directional derivatives of the same projection by central differences.

    Args:
        renderer: Renderer.
        scene: Input of the renderer, in float64.
        directions: Direction of each input.
        depth: Whether to project the depth, too.

    Returns:
        One derivative per direction.
    """
    start = inputs(scene, cameras="viewmats" in directions)

    def at(name: str, step: float) -> float:
        moved = {**start, name: start[name] + step * directions[name]}
        return _projected(renderer, scene, moved, depth).item()

    return {name: (at(name, STEP) - at(name, -STEP)) / (2 * STEP) for name in directions}


def _projected(
    renderer: Renderer, scene: RenderInput, tensors: Mapping[str, Tensor], depth: bool
) -> Tensor:
    moved = {name: tensors.get(name, part) for name, part in scene.cameras.tensors().items()}
    cameras = scene.cameras.replace(**moved)
    names = [name for name, _ in scene.gaussians.tensors()]
    gaussians = scene.gaussians.replace(**{name: tensors[name] for name in names})
    out = renderer.render(gaussians, cameras, tensors["background"])
    outputs = [out.color, out.alpha, *([out.depth] if depth else [])]
    outputs += [] if out.features is None else [out.features]
    generator = torch.Generator().manual_seed(0)
    return torch.stack(
        [
            (torch.randn(t.shape, generator=generator, dtype=torch.float64).to(t) * t).sum()
            for t in outputs
        ]
    ).sum()
