"""Codebooks of numbers and palettes of vectors, by k-means; exact if few values are distinct."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gaussrep.formats.format import divide_rows

ITERATIONS = 40
"""Largest number of iterations of k-means of numbers; a design choice."""
QUANTILES = 512
"""Quantiles by which its first entries are chosen."""
LARGEST_WIDTH = 0.2
"""Largest fraction of the range without its ends that counts between two of them, so that a value
far away does not get many entries."""
VECTOR_ITERATIONS = 8
"""Iterations of k-means of vectors; a design choice."""
FEW = 2**13
"""Vectors that are gathered, or compared with all centers, at a time; a design choice."""
NUMBERS = 2**15
"""Numbers whose entries are found at a time; a design choice."""
DENSE = 2**7
"""Spacing of the stored prefix sums; a design choice."""
CELLS = 2**14
"""Cells of the table by which entries are found; a design choice."""
MOST_COMPARED = 6
"""Limits in one cell above which a search by halves is faster."""


@dataclass(frozen=True, slots=True)
class Codes:
    """Entries, and the entry of every value.

    Args:
        entries: Ascending numbers [K], or vectors [K, D].
        labels: Index of each value's entry, of the shape of the values.
    """

    entries: np.ndarray
    labels: np.ndarray


class Vectors:
    """Vectors that are gathered few at a time.

    Args:
        rows: Rows of which the vectors are the ends, float32 [N, at least D].
        order: The row of each vector, [N]; by default they are in order.
        first: Column with which the vectors begin.
    """

    def __init__(self, rows: Tensor, order: Tensor | None = None, first: int = 0) -> None:
        self._rows, self._order, self._first = rows, order, first

    def __len__(self) -> int:
        return len(self._rows)

    def take(self, places: Tensor | slice) -> Tensor:
        """Gather vectors.

        Args:
            places: Indices, or a range.

        Returns:
            Vectors, [n, D].
        """
        if self._order is not None:
            places = self._order[places]
        found = (
            self._rows[places] if isinstance(places, slice) else self._rows.index_select(0, places)
        )
        return found[:, self._first :]

    def parts(self) -> Iterator[tuple[slice, Tensor]]:
        """Gather all, few at a time.

        Yields:
            A range, and its vectors.
        """
        for part in divide_rows(len(self), FEW):
            yield part, self.take(part)


def quantize_numbers(values: np.ndarray, count: int) -> Codes:
    """Quantize numbers to a codebook by k-means.

    Args:
        values: Finite numbers, of any shape and at least one.
        count: Largest number of entries, at most 256.

    Returns:
        The distinct values if they are at most `count`; otherwise the result of Lloyd's
        algorithm, from entries whose density is the cube root of the values' density. Labels are
        bytes.
    """
    entries = choose_numbers(np.sort(values, axis=None), count)
    return Codes(entries, nearest_numbers(values, entries))


def choose_numbers(ordered: np.ndarray, count: int) -> np.ndarray:
    """Choose the entries of `quantize_numbers`.

    Args:
        ordered: The values, ascending, float32 or float64 [N].
        count: Largest number of entries.

    Returns:
        Entries, ascending.
    """
    is_new = ordered[1:] > ordered[:-1]
    if np.count_nonzero(is_new) < count:
        return ordered[np.concatenate([[True], is_new])].astype(np.float64)
    return np.unique(_lloyd(ordered, _spread(ordered, count)).astype(np.float32))


def nearest_numbers(values: np.ndarray, entries: np.ndarray) -> np.ndarray:
    """Find the nearest entry of every value.

    Args:
        values: Numbers, of any shape but a single one.
        entries: At most 256, ascending.

    Returns:
        Indices, bytes of the shape of the values.
    """
    wide = entries.astype(np.float64)
    limits = (wide[1:] + wide[:-1]) / 2
    labels, numbers = np.empty(values.size, np.uint8), values.reshape(-1)
    search = _make_search(limits)
    for part in divide_rows(values.size, NUMBERS):
        labels[part] = search(numbers[part])
    return labels.reshape(values.shape)


def _make_search(limits: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Make a function that counts the limits below numbers, as `searchsorted` does.

    A table over even cells of the range holds how many limits are in cells before; those of a
    number's own cell are compared one after another, unless they are many. That takes a quarter of
    the time.
    """
    if len(limits) < 2 or limits[-1] - limits[0] < np.finfo(np.float32).tiny:
        return limits.searchsorted
    low, scale = limits[0], CELLS / (limits[-1] - limits[0])

    def find_cells(numbers: np.ndarray) -> np.ndarray:
        """Compute cells by operations that never decrease where numbers increase."""
        return ((numbers - low) * scale).clip(0, CELLS - 1).astype(np.int32)

    counts = np.bincount(find_cells(limits), minlength=CELLS)
    if counts.max() > MOST_COMPARED:
        return limits.searchsorted
    before = (counts.cumsum() - counts).astype(np.uint8)
    padded = np.append(limits, np.inf)

    def count_below(numbers: np.ndarray) -> np.ndarray:
        wide = numbers.astype(np.float64)
        labels = before.take(find_cells(wide))
        for _ in range(counts.max()):
            labels += padded.take(labels) < wide
        return labels

    return count_below


def _spread(ordered: np.ndarray, count: int) -> np.ndarray:
    """Choose first entries by density, as is optimal for many entries (Panter and Dite, 1951)."""
    edges = _quantiles(ordered)
    widths = np.diff(edges)
    widths = widths.clip(0, LARGEST_WIDTH * (edges[-2] - edges[1]))
    total = np.concatenate([[0], np.cumsum(np.cbrt(widths) ** 2)])
    return np.interp((np.arange(count) + 0.5) / count * total[-1], total, edges)


