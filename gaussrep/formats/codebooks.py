"""Codebooks of numbers and palettes of vectors, by k-means; exact where few values are distinct."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

ITERATIONS = 40
"""Largest number of iterations of k-means of numbers; a design choice."""
QUANTILES = 512
"""Quantiles by which its first entries are chosen."""
LARGEST_WIDTH = 0.2
"""Largest share of the range without its ends that counts between two of them, so that a value
far away does not get many entries."""
VECTOR_ITERATIONS = 8
"""Iterations of k-means of vectors; a design choice."""
CHUNK = 2**26
"""Largest number of distances in memory at once."""


@dataclass(frozen=True, slots=True)
class Codes:
    """Entries, and the entry of every value.

    Args:
        entries: float32, ascending numbers [K] or vectors [K, D].
        labels: Index of each value's entry, of the shape of the values.
    """

    entries: np.ndarray
    labels: np.ndarray


def quantize_numbers(values: np.ndarray, count: int) -> Codes:
    """Choose few numbers that are near many.

    Args:
        values: Finite numbers, of any shape and at least one.
        count: Largest number of entries.

    Returns:
        The distinct values where they are at most `count`; otherwise the result of Lloyd's
        algorithm, from entries whose density is the cube root of the values' density.
    """
    ordered = np.sort(values, axis=None).astype(np.float64)
    distinct = ordered[np.concatenate([[True], np.diff(ordered) > 0])]
    if len(distinct) > count:
        distinct = np.unique(_lloyd(ordered, _spread(ordered, count)).astype(np.float32))
    entries = distinct.astype(np.float64)
    labels = np.searchsorted((entries[1:] + entries[:-1]) / 2, values)
    return Codes(distinct, labels)


def _spread(ordered: np.ndarray, count: int) -> np.ndarray:
    """Choose first entries by density, as is optimal for many entries (Panter and Dite, 1951)."""
    edges = np.quantile(ordered, np.linspace(0, 1, QUANTILES + 1))
    widths = np.diff(edges)
    widths = widths.clip(0, LARGEST_WIDTH * (edges[-2] - edges[1]))
    total = np.concatenate([[0], np.cumsum(np.cbrt(widths) ** 2)])
    return np.interp((np.arange(count) + 0.5) / count * total[-1], total, edges)


def _lloyd(ordered: np.ndarray, entries: np.ndarray) -> np.ndarray:
    sums = np.concatenate([[0], np.cumsum(ordered)])
    for _ in range(ITERATIONS):
        inner = np.searchsorted(ordered, (entries[1:] + entries[:-1]) / 2)
        ends = np.concatenate([[0], inner, [len(ordered)]])
        sizes = np.diff(ends)
        means = np.diff(sums[ends]) / np.maximum(sizes, 1)
        moved = np.where(sizes > 0, means, entries)
        if np.array_equal(moved, entries):
            break
        entries = moved
    return entries


def quantize_vectors(vectors: np.ndarray, count: int) -> Codes:
    """Choose few vectors that are near many.

    Args:
        vectors: float32, [N, D], at least one.
        count: Largest number of entries.

    Returns:
        The distinct vectors where they are at most `count`; otherwise the result of k-means in
        two levels: a root of `count` groups, and in every group entries of its own.
    """
    exact = _distinct(vectors, count)
    if exact is not None:
        return exact
    points = torch.from_numpy(np.ascontiguousarray(vectors, np.float32))
    generator = torch.Generator().manual_seed(0)
    groups, members = _k_means(points, round(count**0.5), generator)
    sizes = torch.bincount(members, minlength=len(groups))
    shares = _share(sizes, count)
    order = torch.argsort(members, stable=True)
    entries, labels = [], torch.empty(len(points), dtype=torch.long)
    start, first = 0, 0
    for size, share in zip(sizes.tolist(), shares.tolist(), strict=True):
        rows = order[start : start + size]
        if size:
            own, places = _k_means(points[rows], share, generator)
            labels[rows] = places + first
            entries.append(own)
            first += len(own)
        start += size
    return Codes(torch.cat(entries).numpy(), labels.numpy())


def _distinct(vectors: np.ndarray, count: int) -> Codes | None:
    """Find the distinct vectors if there are at most `count`."""
    words = np.ascontiguousarray(vectors + np.float32(0)).view(np.uint32).astype(np.uint64)
    factors = np.random.default_rng(0).integers(1, 2**63, words.shape[1], np.uint64) | np.uint64(1)
    _, first, labels = np.unique(words @ factors, return_index=True, return_inverse=True)
    if len(first) > count or not np.array_equal(vectors[first][labels], vectors):
        return None
    return Codes(vectors[first], labels)


def _share(sizes: Tensor, count: int) -> Tensor:
    """Divide `count` entries among groups by their sizes, at least one each."""
    exact = sizes.double() * (count - len(sizes)) / sizes.sum()
    return 1 + exact.floor().long()


def _k_means(points: Tensor, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Compute centers, [count, D], and the nearest center of every point."""
    count = min(count, len(points))
    centers = points[torch.randperm(len(points), generator=generator)[:count]]
    labels = _nearest(points, centers)
    for _ in range(VECTOR_ITERATIONS):
        sizes = torch.bincount(labels, minlength=count)
        sums = torch.zeros_like(centers).index_add_(0, labels, points)
        means = sums / sizes.clamp_min(1)[:, None]
        centers = torch.where(sizes[:, None] > 0, means, centers)
        labels = _nearest(points, centers)
    return centers, labels


def _nearest(points: Tensor, centers: Tensor) -> Tensor:
    squares = centers.square().sum(1)
    step = max(1, CHUNK // len(centers))
    parts = [
        torch.addmm(squares, part, centers.T, alpha=-2).argmin(1) for part in points.split(step)
    ]
    return torch.cat(parts)
