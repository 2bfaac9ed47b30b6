"""The rules of 3DGS: clone the small, split the large, remove the faint and the huge."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from gaussrep import quaternions
from gaussrep.fitting.rebuild import Optimizers, rebuild, restart
from gaussrep.fitting.scene_model import SceneModel
from gaussrep.fitting.strategy import StepMade, Strategy
from gaussrep.fitting.strategy_config import CloneSplitConfig
from gaussrep.gaussians import Gaussians

NARROWER = 1.6
"""By how much the halves of a split Gaussian are narrower (3DGS, section 5.2)."""


class CloneSplit(Strategy):
    """Grows where the loss pulls at projected centers (Kerbl et al. 2023, section 5.2).

    Args:
        config: Its settings.
        steps: How many the whole fit makes.
        extent: The scene's.
    """

    def __init__(self, config: CloneSplitConfig, *, steps: int, extent: float) -> None:
        super().__init__()
        self.config = config
        self._first, self._last = config.start * steps, config.stop * steps
        self._reset_every = max(1, round(config.reset_share * steps))
        self._extent = extent

    def penalty(self, gaussians: Gaussians) -> Float[Tensor, ""]:
        """Nothing."""
        return gaussians.means.new_zeros(())

    @torch.no_grad()
    def after_step(self, scene: SceneModel, optimizers: Optimizers, made: StepMade) -> None:
        """Watch the gradients, and act where it is due; see the base class.

        Opacities are reset one step after a round number, so that measurements and checkpoints at
        round numbers show the scene before.
        """
        if made.number >= self._last:
            return
        self._watch(made.pixel_gradients)
        if made.number > self._first and made.number % self.config.every == 0:
            self._grow(scene, optimizers, made.generator)
            self._prune(scene, optimizers, huge=made.number > self._reset_every)
            self.state = {}
        if made.number > 1 and made.number % self._reset_every == 1 % self._reset_every:
            self._reset(scene, optimizers)

    def _watch(self, gradients: Float[Tensor, "v n 2"]) -> None:
        """Add up lengths; a view counts for what has a gradient in it."""
        lengths = gradients.norm(dim=-1)
        none = torch.zeros_like(lengths[0])
        before = {name: part.to(none) for name, part in self.state.items()}
        self.state = {
            "pull": before.get("pull", none) + len(lengths) * lengths.sum(0),
            "views": before.get("views", none) + (lengths > 0).sum(0),
        }

    def _grow(self, scene: SceneModel, optimizers: Optimizers, generator: torch.Generator) -> None:
        pull = self.state["pull"] / self.state["views"].clamp_min(1)
        chosen = self._strongest(pull, scene.count)
        large = scene.raw["scales"].exp().amax(-1) > self.config.split_scale * self._extent
        keep = torch.nonzero(~(chosen & large))[:, 0]
        clones = torch.nonzero(chosen & ~large)[:, 0]
        halves = torch.nonzero(chosen & large)[:, 0].repeat(2)
        origin = torch.cat([keep, clones, halves])
        fresh = torch.arange(len(origin), device=origin.device) >= len(keep)
        means, scales = scene.raw["means"][origin], scene.raw["scales"][origin]
        if len(halves):
            means[-len(halves) :] += _within(scene, halves, generator)
            scales[-len(halves) :] -= torch.log(scales.new_tensor(NARROWER))
        rebuild(scene, optimizers, origin, fresh, {"means": means, "scales": scales})

    def _strongest(self, pull: Float[Tensor, " n"], count: int) -> Bool[Tensor, " n"]:
        """Those above the threshold, but no more than there is room for."""
        room = max(0, self.config.most - count)
        chosen = pull > self.config.grow_gradient
        if int(chosen.sum()) > room:
            best = pull.topk(room).indices
            chosen = torch.zeros_like(chosen).index_fill(0, best, True)
        return chosen

    def _prune(self, scene: SceneModel, optimizers: Optimizers, *, huge: bool) -> None:
        keep = scene.raw["opacities"].sigmoid() >= self.config.prune_opacity
        if huge:
            limit = self.config.prune_scale * self._extent
            keep &= scene.raw["scales"].exp().amax(-1) <= limit
        if keep.any() and not keep.all():
            rebuild(scene, optimizers, torch.nonzero(keep)[:, 0])

    def _reset(self, scene: SceneModel, optimizers: Optimizers) -> None:
        highest = scene.raw["opacities"].new_tensor(2 * self.config.prune_opacity).logit()
        scene.raw["opacities"].clamp_(max=highest.item())
        restart(optimizers, "opacities")


def _within(scene: SceneModel, chosen: Tensor, generator: torch.Generator) -> Float[Tensor, "m 3"]:
    """Random offsets, distributed as the chosen Gaussians are."""
    scales = scene.raw["scales"][chosen].exp()
    noise = torch.randn(scales.shape, generator=generator, device=scales.device)
    rotation = quaternions.to_matrix(scene.raw["quats"][chosen])
    return (rotation @ (noise * scales)[..., None]).squeeze(-1)