def _quantiles(ordered: np.ndarray) -> np.ndarray:
    """Compute quantiles as `np.quantile` does, which would copy the values."""
    places = (len(ordered) - 1) * np.linspace(0, 1, QUANTILES + 1)
    below = np.floor(places).astype(np.intp)
    above = (below + 1).clip(max=len(ordered) - 1)
    low, high = ordered[below].astype(np.float64), ordered[above].astype(np.float64)
    fraction = places - below
    widths = high - low
    return np.where(fraction < 0.5, low + widths * fraction, high - widths * (1 - fraction))


class _Sums:
    """Sums of the first numbers; few of them are kept."""

    def __init__(self, numbers: np.ndarray) -> None:
        whole = numbers[: len(numbers) // DENSE * DENSE].reshape(-1, DENSE)
        sums = whole.sum(axis=1, dtype=np.float64)
        self._numbers, self._kept = numbers, np.append(0, sums.cumsum())

    def __call__(self, ends: np.ndarray) -> np.ndarray:
        blocks = ends // DENSE
        places = blocks[:, None] * DENSE + np.arange(DENSE)
        found = self._numbers.take(places, mode="clip")
        rest = np.where(places < ends[:, None], found, 0).sum(axis=1, dtype=np.float64)
        return self._kept[blocks] + rest


def _lloyd(ordered: np.ndarray, entries: np.ndarray) -> np.ndarray:
    sums = _Sums(ordered)
    for _ in range(ITERATIONS):
        inner = _first_above(ordered, (entries[1:] + entries[:-1]) / 2)
        ends = np.concatenate([[0], inner, [len(ordered)]])
        sizes = np.diff(ends)
        means = np.diff(sums(ends)) / np.maximum(sizes, 1)
        moved = np.where(sizes > 0, means, entries)
        if np.array_equal(moved, entries):
            break
        entries = moved
    return entries


def _first_above(ordered: np.ndarray, limits: np.ndarray) -> np.ndarray:
    """Find the first number at or above each limit; NumPy would copy float32 as float64."""
    near = limits.astype(ordered.dtype)
    return np.searchsorted(ordered, np.where(near < limits, np.nextafter(near, np.inf), near))


def quantize_vectors(vectors: Vectors, count: int) -> Codes:
    """Quantize vectors to a codebook by k-means.

    Args:
        vectors: At least one.
        count: Largest number of entries, at most 65,536.

    Returns:
        The distinct vectors if they are at most `count`; otherwise the result of k-means in
        two levels: a root of `count` groups, and in every group entries of its own. Labels are of
        16 bits.
    """
    exact = _distinct(vectors, count)
    if exact is not None:
        return exact
    generator = torch.Generator().manual_seed(0)
    groups, members = _k_means(vectors, round(count**0.5), generator)
    sizes = torch.bincount(members, minlength=len(groups))
    counts = _divide(sizes, count)
    order = torch.argsort(members.to(torch.int16), stable=True).to(torch.int32)
    entries, labels = groups.new_empty(int(counts.sum()), groups.shape[1]), members
    start, first = 0, 0
    for size, entry_count in zip(sizes.tolist(), counts.tolist(), strict=True):
        rows = order[start : start + size].long()
        if size:
            inside = Vectors(vectors.take(rows).contiguous())
            own, places = _k_means(inside, entry_count, generator)
            labels[rows] = places + first
            entries[first : first + len(own)] = own
            first += len(own)
        start += size
    return Codes(entries[:first].numpy(), labels.numpy().astype(np.uint16))


def _distinct(vectors: Vectors, count: int) -> Codes | None:
    """Find the distinct vectors if there are at most `count`."""
    hashes = np.empty(len(vectors), np.uint64)
    for part, few in vectors.parts():
        words = (few.numpy() + np.float32(0)).view(np.uint32).astype(np.uint64)
        hashes[part] = words @ _factors(words.shape[1])
    if len(np.unique(hashes[: 2 * count])) > count:
        return None
    _, first, labels = np.unique(hashes, return_index=True, return_inverse=True)
    if len(first) > count:
        return None
    entries = vectors.take(torch.from_numpy(first)).numpy()
    if any(not np.array_equal(entries[labels[part]], few.numpy()) for part, few in vectors.parts()):
        return None
    return Codes(entries, labels.astype(np.uint16))


def _factors(width: int) -> np.ndarray:
    return np.random.default_rng(0).integers(1, 2**63, width, np.uint64) | np.uint64(1)


def _divide(sizes: Tensor, count: int) -> Tensor:
    """Divide `count` entries among groups by their sizes, at least one each."""
    exact = sizes.double() * (count - len(sizes)) / sizes.sum()
    return 1 + exact.floor().long()


def _k_means(vectors: Vectors, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Compute centers, [count, D], and the nearest center of every vector."""
    count = min(count, len(vectors))
    centers = vectors.take(torch.randperm(len(vectors), generator=generator)[:count])
    labels = _nearest(vectors, centers)
    for _ in range(VECTOR_ITERATIONS):
        sizes = torch.bincount(labels, minlength=count)
        sums = torch.zeros_like(centers)
        for part, few in vectors.parts():
            sums.index_add_(0, labels[part], few)
        means = sums / sizes.clamp_min(1)[:, None]
        centers = torch.where(sizes[:, None] > 0, means, centers)
        labels = _nearest(vectors, centers)
    return centers, labels


def _nearest(vectors: Vectors, centers: Tensor) -> Tensor:
    squares = centers.square().sum(1)
    labels = torch.empty(len(vectors), dtype=torch.int32)
    for part, few in vectors.parts():
        labels[part] = torch.addmm(squares, few, centers.T, alpha=-2).argmin(1)
    return labels
