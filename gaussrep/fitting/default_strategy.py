"""Adaptive density control of 3DGS: clone small Gaussians, split large ones, prune."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from gaussrep import quaternions
from gaussrep.fitting.scene_model import SceneModel
from gaussrep.fitting.strategy import (
    Optimizers,
    StepInfo,
    Strategy,
    reset_state,
    update_params_and_optimizer_state,
)
from gaussrep.fitting.strategy_config import DefaultStrategyConfig

SPLIT_FACTOR = 1.6
"""Divisor of the scales of the two halves of a split Gaussian (3DGS, section 5.2)."""


class DefaultStrategy(Strategy):
    """Grow where the gradient with respect to projected centers is large (3DGS, section 5.2).

    Args:
        config: Settings.
        steps: Total number of optimizer steps.
        extent: Size of the scene in scene units.
    """

    def __init__(self, config: DefaultStrategyConfig, *, steps: int, extent: float) -> None:
        super().__init__()
        self.config = config
        self._first, self._last = config.start_fraction * steps, config.stop_fraction * steps
        self._reset_every = max(1, round(config.reset_fraction * steps))
        self._extent = extent

    def needs_pixel_gradients(self, step: int) -> bool:
        """Whether Gaussians may still grow; see the base class."""
        return step < self._last

    @torch.no_grad()
    def after_step(self, scene: SceneModel, optimizers: Optimizers, info: StepInfo) -> None:
        """Accumulate gradients, and grow, prune or reset if it is due; see the base class.

        Opacities are reset one step after a round number, so that measurements and checkpoints at
        round numbers show the scene before.
        """
        if info.step >= self._last:
            return
        self._accumulate(info.pixel_gradients)
        if info.step > self._first and info.step % self.config.refine_every == 0:
            self._grow(scene, optimizers, info.generator)
            self._prune(scene, optimizers, prune_large=info.step > self._reset_every)
            self.state = {}
        if info.step > 1 and info.step % self._reset_every == 1 % self._reset_every:
            self._reset(scene, optimizers)

    def _accumulate(self, gradients: Float[Tensor, "v n 2"]) -> None:
        """Sum lengths; a view counts for the Gaussians that have a gradient in it."""
        lengths = gradients.norm(dim=-1)
        zeros = torch.zeros_like(lengths[0])
        before = {name: part.to(zeros) for name, part in self.state.items()}
        self.state = {
            "gradient": before.get("gradient", zeros) + len(lengths) * lengths.sum(0),
            "views": before.get("views", zeros) + (lengths > 0).sum(0),
        }

    def _grow(self, scene: SceneModel, optimizers: Optimizers, generator: torch.Generator) -> None:
        gradient = self.state["gradient"] / self.state["views"].clamp_min(1)
        grows = self._select(gradient, scene.count)
        large = scene.raw["scales"].exp().amax(-1) > self.config.split_scale * self._extent
        kept = torch.nonzero(~(grows & large))[:, 0]
        clones = torch.nonzero(grows & ~large)[:, 0]
        halves = torch.nonzero(grows & large)[:, 0].repeat(2)
        source_index = torch.cat([kept, clones, halves])
        is_new = torch.arange(len(source_index), device=source_index.device) >= len(kept)
        means, scales = scene.raw["means"][source_index], scene.raw["scales"][source_index]
        if len(halves):
            means[-len(halves) :] += _sample_offsets(scene, halves, generator)
            scales[-len(halves) :] -= torch.log(scales.new_tensor(SPLIT_FACTOR))
        changed = {"means": means, "scales": scales}
        update_params_and_optimizer_state(scene, optimizers, source_index, is_new, changed)

    def _select(self, gradient: Float[Tensor, " n"], count: int) -> Bool[Tensor, " n"]:
        """Select Gaussians above the threshold, the largest first if not all may grow."""
        room = max(0, self.config.max_gaussians - count)
        grows = gradient > self.config.grow_gradient
        if int(grows.sum()) > room:
            largest = gradient.topk(room).indices
            grows = torch.zeros_like(grows).index_fill(0, largest, True)
        return grows

    def _prune(self, scene: SceneModel, optimizers: Optimizers, *, prune_large: bool) -> None:
        kept = scene.raw["opacities"].sigmoid() >= self.config.prune_opacity
        if prune_large:
            limit = self.config.prune_scale * self._extent
            kept &= scene.raw["scales"].exp().amax(-1) <= limit
        if kept.any() and not kept.all():
            update_params_and_optimizer_state(scene, optimizers, torch.nonzero(kept)[:, 0])

    def _reset(self, scene: SceneModel, optimizers: Optimizers) -> None:
        highest = scene.raw["opacities"].new_tensor(2 * self.config.prune_opacity).logit()
        scene.raw["opacities"].clamp_(max=highest.item())
        reset_state(optimizers, "opacities")


def _sample_offsets(
    scene: SceneModel, index: Tensor, generator: torch.Generator
) -> Float[Tensor, "m 3"]:
    """Sample offsets from the normal distributions that the Gaussians describe."""
    scales = scene.raw["scales"][index].exp()
    noise = torch.randn(scales.shape, generator=generator, device=scales.device)
    rotation = quaternions.to_matrix(scene.raw["quats"][index])
    return (rotation @ (noise * scales)[..., None]).squeeze(-1)
