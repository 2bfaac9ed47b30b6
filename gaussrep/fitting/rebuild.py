"""Changing which Gaussians there are, in the model and in its optimizers alike."""

from collections.abc import Mapping

import torch
from jaxtyping import Bool, Int
from torch import Tensor, nn

from gaussrep.fitting.scene_model import SceneModel

Optimizers = Mapping[str, torch.optim.Optimizer]
"""One optimizer per tensor of `SceneModel.raw`, by its name; each has that one parameter."""


@torch.no_grad()
def rebuild(
    scene: SceneModel,
    optimizers: Optimizers,
    origin: Int[Tensor, " m"],
    fresh: Bool[Tensor, " m"] | None = None,
    changed: Mapping[str, Tensor] | None = None,
) -> None:
    """Replace the Gaussians by copies of some of them.

    Removing, cloning, splitting and moving are all of this form. The optimizers follow: a Gaussian
    keeps the state of the one that it comes from, unless it is fresh; then its state is zero.

    Args:
        scene: Gets new parameters of M rows.
        optimizers: Those of the scene; further or missing ones are no mistake.
        origin: Which Gaussian each of the M new ones is a copy of.
        fresh: Which of them are not the old one itself; none where it is None.
        changed: New values of some of the tensors in `scene.raw`, M rows each.
    """
    for name, before in list(scene.raw.items()):
        values = (changed or {}).get(name)
        after = nn.Parameter(before[origin] if values is None else values.clone())
        scene.raw[name] = after
        if name in optimizers:
            _follow(optimizers[name], before, after, origin, fresh)


@torch.no_grad()
def restart(optimizers: Optimizers, name: str) -> None:
    """Set an optimizer's running means to zero, after all values of its tensor were changed.

    Args:
        optimizers: Those of a scene.
        name: Of the tensor.
    """
    if name in optimizers:
        for state in optimizers[name].state.values():
            for key in _per_row(state):
                state[key].zero_()


def _follow(
    optimizer: torch.optim.Optimizer,
    before: Tensor,
    after: nn.Parameter,
    origin: Tensor,
    fresh: Tensor | None,
) -> None:
    optimizer.param_groups[0]["params"] = [after]
    state = optimizer.state.pop(before, {})
    for key in _per_row(state):
        state[key] = state[key][origin]
        if fresh is not None:
            state[key][fresh] = 0
    if state:
        optimizer.state[after] = state


def _per_row(state: Mapping[str, Tensor]) -> list[str]:
    """All but the scalar number of steps."""
    return [key for key, value in state.items() if value.ndim > 0]
