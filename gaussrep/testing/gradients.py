"""Gradients of what a renderer draws, by autograd and by finite differences."""

from collections.abc import Mapping

import torch
from torch import Tensor

from gaussrep.cameras import Cameras
from gaussrep.gaussians import Gaussians
from gaussrep.rendering.renderer import Renderer
from gaussrep.testing.scenes import Scene

STEP = 1e-7
"""Of finite differences, in float64: too small to move a pixel over a threshold."""


def inputs(scene: Scene, cameras: bool) -> dict[str, Tensor]:
    """The tensors of a scene that a gradient may reach.

    Args:
        scene: What is drawn.
        cameras: Whether the cameras' matrices are among them.

    Returns:
        Tensors by name.
    """
    found = {**dict(scene.gaussians.tensors()), "background": scene.background}
    if cameras:
        found |= {"viewmats": scene.cameras.viewmats, "Ks": scene.cameras.Ks}
    return found


def gradients(
    renderer: Renderer, scene: Scene, *, cameras: bool, depth: bool = True
) -> dict[str, Tensor]:
    """Gradients of a fixed random projection of everything drawn.

    Args:
        renderer: Who draws.
        scene: What is drawn.
        cameras: Whether to differentiate by the cameras' matrices, too.
        depth: Whether depth is among what is drawn.

    Returns:
        One gradient per input, zero where nothing depends on it.
    """
    leaves = {
        name: tensor.detach().clone().requires_grad_()
        for name, tensor in inputs(scene, cameras).items()
    }
    summed = _projected(renderer, scene, leaves, depth)
    found = torch.autograd.grad(summed, list(leaves.values()), materialize_grads=True)
    return dict(zip(leaves, found, strict=True))


def slopes(
    renderer: Renderer, scene: Scene, directions: Mapping[str, Tensor], *, depth: bool = True
) -> dict[str, float]:
    """Slopes of the same projection along one direction per input, by central differences.

    Args:
        renderer: Who draws.
        scene: What is drawn, in float64.
        directions: Where to move each input.
        depth: Whether depth is among what is drawn.

    Returns:
        One slope per direction.
    """
    start = inputs(scene, cameras="viewmats" in directions)

    def at(name: str, step: float) -> float:
        moved = {**start, name: start[name] + step * directions[name]}
        return _projected(renderer, scene, moved, depth).item()

    return {name: (at(name, STEP) - at(name, -STEP)) / (2 * STEP) for name in directions}


def _projected(
    renderer: Renderer, scene: Scene, tensors: Mapping[str, Tensor], depth: bool
) -> Tensor:
    cameras = Cameras(
        tensors.get("viewmats", scene.cameras.viewmats),
        tensors.get("Ks", scene.cameras.Ks),
        scene.cameras.width,
        scene.cameras.height,
        scene.cameras.model,
    )
    gaussians = Gaussians(**{name: tensors[name] for name, _ in scene.gaussians.tensors()})
    out = renderer.render(gaussians, cameras, tensors["background"])
    drawn = [out.color, out.alpha, *([out.depth] if depth else [])]
    drawn += [] if out.features is None else [out.features]
    generator = torch.Generator().manual_seed(0)
    return torch.stack(
        [
            (torch.randn(t.shape, generator=generator, dtype=torch.float64).to(t) * t).sum()
            for t in drawn
        ]
    ).sum()
