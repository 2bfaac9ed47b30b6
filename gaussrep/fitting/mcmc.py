"""3DGS-MCMC: relocate dead Gaussians to living ones, add new ones, perturb faint ones."""

from math import comb

import torch
from jaxtyping import Float, Int
from torch import Tensor

from gaussrep import quaternions
from gaussrep.fitting.scene_model import LOGIT_EPS, SceneModel
from gaussrep.fitting.strategy import (
    Optimizers,
    StepInfo,
    Strategy,
    update_params_and_optimizer_state,
)
from gaussrep.fitting.strategy_config import MCMCStrategyConfig
from gaussrep.gaussians import Gaussians

NOISE_STEEPNESS, NOISE_THRESHOLD = 100.0, 0.995
"""The noise fades out where 1 - opacity falls below the threshold (Kheradmand et al. 2024, section
3.2 and its code)."""
NOISE_LIMIT = 0.3
"""Opacity above which less than 1e-12 of the noise remains, and none is added."""
N_MAX = 51
"""Upper bound on the copies per relocated Gaussian that are modeled, n_max of 3DGS-MCMC's code."""


class MCMCStrategy(Strategy):
    """Sample Gaussians instead of growing them by heuristics (Kheradmand et al. 2024).

    Their number grows to `config.max_gaussians` and stays. The noise is a multiple of the
    covariance over the extent, which is the paper's at an extent of 1 and gives the same images at
    any other.

    Args:
        config: Settings.
        steps: Total number of optimizer steps.
        extent: Size of the scene in scene units.
    """

    def __init__(self, config: MCMCStrategyConfig, *, steps: int, extent: float) -> None:
        super().__init__()
        self.config = config
        self._first, self._last = config.start_fraction * steps, config.stop_fraction * steps
        self._full = config.full_fraction * steps
        self._extent = extent

    def needs_pixel_gradients(self, step: int) -> bool:
        """Return False: only opacities matter; see the base class."""
        return False

    def penalty(self, gaussians: Gaussians) -> Float[Tensor, ""]:
        """Compute weighted means of opacities and scales, so that unneeded Gaussians die.

        Args:
            gaussians: Those of the scene, [N], with gradients.

        Returns:
            A scalar.
        """
        opacity = self.config.opacity_weight * gaussians.opacities.mean()
        return opacity + self.config.scale_weight / self._extent * gaussians.scales.mean()

    @torch.no_grad()
    def after_step(self, scene: SceneModel, optimizers: Optimizers, info: StepInfo) -> None:
        """Relocate dead Gaussians, add new ones, perturb faint ones; see the base class."""
        if self._first < info.step < self._last and info.step % self.config.refine_every == 0:
            self._relocate(scene, optimizers, info.generator)
            self._add(scene, optimizers, info)
        self._perturb(scene, info)

    def _relocate(
        self, scene: SceneModel, optimizers: Optimizers, generator: torch.Generator
    ) -> None:
        dead = scene.raw["opacities"].sigmoid() <= self.config.dead_opacity
        if not dead.any() or dead.all():
            return
        source_index = torch.arange(scene.count, device=dead.device)
        source_index[dead] = _sample(scene, ~dead, int(dead.sum()), generator)
        _copy(scene, optimizers, source_index)

    def _add(self, scene: SceneModel, optimizers: Optimizers, info: StepInfo) -> None:
        changes = max(1.0, 1 + (self._full - info.step) / self.config.refine_every)
        target = round(scene.count * (self.config.max_gaussians / scene.count) ** (1 / changes))
        if target <= scene.count:
            return
        present = torch.arange(scene.count, device=scene.raw["means"].device)
        added = _sample(scene, present >= 0, target - scene.count, info.generator)
        _copy(scene, optimizers, torch.cat([present, added]))

    def _perturb(self, scene: SceneModel, info: StepInfo) -> None:
        means, opacities = scene.raw["means"], scene.raw["opacities"].sigmoid()
        strength = self.config.noise * info.means_lr / self._extent**2
        noise = torch.randn(means.shape, generator=info.generator, device=means.device)
        faint = torch.nonzero(opacities < NOISE_LIMIT)[:, 0]
        factors = torch.sigmoid(NOISE_STEEPNESS * (1 - opacities[faint] - NOISE_THRESHOLD))
        axes = quaternions.to_matrix(scene.raw["quats"][faint])
        axes = axes * scene.raw["scales"][faint].exp()[:, None]
        offsets = axes @ axes.mT @ (noise[faint] * factors[:, None] * strength)[..., None]
        means.index_add_(0, faint, offsets.squeeze(-1))


