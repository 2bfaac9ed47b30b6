"""k-means."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

ROUNDS = 50
"""At most; it stops where nothing moves any more."""

FITTED = 20_000
"""Rows that centres are fitted to; all rows are assigned."""


def k_means(rows: Float[Tensor, "n d"], clusters: int, seed: int = 0) -> Int[Tensor, " n"]:
    """Group rows around means (Lloyd's algorithm, started by k-means++).

    Args:
        rows: The data.
        clusters: How many groups, >= 1.
        seed: Of the first centres and the rows that are fitted.

    Returns:
        The group of each row.
    """
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(rows), generator=generator).to(rows.device)
    fitted = rows[order[:FITTED]]
    centres = _start(fitted, clusters, generator)
    nearest = torch.cdist(fitted, centres).argmin(1)
    for _ in range(ROUNDS):
        sums = torch.zeros_like(centres).index_add(0, nearest, fitted)
        counts = nearest.bincount(minlength=clusters)[:, None]
        centres = torch.where(counts > 0, sums / counts.clamp_min(1), centres)
        before, nearest = nearest, torch.cdist(fitted, centres).argmin(1)
        if torch.equal(before, nearest):
            break
    return torch.cat([torch.cdist(part, centres).argmin(1) for part in rows.split(FITTED)])


def _start(rows: Tensor, clusters: int, generator: torch.Generator) -> Tensor:
    """Each centre a row, drawn with a chance that grows with the distance to those before."""
    centres = rows[:1]
    while len(centres) < clusters:
        chances = torch.cdist(rows, centres).amin(1).square().cpu() + 1e-12
        chosen = torch.multinomial(chances, 1, generator=generator).to(rows.device)
        centres = torch.cat([centres, rows[chosen]])
    return centres
