"""From a cell's vector to its Gaussians."""

from math import pi

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gaussrep import Gaussians
from gaussrep_additive.flat import flat_gaussians

PARTS = {"centers": 2, "sigmas": 2, "angles": 1, "colors": 3}
NUMBERS = sum(PARTS.values())
"""Numbers that say a Gaussian (paper: 8)."""
START_SIGMA = 0.5
"""First standard deviation, in cells."""
REACH = 1.5
"""How many cells a Gaussian may lie away from the middle of its own, along each axis."""


class GaussianHead(nn.Module):
    """A linear layer that says each cell of a grid as a few flat Gaussians.

    At the start they are round, lie around the middles of their cells, and add up to about the gray
    that raw colors of 0 mean: M Gaussians of standard deviation σ per unit of area add up to
    2πσ²M times their color.

    Args:
        width: Length of a cell's vector.
        per_cell: Gaussians of a cell, M.
    """

    def __init__(self, width: int, per_cell: int) -> None:
        super().__init__()
        self.per_cell = per_cell
        self.linear = nn.Linear(width, per_cell * NUMBERS)
        self.share = 1 / (2 * pi * START_SIGMA**2 * per_cell)

    def forward(
        self, cells: Float[Tensor, "b rows columns width"], height: int, width: int
    ) -> Gaussians:
        """Say the cells of pictures in Gaussians.

        Args:
            cells: The encoder's grid over each picture.
            height: Of the pictures, in pixels.
            width: Of the pictures, in pixels.

        Returns:
            Gaussians in the frame, [B, rows · columns · per_cell], float32.
        """
        rows, columns = cells.shape[1:3]
        raw = self.linear(cells).float().unflatten(-1, (self.per_cell, NUMBERS))
        raw_centers, raw_sigmas, raw_angles, raw_colors = raw.split(list(PARTS.values()), -1)
        size = raw.new_tensor([width, height]) * 2 / max(width, height)
        cell = size / raw.new_tensor([columns, rows])
        middles = cell * _grid(raw, rows, columns) - size / 2
        return flat_gaussians(
            (middles[:, :, None] + REACH * cell * raw_centers.tanh()).flatten(1, 3),
            (START_SIGMA * cell * raw_sigmas.clamp(-3, 3).exp()).flatten(1, 3),
            raw_angles.flatten(1),
            (self.share * (0.5 + raw_colors)).flatten(1, 3),
        )


def _grid(like: Tensor, rows: int, columns: int) -> Float[Tensor, "rows columns 2"]:
    """Middles of cells, in cells."""
    x, y = torch.arange(columns).to(like) + 0.5, torch.arange(rows).to(like) + 0.5
    return torch.stack(torch.meshgrid(x, y, indexing="xy"), -1)
