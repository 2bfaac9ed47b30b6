"""Which of several groups is the ground."""

import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep_gmae.layers.border import border_share

SURFACES = 4
"""Groups of color; 3 and 4 do best of 2 to 8 on training scenes of `shapes` (ours)."""


def all_but_ground(shares: Float[Tensor, "b g h w"]) -> Float[Tensor, "b h w"]:
    """Add up all groups but the one that takes most of the border.

    Args:
        shares: How much of each pixel each group is.

    Returns:
        Soft masks in [0, 1].
    """
    ground = border_share(shares).argmax(dim=1)
    of_ground = shares[torch.arange(len(shares), device=shares.device), ground]
    return (shares.sum(dim=1) - of_ground).clamp(0, 1)
