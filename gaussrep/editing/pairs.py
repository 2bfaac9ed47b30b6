"""Kernels of decimation: the cost of merging two Gaussians, the choice of pairs, and the merge.

Gaussian i is drawn as an image o G(x) of opacity o, where G has the covariance of two of the three
axes. Areas, and the costs in them, are sums over the views along x, y and z.
"""

from math import exp, sqrt
from typing import Any, NamedTuple

import numpy as np

from gaussrep.kernels import NONE, Tasks, claim, inline_jit, kernel

TINY = 1e-300
BLOCK = 1024
"""Gaussians per task."""


class Cloud(NamedTuple):
    """Gaussians under decimation.

    `covariances` are xx, xy, xz, yy, yz, zz; `areas` are of exp(-x²/2), over 2π; `colors` are
    relative to gray, such that squares are means over all directions; `others` are the features.
    """

    means: np.ndarray
    """float64 [N, 3]."""
    covariances: np.ndarray
    """float64 [N, 6]."""
    opacities: np.ndarray
    """float64 [N]."""
    colors: np.ndarray
    """float32 [N, D]."""
    others: np.ndarray
    """float32 [N, C]."""


@inline_jit
def _minor(xx: float, xy: float, yy: float) -> float:
    return max(xx * yy - xy * xy, TINY)


@inline_jit
def _overlap(
    axx: float, axy: float, ayy: float, bxx: float, bxy: float, byy: float, x: float, y: float
) -> float:
    """Integral of the product of two Gaussians of amplitude 1 at a distance, over 2π."""
    xx, xy, yy = axx + bxx, axy + bxy, ayy + byy
    sum_minor = _minor(xx, xy, yy)
    distance = max((yy * x * x - 2.0 * xy * x * y + xx * y * y) / sum_minor, 0.0)
    if distance > 80.0:
        return 0.0
    areas = sqrt(_minor(axx, axy, ayy)) * sqrt(_minor(bxx, bxy, byy))
    return areas / sqrt(sum_minor) * exp(-0.5 * distance)


@inline_jit
def _overlaps(a: Any, b: Any, x: float, y: float, z: float) -> float:
    """Sum of the overlaps in the three views; `a` and `b` are six numbers of a covariance."""
    return (
        _overlap(a[0], a[1], a[3], b[0], b[1], b[3], x, y)
        + _overlap(a[0], a[2], a[5], b[0], b[2], b[5], x, z)
        + _overlap(a[3], a[4], a[5], b[3], b[4], b[5], y, z)
    )


@inline_jit
def _area(a: Any) -> float:
    return (
        sqrt(_minor(a[0], a[1], a[3]))
        + sqrt(_minor(a[0], a[2], a[5]))
        + sqrt(_minor(a[3], a[4], a[5]))
    )


@inline_jit
def _blend(a: float, b: float, weight: float, spread: float) -> float:
    return a + weight * (b - a) + spread


@inline_jit
def _merged(cloud: Any, i: int, j: int) -> Any:
    """Moments of two Gaussians weighted by opacity times area.

    Returns the weight of j, the six numbers of the covariance, and the opacity that covers the same
    area as both composited, at most 1.
    """
    a, b = cloud.covariances[i], cloud.covariances[j]
    x = cloud.means[j, 0] - cloud.means[i, 0]
    y = cloud.means[j, 1] - cloud.means[i, 1]
    z = cloud.means[j, 2] - cloud.means[i, 2]
    first = cloud.opacities[i] * _area(a)
    second = cloud.opacities[j] * _area(b)
    total = first + second
    weight = second / total if total > 0.0 else 0.5
    between = weight * (1.0 - weight)
    merged = (
        _blend(a[0], b[0], weight, between * x * x),
        _blend(a[1], b[1], weight, between * x * y),
        _blend(a[2], b[2], weight, between * x * z),
        _blend(a[3], b[3], weight, between * y * y),
        _blend(a[4], b[4], weight, between * y * z),
        _blend(a[5], b[5], weight, between * z * z),
    )
    both = cloud.opacities[i] * cloud.opacities[j] * _overlaps(a, b, x, y, z)
    return weight, merged, min((total - both) / _area(merged), 1.0)


