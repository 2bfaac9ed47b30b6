"""k-means."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

ROUNDS = 50
"""At most; it stops where nothing moves any more."""

FITTED = 20_000
"""Rows that centers are fitted to; all rows are assigned."""


def k_means(rows: Float[Tensor, "n d"], clusters: int, seed: int = 0) -> Int[Tensor, " n"]:
    """Group rows around means (Lloyd's algorithm, started by k-means++).

    Args:
        rows: The data.
        clusters: How many groups, >= 1.
        seed: Of the first centers and the rows that are fitted.

    Returns:
        The group of each row.
    """
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(rows), generator=generator).to(rows.device)
    fitted = rows[order[:FITTED]]
    centers = _start(fitted, clusters, generator)
    nearest = torch.cdist(fitted, centers).argmin(1)
    for _ in range(ROUNDS):
        sums = torch.zeros_like(centers).index_add(0, nearest, fitted)
        counts = nearest.bincount(minlength=clusters)[:, None]
        centers = torch.where(counts > 0, sums / counts.clamp_min(1), centers)
        before, nearest = nearest, torch.cdist(fitted, centers).argmin(1)
        if torch.equal(before, nearest):
            break
    return torch.cat([torch.cdist(part, centers).argmin(1) for part in rows.split(FITTED)])


def _start(rows: Tensor, clusters: int, generator: torch.Generator) -> Tensor:
    """Each center a row, drawn with a chance that grows with the distance to those before."""
    centers = rows[:1]
    while len(centers) < clusters:
        chances = torch.cdist(rows, centers).amin(1).square().cpu() + 1e-12
        chosen = torch.multinomial(chances, 1, generator=generator).to(rows.device)
        centers = torch.cat([centers, rows[chosen]])
    return centers
