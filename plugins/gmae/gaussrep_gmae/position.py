"""Fixed sine-cosine codes of places in the image."""

import torch
from jaxtyping import Float
from torch import Tensor


def place_code(places: Float[Tensor, "n 2"], width: int) -> Float[Tensor, "n width"]:
    """Code of places, as MAE codes the cells of its patch grid.

    Args:
        places: (x, y) in units of patches.
        width: Channels, a multiple of 4: a quarter each for sin and cos of x, then of y.

    Returns:
        One code per place.
    """
    octaves = torch.arange(width // 4, dtype=torch.float32) / (width // 4)
    angles = places[..., None] / 10000**octaves
    return torch.cat([angles.sin(), angles.cos()], dim=-1).flatten(-2)


def patch_places(side: int) -> Float[Tensor, "n 2"]:
    """Places (x, y) of the patches of a square grid, row by row.

    Args:
        side: Patches along one side.

    Returns:
        Integer places, 0 to side - 1.
    """
    steps = torch.arange(side, dtype=torch.float32)
    return torch.stack(torch.meshgrid(steps, steps, indexing="xy"), dim=-1).flatten(0, 1)


def grid_code(side: int, width: int) -> Float[Tensor, "tokens width"]:
    """Codes of the class token, zeros, and of the patches of a square grid, as in MAE.

    Args:
        side: Patches along one side.
        width: Channels, a multiple of 4.

    Returns:
        One code per token, 1 + side² in all.
    """
    places = place_code(patch_places(side), width)
    return torch.cat([torch.zeros_like(places[:1]), places])


def spread_places(count: int) -> Float[Tensor, "n 2"]:
    """Places spread evenly over the square [-1, 1]² (the R2 low-discrepancy sequence).

    Args:
        count: Number of places.

    Returns:
        (x, y) per place.
    """
    plastic = 1.32471795724474602596
    steps = torch.arange(1, count + 1, dtype=torch.float64)[:, None]
    ratios = torch.tensor([1 / plastic, 1 / plastic**2], dtype=torch.float64)
    return (2 * ((0.5 + steps * ratios) % 1) - 1).float()