def compute_relocation(
    opacities: Float[Tensor, " n"], scales: Float[Tensor, "n 3"], copies: Int[Tensor, " n"]
) -> tuple[Float[Tensor, " n"], Float[Tensor, "n 3"]]:
    """Compute the copies that together look like a single Gaussian.

    Opacities agree at the center: 1 - (1 - o')ᵏ = o. Scales are such that the opacity along a line
    through the center agrees in sum (Kheradmand et al. 2024, equation 9): k Gaussians block
    1 - (1 - o' g)ᵏ = Σⱼ C(k, j) (-1)ʲ⁺¹ o'ʲ gʲ, and gʲ is narrower than g by √j.

    Args:
        opacities: Of the single Gaussians, in [0, 1).
        scales: Their standard deviations.
        copies: Number of Gaussians that replace each, k ≥ 1; more than `N_MAX` count as `N_MAX`.

    Returns:
        Opacities and standard deviations of each of the copies.
    """
    k = copies.clamp(1, N_MAX)
    opacity = opacities.double()
    shared = 1 - (1 - opacity) ** (1 / k)
    order = torch.arange(1, N_MAX + 1, device=k.device)
    signs = 1 - 2.0 * ((order + 1) % 2)
    terms = _binomials(k.device)[k] * signs / order.sqrt() * shared[:, None] ** order
    factor = opacity / terms.sum(-1)
    factor = torch.where(opacity > 0, factor, 1)
    return shared.to(opacities.dtype), scales * factor[:, None].to(scales.dtype)


def _binomials(device: torch.device) -> Float[Tensor, "k j"]:
    """C(k, j) for k from 0 and j from 1."""
    span = range(N_MAX + 1)
    table = [[float(comb(k, j)) for j in span[1:]] for k in span]
    return torch.tensor(table, dtype=torch.float64, device=device)


def _sample(
    scene: SceneModel, eligible: Tensor, count: int, generator: torch.Generator
) -> Int[Tensor, " m"]:
    """Sample Gaussians in proportion to their opacity, with replacement."""
    weights = scene.raw["opacities"].sigmoid().double() * eligible
    cumulative = weights.cumsum(0)
    places = torch.rand(count, generator=generator, device=weights.device, dtype=torch.float64)
    return torch.searchsorted(cumulative, places * cumulative[-1], right=True).clamp_max(
        len(weights) - 1
    )


def _copy(scene: SceneModel, optimizers: Optimizers, source_index: Tensor) -> None:
    """Replace Gaussians by copies that together look like the original."""
    copies = torch.bincount(source_index, minlength=scene.count)[source_index]
    opacities, scales = compute_relocation(
        scene.raw["opacities"].sigmoid()[source_index],
        scene.raw["scales"].exp()[source_index],
        copies,
    )
    shared = copies > 1
    opacity = torch.where(shared, opacities.logit(LOGIT_EPS), scene.raw["opacities"][source_index])
    log_scale = torch.where(shared[:, None], scales.log(), scene.raw["scales"][source_index])
    changed = {"opacities": opacity, "scales": log_scale}
    update_params_and_optimizer_state(
        scene, optimizers, source_index, is_new=shared, changed=changed
    )
