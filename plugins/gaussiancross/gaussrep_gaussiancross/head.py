"""Predict one Gaussian per cell, and drop the transparent ones."""

from dataclasses import dataclass
from math import log

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from gaussrep.cuboid import Cuboid
from gaussrep.gaussians import Gaussians
from gaussrep_gaussiancross.anchors import Placement
from gaussrep_gaussiancross.config import GaussianCrossConfig


@dataclass(frozen=True, eq=False)
class Field:
    """One Gaussian per cell of each scene, before any is dropped.

    Attributes:
        gaussians: In the cuboid's units, [B, N].
        kept: Which pass the opacity threshold, [B, N].
        cuboid: The way back to the units of the points.
    """

    gaussians: Gaussians
    kept: Bool[Tensor, "b n"]
    cuboid: Cuboid

    @property
    def pruned(self) -> Gaussians:
        """The Gaussians that are rendered, in the cuboid's units, padded to the fullest scene."""
        return self.gaussians.prune(self.kept)


def passing(opacities: Float[Tensor, "b n"], threshold: float, least: int) -> Bool[Tensor, "b n"]:
    """Find the Gaussians that stay: those of opacity σ > τ, and at any rate the most opaque ones.

    Args:
        opacities: σ of all Gaussians.
        threshold: τ.
        least: How many of a scene stay at least, as far as it has so many.

    Returns:
        True where a Gaussian stays.
    """
    best = opacities.topk(min(least, opacities.shape[-1]), dim=-1).indices
    spare = torch.zeros_like(opacities, dtype=torch.bool).scatter(-1, best, value=True)
    return (opacities > threshold) | spare


FIRST_SCALE = 0.5
"""Standard deviation of a Gaussian at the start, in cells (ours)."""

OCCUPIED_OPACITY = 0.8
"""Opacity at the start where a cell holds points (ours)."""

EMPTY_OPACITY = 0.35
"""Opacity at the start where it holds none: above the threshold, below which no Gaussian learns,
but thin enough for surfaces to be seen through it (ours)."""


GEOMETRY = {"offset": 3, "quat": 4, "scale": 3, "opacity": 1, "color": 3}
"""Numbers that say a Gaussian, in their order; the semantic embedding comes after them."""


class GaussianHead(nn.Module):
    """Reads offset, quaternion, scale, color, opacity and semantic embedding off each cell.

    The mean is μ = ν + tanh(·)·Δ (paper). Color and opacity are sigmoids, scales sigmoids times
    their limit, both lengths in cells; that one hidden layer serves all six is ours as well.

    Args:
        config: Limits and sizes.
    """

    def __init__(self, config: GaussianCrossConfig) -> None:
        super().__init__()
        self.config = config
        self.hidden = nn.Linear(config.dense.out, config.dense.out)
        self.raw = nn.Linear(config.dense.out, sum(GEOMETRY.values()) + config.features)
        self._start()

    @torch.no_grad()
    def _start(self) -> None:
        self.raw.weight.mul_(0.1)
        first = self.raw.bias.zero_().split([*GEOMETRY.values(), self.config.features])
        bias = dict(zip(GEOMETRY, first[:-1], strict=True))
        bias["quat"][0] = 1
        bias["scale"].fill_(_logit(min(FIRST_SCALE / self.config.max_scale, 0.9)))

    def forward(
        self, cells: Float[Tensor, "b n d"], occupied: Bool[Tensor, "b n"], placement: Placement
    ) -> Gaussians:
        """Say every cell as one Gaussian.

        Args:
            cells: Refined features, z changing fastest.
            occupied: Which cells hold points.
            placement: Where the cells are.

        Returns:
            Gaussians in the units of the placement, none dropped, with batch axis [B].
        """
        raw = self.raw(self.hidden(cells).relu()).float()
        *geometry, features = raw.split([*GEOMETRY.values(), self.config.features], dim=-1)
        offset, quats, scale, opacity, color = geometry
        cell = placement.cell[:, None]
        first = torch.where(occupied, _logit(OCCUPIED_OPACITY), _logit(EMPTY_OPACITY))
        return Gaussians(
            means=placement.anchors() + offset.tanh() * self.config.max_offset * cell,
            quats=quats,
            scales=scale.sigmoid() * self.config.max_scale * cell,
            opacities=(opacity.squeeze(-1) + first).sigmoid(),
            colors=color.sigmoid(),
            features=features,
        )


def _logit(share: float) -> float:
    return log(share / (1 - share))