@inline_jit
def _cost(cloud: Any, i: int, j: int) -> float:
    """Squared difference of the images of two Gaussians and of the merged one.

    It is integrated over the three views, and averaged over backgrounds of all colors: relative to
    gray, a background of variance 1/12 in each of three channels adds 1/4 times the squared
    difference of opacity.
    """
    weight, merged, opacity = _merged(cloud, i, j)
    aa, ab, bb = 0.25, 0.25, 0.25
    for k in range(cloud.colors.shape[1]):
        p, q = float(cloud.colors[i, k]), float(cloud.colors[j, k])
        aa += p * p
        ab += p * q
        bb += q * q
    am = aa + weight * (ab - aa)
    bm = ab + weight * (bb - ab)
    mm = am + weight * (bm - am)
    a, b = cloud.covariances[i], cloud.covariances[j]
    x = cloud.means[j, 0] - cloud.means[i, 0]
    y = cloud.means[j, 1] - cloud.means[i, 1]
    z = cloud.means[j, 2] - cloud.means[i, 2]
    o, p, rest = cloud.opacities[i], cloud.opacities[j], 1.0 - weight
    alone = o * o * aa * _area(a) + p * p * bb * _area(b) + opacity * opacity * mm * _area(merged)
    return (
        0.5 * alone
        + 2.0 * o * p * ab * _overlaps(a, b, x, y, z)
        - 2.0 * o * opacity * am * _overlaps(a, merged, weight * x, weight * y, weight * z)
        - 2.0 * p * opacity * bm * _overlaps(b, merged, rest * x, rest * y, rest * z)
    )


@kernel
def compute_costs(tasks: Tasks, cloud: Cloud, order: np.ndarray, costs: np.ndarray) -> None:
    """Compute the costs of merging each Gaussian with those after it in an order.

    Args:
        tasks: Blocks of places in the order.
        cloud: The Gaussians.
        order: Their numbers, int64 [N].
        costs: Written: of the place and the next, second next, … one, float64 [N, W].
    """
    count, reach = costs.shape
    block = claim(tasks)
    while block != NONE:
        for place in range(block * BLOCK, min(count, (block + 1) * BLOCK)):
            for step in range(min(reach, count - 1 - place)):
                costs[place, step] = _cost(cloud, order[place], order[place + 1 + step])
        block = claim(tasks)


@kernel
def keep_best(
    order: np.ndarray, costs: np.ndarray, lowest: np.ndarray, partners: np.ndarray
) -> None:
    """Keep the partner of lowest cost of each Gaussian.

    Args:
        order: Numbers of the Gaussians, int64 [N].
        costs: From `compute_costs`, float64 [N, W].
        lowest: Read and written: lowest cost so far, float64 [N].
        partners: Read and written: its partner, int64 [N].
    """
    count, reach = costs.shape
    for place in range(count):
        for step in range(min(reach, count - 1 - place)):
            i, j, cost = order[place], order[place + 1 + step], costs[place, step]
            if cost < lowest[i]:
                lowest[i], partners[i] = cost, j
            if cost < lowest[j]:
                lowest[j], partners[j] = cost, i


@kernel
def merge_pairs(
    cloud: Cloud, ranking: np.ndarray, partners: np.ndarray, limit: int, states: np.ndarray
) -> int:
    """Merge pairs, those of lowest cost first, each Gaussian at most once.

    Args:
        cloud: Read and written: the first of a pair becomes the merged Gaussian.
        ranking: Numbers of the Gaussians by rising cost, int64 [N].
        partners: Partner of each Gaussian, or -1, int64 [N].
        limit: Largest number of merges.
        states: Written: 0 for untouched, 1 for merged, 2 for gone, int8 [N].

    Returns:
        Number of merges.
    """
    done = 0
    for i in ranking:
        j = partners[i]
        if done == limit:
            break
        if j < 0 or states[i] or states[j]:
            continue
        weight, merged, opacity = _merged(cloud, i, j)
        for table in (cloud.colors, cloud.others):
            for k in range(table.shape[1]):
                table[i, k] += weight * (table[j, k] - table[i, k])
        for k in range(3):
            cloud.means[i, k] += weight * (cloud.means[j, k] - cloud.means[i, k])
        for k in range(6):
            cloud.covariances[i, k] = merged[k]
        cloud.opacities[i] = opacity
        states[i], states[j] = 1, 2
        done += 1
    return done
