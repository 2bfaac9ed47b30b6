"""From a query's vector to the 14 numbers of each of its Gaussians."""

import torch
from einops import rearrange, repeat
from jaxtyping import Float
from torch import Tensor, nn

from gaussrep.gaussians import Gaussians
from gaussrep_gmae.config import GMAEConfig
from gaussrep_gmae.position import spread_places

PARTS = {"means": 3, "scales": 3, "quats": 4, "colors": 3, "opacities": 1}
NUMBERS = sum(PARTS.values())
"""Numbers that say a Gaussian (paper)."""
SMALL = -1.386
"""Logit of one fifth: scales start at a fifth of their limit (as MedGMAE's do)."""


class GaussianHead(nn.Module):
    """A linear layer and the activations that make its output Gaussians.

    Centers lie in [-1, 1]³, of which x and y cover the image; scales below `max_scale` / 8, half
    of which is a share of the image's width. With a spread start each Gaussian learns a bias of its
    own and centers are tanh x (ours); without, the layer has no bias and keeps torch's own start,
    uniform within 1/√width, and centers are tanh(x/2) = 2 sigmoid(x) - 1 (successor's code).

    Args:
        config: The method's configuration.
    """

    def __init__(self, config: GMAEConfig) -> None:
        super().__init__()
        self.max_scale = config.max_scale / 8
        self.steepness = 1.0 if config.spread_start else 0.5
        self.per_query = config.gaussians_per_query
        self.linear = nn.Linear(config.decoder.width, self.per_query * NUMBERS, bias=False)
        start = torch.zeros(config.gaussians, NUMBERS)
        self.start = nn.Parameter(start, requires_grad=config.spread_start)
        if config.spread_start:
            nn.init.trunc_normal_(self.linear.weight, std=0.02)
            self.start.data.copy_(_spread_start(config))

    def forward(self, queries: Float[Tensor, "b k width"]) -> Gaussians:
        """Gaussians in front of the canonical camera.

        Args:
            queries: One vector per query, of any floating dtype.

        Returns:
            k·m Gaussians with plain colors, float32; those of a query follow one another.
        """
        spoken = rearrange(self.linear(queries), "b k (m n) -> b (k m) n", m=self.per_query)
        raw = (spoken + self.start).float()
        raw_means, raw_scales, raw_quats, raw_colors, raw_opacities = raw.split(
            list(PARTS.values()), dim=-1
        )
        return Gaussians(
            means=(self.steepness * raw_means).tanh(),
            quats=raw_quats + raw_quats.new_tensor([1, 0, 0, 0]),
            scales=self.max_scale * raw_scales.sigmoid(),
            opacities=raw_opacities.squeeze(-1).sigmoid(),
            colors=raw_colors.sigmoid(),
        )


def _spread_start(config: GMAEConfig) -> Float[Tensor, "gaussians 14"]:
    """Centers spread over the frame at random depths, small scales, all else neutral."""
    count = config.gaussians
    depths = 1.8 * torch.rand(count, 1) - 0.9
    centers = torch.cat([0.98 * _places(config), depths], dim=-1).atanh()
    rest = torch.zeros(count, NUMBERS - 6)
    return torch.cat([centers, torch.full((count, 3), SMALL), rest], dim=-1)


def _places(config: GMAEConfig) -> Float[Tensor, "gaussians 2"]:
    """The place of each query, around which its Gaussians share the query's part of the frame."""
    queries, each = config.queries, config.gaussians_per_query
    around = spread_places(each) / queries**0.5
    centerd = repeat(around - around.mean(0), "m two -> (k m) two", k=queries)
    return (repeat(spread_places(queries), "k two -> (k m) two", m=each) + centerd).clamp(-1, 1)
