"""k-means clustering."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

MAX_ITERATIONS = 50
"""Largest number of iterations; fewer if no assignment changes."""

MAX_FIT_ROWS = 20_000
"""Largest number of rows that centers are fitted to; all rows are assigned."""


def k_means(rows: Float[Tensor, "n d"], clusters: int, seed: int = 0) -> Int[Tensor, " n"]:
    """Cluster rows by Lloyd's algorithm, initialized by k-means++.

    Args:
        rows: The data.
        clusters: Number of clusters, >= 1.
        seed: Seed of the initial centers and of the rows that are fitted.

    Returns:
        Cluster of each row.
    """
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(rows), generator=generator).to(rows.device)
    fitted = rows[order[:MAX_FIT_ROWS]]
    centers = _init_centers(fitted, clusters, generator)
    nearest = torch.cdist(fitted, centers).argmin(1)
    for _ in range(MAX_ITERATIONS):
        sums = torch.zeros_like(centers).index_add(0, nearest, fitted)
        counts = nearest.bincount(minlength=clusters)[:, None]
        centers = torch.where(counts > 0, sums / counts.clamp_min(1), centers)
        before, nearest = nearest, torch.cdist(fitted, centers).argmin(1)
        if torch.equal(before, nearest):
            break
    return torch.cat([torch.cdist(part, centers).argmin(1) for part in rows.split(MAX_FIT_ROWS)])


def _init_centers(rows: Tensor, clusters: int, generator: torch.Generator) -> Tensor:
    """Draw rows as centers, with probability proportional to their squared distance to others."""
    centers = rows[:1]
    while len(centers) < clusters:
        weights = torch.cdist(rows, centers).amin(1).square().cpu() + 1e-12
        chosen = torch.multinomial(weights, 1, generator=generator).to(rows.device)
        centers = torch.cat([centers, rows[chosen]])
    return centers
