"""Several Gaussians in the place of one."""

from math import comb

import torch
from jaxtyping import Float, Int
from torch import Tensor

MOST_COPIES = 51
"""Of more Gaussians in one place, only so many are reckoned with, as in 3DGS-MCMC's code."""


def share_out(
    opacities: Float[Tensor, " n"], scales: Float[Tensor, "n 3"], copies: Int[Tensor, " n"]
) -> tuple[Float[Tensor, " n"], Float[Tensor, "n 3"]]:
    """Find the Gaussians that, several in one place, look like a single one.

    Opacities agree at the center: 1 - (1 - o')ᵏ = o. Scales are such that what is stopped along a
    line through the center agrees in sum (Kheradmand et al. 2024, equation 9): k Gaussians stop
    1 - (1 - o' g)ᵏ = Σⱼ C(k, j) (-1)ʲ⁺¹ o'ʲ gʲ, and gʲ is narrower than g by √j.

    Args:
        opacities: Of the single ones, in [0, 1).
        scales: Their standard deviations.
        copies: How many shall stand in the place of each, k ≥ 1.

    Returns:
        Opacities and scales of each of the copies.
    """
    k = copies.clamp(1, MOST_COPIES)
    opacity = opacities.double()
    shared = 1 - (1 - opacity) ** (1 / k)
    order = torch.arange(1, MOST_COPIES + 1, device=k.device)
    signs = 1 - 2.0 * ((order + 1) % 2)
    terms = _binomials(k.device)[k] * signs / order.sqrt() * shared[:, None] ** order
    factor = opacity / terms.sum(-1)
    factor = torch.where(opacity > 0, factor, 1)
    return shared.to(opacities.dtype), scales * factor[:, None].to(scales.dtype)


def _binomials(device: torch.device) -> Float[Tensor, "k j"]:
    """C(k, j) for k from 0 and j from 1."""
    span = range(MOST_COPIES + 1)
    table = [[float(comb(k, j)) for j in span[1:]] for k in span]
    return torch.tensor(table, dtype=torch.float64, device=device)
