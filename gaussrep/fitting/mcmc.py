"""3DGS-MCMC: dead Gaussians move to living ones, new ones join them, faint ones wander."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from gaussrep.fitting.rebuild import Optimizers, rebuild
from gaussrep.fitting.scene_model import CLOSEST, SceneModel
from gaussrep.fitting.share_out import share_out
from gaussrep.fitting.strategy import StepMade, Strategy
from gaussrep.fitting.strategy_config import McmcConfig
from gaussrep.gaussians import Gaussians

STEEPNESS, TURN = 100.0, 0.995
"""The noise fades out where 1 - opacity falls below `TURN`, so steeply (Kheradmand et al. 2024,
section 3.2 and its code)."""


class Mcmc(Strategy):
    """Samples Gaussians instead of growing them by rules (Kheradmand et al. 2024).

    Their number grows to `config.most` and stays. The noise is a multiple of the covariance over
    the extent, which is the paper's at an extent of 1, and the same picture at any other.

    Args:
        config: Its settings.
        steps: How many the whole fit makes.
        extent: The scene's.
    """

    def __init__(self, config: McmcConfig, *, steps: int, extent: float) -> None:
        super().__init__()
        self.config = config
        self._first, self._last = config.start * steps, config.stop * steps
        self._full = config.full * steps
        self._extent = extent

    def penalty(self, gaussians: Gaussians) -> Float[Tensor, ""]:
        """Weighted means of opacities and scales, which let what is not needed die."""
        opacity = self.config.opacity_weight * gaussians.opacities.mean()
        return opacity + self.config.scale_weight / self._extent * gaussians.scales.mean()

    @torch.no_grad()
    def after_step(self, scene: SceneModel, optimizers: Optimizers, made: StepMade) -> None:
        """Move dead Gaussians, add new ones, shake faint ones; see the base class."""
        if self._first < made.number < self._last and made.number % self.config.every == 0:
            self._relocate(scene, optimizers, made.generator)
            self._add(scene, optimizers, made)
        self._shake(scene, made)

    def _relocate(
        self, scene: SceneModel, optimizers: Optimizers, generator: torch.Generator
    ) -> None:
        dead = scene.raw["opacities"].sigmoid() <= self.config.dead_opacity
        if not dead.any() or dead.all():
            return
        origin = torch.arange(scene.count, device=dead.device)
        origin[dead] = _drawn(scene, ~dead, int(dead.sum()), generator)
        _copy(scene, optimizers, origin)

    def _add(self, scene: SceneModel, optimizers: Optimizers, made: StepMade) -> None:
        changes = max(1.0, 1 + (self._full - made.number) / self.config.every)
        wanted = round(scene.count * (self.config.most / scene.count) ** (1 / changes))
        if wanted <= scene.count:
            return
        every = torch.arange(scene.count, device=scene.raw["means"].device)
        new = _drawn(scene, every >= 0, wanted - scene.count, made.generator)
        _copy(scene, optimizers, torch.cat([every, new]))

    def _shake(self, scene: SceneModel, made: StepMade) -> None:
        gaussians = scene.gaussians(0).detach()
        faint = torch.sigmoid(STEEPNESS * (1 - gaussians.opacities - TURN))
        strength = self.config.noise * made.means_rate / self._extent**2
        noise = torch.randn(
            gaussians.means.shape, generator=made.generator, device=gaussians.device
        )
        moved = gaussians.covariances() @ (noise * faint[:, None] * strength)[..., None]
        scene.raw["means"].add_(moved.squeeze(-1))


def _drawn(
    scene: SceneModel, among: Tensor, count: int, generator: torch.Generator
) -> Int[Tensor, " m"]:
    """Draw Gaussians by their opacity, with repetition."""
    weights = scene.raw["opacities"].sigmoid().double() * among
    cumulative = weights.cumsum(0)
    places = torch.rand(count, generator=generator, device=weights.device, dtype=torch.float64)
    return torch.searchsorted(cumulative, places * cumulative[-1], right=True).clamp_max(
        len(weights) - 1
    )


def _copy(scene: SceneModel, optimizers: Optimizers, origin: Tensor) -> None:
    """Put copies in their place; all that share one look together as the one did before."""
    copies = torch.bincount(origin, minlength=scene.count)[origin]
    opacities, scales = share_out(
        scene.raw["opacities"].sigmoid()[origin], scene.raw["scales"].exp()[origin], copies
    )
    shared = copies > 1
    opacity = torch.where(shared, opacities.logit(CLOSEST), scene.raw["opacities"][origin])
    log_scale = torch.where(shared[:, None], scales.log(), scene.raw["scales"][origin])
    changed = {"opacities": opacity, "scales": log_scale}
    rebuild(scene, optimizers, origin, fresh=shared, changed=changed)
