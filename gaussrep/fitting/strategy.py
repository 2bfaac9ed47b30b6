"""Strategy: the interface of densification, and the edits of scene and optimizers that it uses."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from gaussrep.fitting.scene_model import SceneModel
from gaussrep.gaussians import Gaussians

Optimizers = Mapping[str, torch.optim.Optimizer]
"""One optimizer per tensor of `SceneModel.raw`, by its name; each has that one parameter."""


@dataclass(frozen=True, eq=False)
class StepInfo:
    """The optimizer step just made.

    Args:
        step: Steps made so far, from 1.
        means_lr: Learning rate of the centers in this step, in scene units.
        pixel_gradients: Gradients of the loss with respect to the projected centers, in half
            images, [V, N, 2]; zero where a view does not show a Gaussian. See
            `gaussrep.fitting.image_gradient`.
        generator: Source of this step's random numbers, on the scene's device.
    """

    step: int
    means_lr: float
    pixel_gradients: Float[Tensor, "v n 2"]
    generator: torch.Generator


class Strategy(ABC):
    """Adds, moves and removes Gaussians between optimizer steps; works with any renderer.

    A plugin registers a strategy with the hook `register_strategies`; `gaussrep fit` makes it with
    `target(settings, steps=steps, extent=extent)`, or `target(steps=steps, extent=extent)` if
    the record has no `config`. `steps` is the total number of optimizer steps and `extent` the
    size of the scene in scene units.

    Attributes:
        state: Tensors to keep in a checkpoint, besides the scene and its optimizers. A resumed fit
            assigns it before the next step.

    Examples:
        >>> import torch
        >>> class Prune(Strategy):
        ...     def after_step(self, scene, optimizers, info):
        ...         visible = scene.raw["opacities"].sigmoid() > 0.01
        ...         kept = torch.nonzero(visible)[:, 0]
        ...         update_params_and_optimizer_state(scene, optimizers, kept)
    """

    def __init__(self) -> None:
        self.state: dict[str, Tensor] = {}

    def penalty(self, gaussians: Gaussians) -> Float[Tensor, ""]:
        """Compute a term to add to the loss; zero by default.

        Args:
            gaussians: Those of the scene, [N], with gradients.

        Returns:
            A scalar.
        """
        return gaussians.means.new_zeros(())

    def needs_pixel_gradients(self, step: int) -> bool:
        """Whether `after_step` reads the gradients of a step; they take time to compute.

        Args:
            step: Steps made so far, from 1.

        Returns:
            True by default; if False, `StepInfo.pixel_gradients` holds zeros.
        """
        return True

    @abstractmethod
    def after_step(self, scene: SceneModel, optimizers: Optimizers, info: StepInfo) -> None:
        """Change the scene after an optimizer step.

        Args:
            scene: Its Gaussians may change in number.
            optimizers: Those of the scene; the strategy keeps them consistent with it, which
                `update_params_and_optimizer_state` and `reset_state` do.
            info: The step.
        """


@torch.no_grad()
def update_params_and_optimizer_state(
    scene: SceneModel,
    optimizers: Optimizers,
    source_index: Int[Tensor, " m"],
    is_new: Bool[Tensor, " m"] | None = None,
    changed: Mapping[str, Tensor] | None = None,
) -> None:
    """Replace the Gaussians by copies of some of them.

    Removing, cloning, splitting and relocating are all of this form. A Gaussian keeps the optimizer
    state of its source, unless it is new; then its state is zero.

    Args:
        scene: Gets new parameters of M rows.
        optimizers: Optimizers of the scene; additional or missing ones are allowed.
        source_index: Index of the Gaussian that each of the M new ones copies.
        is_new: Mask of those that are copies rather than the old Gaussian itself; None if there are
            no copies.
        changed: New values of some of the tensors in `scene.raw`, M rows each.
    """
    for name, before in list(scene.raw.items()):
        values = (changed or {}).get(name)
        after = nn.Parameter(before[source_index] if values is None else values.clone())
        scene.raw[name] = after
        if name in optimizers:
            _update_optimizer(optimizers[name], before, after, source_index, is_new)


@torch.no_grad()
def reset_state(optimizers: Optimizers, name: str) -> None:
    """Set an optimizer's running means to zero, after all values of its tensor have changed.

    Args:
        optimizers: Those of a scene.
        name: Name of the tensor.
    """
    if name in optimizers:
        for state in optimizers[name].state.values():
            for key in _per_row(state):
                state[key].zero_()


def _update_optimizer(
    optimizer: torch.optim.Optimizer,
    before: Tensor,
    after: nn.Parameter,
    source_index: Tensor,
    is_new: Tensor | None,
) -> None:
    optimizer.param_groups[0]["params"] = [after]
    state = optimizer.state.pop(before, {})
    for key in _per_row(state):
        state[key] = state[key][source_index]
        if is_new is not None:
            state[key][is_new] = 0
    if state:
        optimizer.state[after] = state


def _per_row(state: Mapping[str, Tensor]) -> list[str]:
    """All but the scalar number of steps."""
    return [key for key, value in state.items() if value.ndim > 0]
