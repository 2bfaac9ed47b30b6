"""Stable radix sort by depth."""

import numpy as np

from gaussrep.kernels.jit import inline_jit_alloc

DIGIT = 11
BUCKETS = 1 << DIGIT


@inline_jit_alloc
def sort_by_depth(keys: np.ndarray) -> np.ndarray:
    """Places of the keys in ascending order, ties as they come.

    Args:
        keys: Depths > 0 as the bits of float32 numbers, which order alike, uint32; overwritten.

    Returns:
        Indices into the keys, int32.
    """
    count = len(keys)
    values, other_values = np.empty(count, np.int32), np.empty(count, np.int32)
    for i in range(count):
        values[i] = i
    other_keys = np.empty(count, np.uint32)
    places = np.empty(BUCKETS, np.int64)
    for shift in (0, DIGIT, 2 * DIGIT):
        for bucket in range(BUCKETS):
            places[bucket] = 0
        for i in range(count):
            places[(keys[i] >> shift) & (BUCKETS - 1)] += 1
        total = 0
        for bucket in range(BUCKETS):
            total, places[bucket] = total + places[bucket], total
        for i in range(count):
            bucket = (keys[i] >> shift) & (BUCKETS - 1)
            place = places[bucket]
            places[bucket] = place + 1
            other_keys[place], other_values[place] = keys[i], values[i]
        keys, other_keys = other_keys, keys
        values, other_values = other_values, values
    return values
