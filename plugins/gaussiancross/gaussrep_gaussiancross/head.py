"""Predict one Gaussian per cell, and drop the transparent ones."""

from dataclasses import dataclass
from math import log

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from gaussrep import Cuboid, Gaussians
from gaussrep_gaussiancross.anchors import AnchorGrid
from gaussrep_gaussiancross.config import GaussianCrossConfig

OCCUPIED_OPACITY = 0.8
"""Initial opacity where a cell holds points (design choice)."""

EMPTY_OPACITY = 0.35
"""Initial opacity where a cell holds none: above the threshold, below which no Gaussian gets a
gradient, but thin enough for surfaces behind it to be visible (design choice)."""

SEEN_COLORS = (0.03, 0.97)
"""Range of the colors of points that predicted colors are relative to, where the sigmoid still has
a slope (design choice)."""

AT_LIMIT = 0.99
"""Fraction of their limit from which scales count as being at it (design choice)."""

RAW_CHANNELS = {"offset": 3, "quat": 4, "scale": 3, "opacity": 1, "color": 3}
"""Raw channels of a Gaussian, in their order; the semantic embedding follows."""


@dataclass(frozen=True, eq=False)
class GaussianField:
    """One Gaussian per cell of each scene, before transparent ones are dropped.

    Attributes:
        gaussians: All Gaussians, in the cuboid's units, [B, N].
        opacity_mask: Mask of the Gaussians that are rendered, [B, N].
        cuboid: Maps between the cuboid's units and those of the points.
        max_scales: Limits of the scales along the grid's axes, in the cuboid's units.
    """

    gaussians: Gaussians
    opacity_mask: Bool[Tensor, "b n"]
    cuboid: Cuboid
    max_scales: Float[Tensor, "b 1 3"]

    @property
    def scales_at_limit(self) -> Float[Tensor, ""]:
        """Fraction of the scales that are at their limit, without a graph."""
        return (self.gaussians.scales.detach() > AT_LIMIT * self.max_scales).float().mean()

    @property
    def pruned(self) -> Gaussians:
        """The Gaussians that are rendered, in the cuboid's units, padded to the fullest scene."""
        return self.gaussians.prune(self.opacity_mask)


def opacity_mask(
    opacities: Float[Tensor, "b n"], threshold: float, min_gaussians: int
) -> Bool[Tensor, "b n"]:
    """Select the Gaussians with opacity σ > τ, and in any case the most opaque ones.

    Args:
        opacities: Opacities σ of all Gaussians, in [0, 1].
        threshold: Threshold τ, in [0, 1).
        min_gaussians: Smallest number to select per scene, if it has that many.

    Returns:
        True where a Gaussian is kept.
    """
    count = min(min_gaussians, opacities.shape[-1])
    top = opacities.topk(count, dim=-1).indices
    most_opaque = torch.zeros_like(opacities, dtype=torch.bool).scatter(-1, top, value=True)
    return (opacities > threshold) | most_opaque


class GaussianHead(nn.Module):
    """Predict offset, quaternion, scale, color, opacity and semantic embedding of each cell.

    The mean is μ = ν + tanh(·)·Δ (paper). Color and opacity are sigmoids, and scales are sigmoids
    times their limit; offset and scale are in cells. One hidden layer is shared by all six (design
    choices).

    Args:
        config: Limits and sizes.
    """

    def __init__(self, config: GaussianCrossConfig) -> None:
        super().__init__()
        self.config = config
        width = config.dense.out_channels
        self.hidden = nn.Linear(width, width)
        self.raw = nn.Linear(width, sum(RAW_CHANNELS.values()) + config.feature_channels)
        self._init_parameters()

    @torch.no_grad()
    def _init_parameters(self) -> None:
        self.raw.weight.mul_(0.1)
        parts = self.raw.bias.zero_().split([*RAW_CHANNELS.values(), self.config.feature_channels])
        bias = dict(zip(RAW_CHANNELS, parts[:-1], strict=True))
        bias["quat"][0] = 1
        bias["scale"].fill_(_logit(min(self.config.initial_scale / self.config.max_scale, 0.9)))

    def forward(
        self,
        cells: Float[Tensor, "b n d"],
        occupied: Bool[Tensor, "b n"],
        grid: AnchorGrid,
        seen: Float[Tensor, "b n 3"] | None = None,
    ) -> Gaussians:
        """Predict one Gaussian per cell.

        Args:
            cells: Refined features; z changes fastest.
            occupied: Mask of the cells that hold points.
            grid: The grid of each scene.
            seen: RGB in [0, 1] that the color of each cell is predicted relative to; None predicts
                colors from the features alone.

        Returns:
            All Gaussians, in the units of the grid, with batch axis [B].
        """
        raw = self.raw(self.hidden(cells).relu()).float()
        channels = [*RAW_CHANNELS.values(), self.config.feature_channels]
        offset, quats, scale, opacity, color, features = raw.split(channels, dim=-1)
        cell = grid.cell[:, None]
        if seen is not None:
            color = color + seen.clamp(*SEEN_COLORS).logit()
        initial = torch.where(occupied, _logit(OCCUPIED_OPACITY), _logit(EMPTY_OPACITY))
        return Gaussians(
            means=grid.anchors() + offset.tanh() * self.config.max_offset * cell,
            quats=quats,
            scales=scale.sigmoid() * self.config.max_scale * cell,
            opacities=(opacity.squeeze(-1) + initial).sigmoid(),
            colors=color.sigmoid(),
            features=features,
        )


def _logit(probability: float) -> float:
    return log(probability / (1 - probability))
