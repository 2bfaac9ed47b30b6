"""Fixed sine-cosine position embeddings, and the places that they encode."""

import torch
from jaxtyping import Float
from torch import Tensor


def sincos_embedding(places: Float[Tensor, "n 2"], width: int) -> Float[Tensor, "n width"]:
    """Embed places by sines and cosines, as MAE embeds the cells of its patch grid.

    Args:
        places: (x, y) in units of patches.
        width: Channels, a multiple of 4: a quarter each for sin and cos of x, then of y.

    Returns:
        One embedding per place.
    """
    octaves = torch.arange(width // 4, dtype=torch.float32) / (width // 4)
    angles = places[..., None] / 10000**octaves
    return torch.cat([angles.sin(), angles.cos()], dim=-1).flatten(-2)


def patch_coordinates(side: int) -> Float[Tensor, "n 2"]:
    """Return the coordinates (x, y) of the patches of a square grid, row by row.

    Args:
        side: Patches along one side.

    Returns:
        Integers from 0 to side - 1, in units of patches.
    """
    steps = torch.arange(side, dtype=torch.float32)
    return torch.stack(torch.meshgrid(steps, steps, indexing="xy"), dim=-1).flatten(0, 1)


def sincos_grid_embedding(side: int, width: int) -> Float[Tensor, "tokens width"]:
    """Embed the class token, by zeros, and the patches of a square grid, as MAE does.

    Args:
        side: Patches along one side.
        width: Channels, a multiple of 4.

    Returns:
        One embedding per token, 1 + side² in all.
    """
    patches = sincos_embedding(patch_coordinates(side), width)
    return torch.cat([torch.zeros_like(patches[:1]), patches])


def low_discrepancy_grid(count: int) -> Float[Tensor, "n 2"]:
    """Spread places evenly over the square [-1, 1]² by the R2 low-discrepancy sequence.

    Args:
        count: Number of places.

    Returns:
        (x, y) per place.
    """
    plastic = 1.32471795724474602596
    steps = torch.arange(1, count + 1, dtype=torch.float64)[:, None]
    ratios = torch.tensor([1 / plastic, 1 / plastic**2], dtype=torch.float64)
    return (2 * ((0.5 + steps * ratios) % 1) - 1).float()
