"""From a query's vector to the 14 numbers of a Gaussian."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gaussrep.gaussians import Gaussians
from gaussrep_gmae.config import GMAEConfig
from gaussrep_gmae.position import spread_places

PARTS = {"means": 3, "scales": 3, "quats": 4, "colors": 3, "opacities": 1}
SMALL = -1.386
"""Logit of one fifth: scales start at a fifth of their limit (as MedGMAE's do)."""


class GaussianHead(nn.Module):
    """A linear layer and the activations that make its output a Gaussian.

    Centres lie in [-1, 1]³, of which x and y cover the image; scales below `max_scale` / 8, half
    of which is a share of the image's width.

    Args:
        config: The method's configuration.
    """

    def __init__(self, config: GMAEConfig) -> None:
        super().__init__()
        self.max_scale = config.max_scale / 8
        self.linear = nn.Linear(config.decoder.width, sum(PARTS.values()))
        self.start = nn.Parameter(torch.zeros(config.gaussians, sum(PARTS.values())))
        if config.spread_start:
            nn.init.trunc_normal_(self.linear.weight, std=0.02)
            nn.init.zeros_(self.linear.bias)
            self.start.data.copy_(_spread_start(config.gaussians))

    def forward(self, queries: Float[Tensor, "b k width"]) -> Gaussians:
        """Gaussians in front of the canonical camera.

        Args:
            queries: One vector per Gaussian, of any floating dtype.

        Returns:
            Gaussians with plain colours, float32.
        """
        raw = (self.linear(queries) + self.start).float()
        raw_means, raw_scales, raw_quats, raw_colors, raw_opacities = raw.split(
            list(PARTS.values()), dim=-1
        )
        return Gaussians(
            means=raw_means.tanh(),
            quats=raw_quats + raw_quats.new_tensor([1, 0, 0, 0]),
            scales=self.max_scale * raw_scales.sigmoid(),
            opacities=raw_opacities.squeeze(-1).sigmoid(),
            colors=raw_colors.sigmoid(),
        )


def _spread_start(count: int) -> Float[Tensor, "k 14"]:
    """Centres spread over the frame at random depths, small scales, all else neutral."""
    depths = 1.8 * torch.rand(count, 1) - 0.9
    centres = torch.cat([0.98 * spread_places(count), depths], dim=-1).atanh()
    rest = torch.zeros(count, sum(PARTS.values()) - 6)
    return torch.cat([centres, torch.full((count, 3), SMALL), rest], dim=-1)
