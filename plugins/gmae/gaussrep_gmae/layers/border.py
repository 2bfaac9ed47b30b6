"""How much of a picture's border something takes."""

import torch
from jaxtyping import Float
from torch import Tensor


def border_share(masks: Float[Tensor, "*b h w"]) -> Float[Tensor, " *b"]:
    """Mean of a soft mask over the outermost pixels of the picture.

    Args:
        masks: Values in [0, 1].

    Returns:
        Values in [0, 1].
    """
    height, width = masks.shape[-2:]
    ring = torch.ones(height, width, dtype=torch.bool, device=masks.device)
    ring[1:-1, 1:-1] = False
    return masks[..., ring].mean(dim=-1)
