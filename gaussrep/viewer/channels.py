"""Channels: what a color on the page stands for."""

from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep import sh
from gaussrep.embedding.principal_colors import PrincipalColors
from gaussrep.gaussians import Gaussians
from gaussrep.rendering.renderer import Rendering
from gaussrep.report.palette import near_to_far

Channel = Literal["color", "depth", "alpha", "features"]
EDGE = 0.02
"""Share of the depths beyond either end of the palette; ours."""


@dataclass(frozen=True, eq=False)
class Painter:
    """Colors of a channel, for splats and for pictures alike.

    Attributes:
        channel: Which one.
        features: Colors of features; None where the Gaussians carry none.
    """

    channel: Channel
    features: PrincipalColors | None = None

    def splats(self, gaussians: Gaussians, depths: Float[Tensor, " n"]) -> Float[Tensor, "n 3"]:
        """Color Gaussians.

        Args:
            gaussians: One scene; of spherical harmonics, degree 0 is shown.
            depths: Of their centers.

        Returns:
            RGB in [0, 1]: the Gaussian's own, of its depth, white, or of its features.
        """
        if self.channel == "depth":
            return near_to_far(_shares(depths, torch.ones_like(depths)))
        if self.channel == "alpha":
            return torch.ones_like(gaussians.means)
        if self.channel == "features" and self.features and gaussians.features is not None:
            return self.features.paint(gaussians.features)
        return plain_colors(gaussians).clamp(0, 1)

    def needed(self, gaussians: Gaussians) -> Gaussians:
        """Leave out features where they are not shown, for they take long to draw."""
        return gaussians if self.channel == "features" else gaussians.replace(features=None)

    def picture(self, drawn: Rendering, background: Float[Tensor, " 3"]) -> Float[Tensor, "h w 3"]:
        """Color what a renderer drew.

        Args:
            drawn: One view, [1, H, W].
            background: What it was drawn over; depth and features are laid over it, too.

        Returns:
            RGB in [0, 1]; alpha is gray.
        """
        alpha = drawn.alpha[0, ..., None]
        if self.channel == "alpha":
            return alpha.expand(-1, -1, 3)
        if self.channel == "depth":
            painted = near_to_far(_shares(drawn.depth[0], drawn.alpha[0] > 0.5))
        elif self.channel == "features" and self.features and drawn.features is not None:
            painted = self.features.paint(drawn.features[0])
        else:
            return drawn.color[0].clamp(0, 1)
        return torch.lerp(background.expand_as(painted), painted, alpha)


def plain_colors(gaussians: Gaussians) -> Float[Tensor, "n 3"]:
    """Colors that do not depend on the view; of spherical harmonics, degree 0."""
    if gaussians.sh is None:
        assert gaussians.colors is not None
        return gaussians.colors
    anywhere = torch.ones_like(gaussians.means)
    return sh.evaluate(gaussians.sh[:, :1], anywhere)


def _shares(depths: Tensor, counted: Tensor) -> Tensor:
    """Depths from 0, the nearest, to 1, the farthest of those that count."""
    seen = depths[counted.bool()]
    if not len(seen):
        return torch.zeros_like(depths)
    low, high = seen.sort().values[[int(EDGE * (len(seen) - 1)), int((1 - EDGE) * (len(seen) - 1))]]
    return (depths - low) / (high - low).clamp_min(1e-12)
