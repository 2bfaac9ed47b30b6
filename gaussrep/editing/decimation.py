"""Decimation: merge pairs of Gaussians so that images change as little as possible."""

import numpy as np
import torch
from torch import Tensor

from gaussrep import quaternions, sh
from gaussrep.checks import check_finite
from gaussrep.editing.morton import morton_codes
from gaussrep.editing.pairs import BLOCK, Cloud, compute_costs, keep_best, merge_pairs
from gaussrep.editing.scenes import check_one_scene
from gaussrep.errors import ValueRangeError
from gaussrep.gaussians import Gaussians
from gaussrep.kernels import launch
from gaussrep.runtime.console import Progress

CURVES = 3
"""Morton curves per round, each from another corner, so that close Gaussians are adjacent on
at least one."""
REACH = 4
"""Number of next Gaussians on a curve that are candidates of a merge."""
MERGED_FRACTION = 0.1
"""Largest fraction of the Gaussians that is merged in one round: later rounds use updated costs."""
GOLDEN = 0.6180339887498949
"""Fraction by which the corners of the curves differ."""
UPPER = ([0, 0, 0, 1, 1, 2], [0, 1, 2, 1, 2, 2])
"""Rows and columns of the six numbers of a covariance."""


def decimate(gaussians: Gaussians, count: int) -> Gaussians:
    """Reduce the number of Gaussians of one scene by merging pairs that look alike.

    Two Gaussians, weighted by opacity times area, become one of the same mean and covariance
    (moment matching), with the mean of their colors, SH and features. Its opacity is such that it
    covers the same area as both composited, unless that is above 1; areas are sums over the views
    along x, y and z. The pairs of lowest cost are merged first, in rounds; the cost is the squared
    difference of images before and after, in closed form. Gaussians that are not merged keep
    their values. The costs, and the search along Morton curves, are design choices.

    Args:
        gaussians: One scene, [N], finite; it carries no gradient.
        count: Number of Gaussians to keep, at least 1.

    Returns:
        New Gaussians on the same device, [min(N, count)], in the order of the scene.

    Raises:
        ShapeError: If there are batch axes.
        ValueRangeError: If `count` is below 1, or a value or its square is not finite.

    Examples:
        >>> g = Gaussians(torch.tensor([[0.0, 0, 0], [1, 0, 0], [9, 0, 0]]), torch.ones(3, 4),
        ...               torch.ones(3, 3), torch.full((3,), 0.1), colors=torch.ones(3, 3))
        >>> decimate(g, 2).means[:, 0].tolist()
        [0.5, 9.0]
    """
    check_one_scene(gaussians)
    if count < 1:
        raise ValueRangeError(f"count is {count}, expected at least 1.")
    if gaussians.count <= count:
        return gaussians
    scene = gaussians.detach().to("cpu")
    check_finite(dict(scene.tensors()))
    rounds = _Rounds(_make_cloud(scene))
    with Progress("decimating", total=scene.count - count) as progress:
        while (left := len(rounds.sources) - count) > 0:
            rounds.merge(min(left, max(1, int(MERGED_FRACTION * len(rounds.sources)))))
            progress.update(scene.count - len(rounds.sources))
    return _to_gaussians(scene, rounds).to(gaussians.device)


def _make_cloud(scene: Gaussians) -> Cloud:
    colors = sh.C0 * scene.sh.flatten(1) if scene.sh is not None else scene.colors
    assert colors is not None
    relative = colors - 0.5 if scene.sh is None else colors
    others = scene.means[:, :0] if scene.features is None else scene.features
    covariances = scene.to(torch.float64).covariances()
    return Cloud(
        scene.means.double().numpy().copy(),
        covariances[:, UPPER[0], UPPER[1]].contiguous().numpy(),
        scene.opacities.double().numpy().copy(),
        relative.float().contiguous().numpy().copy(),
        others.float().contiguous().numpy().copy(),
    )


class _Rounds:
    """Rounds of merges.

    Args:
        cloud: All Gaussians.

    Attributes:
        cloud: The Gaussians that are left.
        sources: Their numbers in the scene, int64.
        is_merged: Whether each was merged.
    """

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.sources = np.arange(len(cloud.means))
        self.is_merged = np.zeros(len(cloud.means), bool)
        self._curves = 0

    def merge(self, limit: int) -> None:
        """Merge up to a number of pairs, at least one."""
        lowest, partners = self._find_partners()
        states = np.zeros(len(self.sources), np.int8)
        ranking = np.argsort(lowest, kind="stable")
        if not merge_pairs(self.cloud, ranking, partners, limit, states):
            raise ValueRangeError(
                "the scene cannot be decimated: squares of its lengths or colors are too large; "
                "normalize it with a Cuboid, or crop it."
            )
        kept = states < 2
        self.is_merged = (self.is_merged | (states == 1))[kept]
        self.sources = self.sources[kept]
        self.cloud = Cloud(*(table[kept] for table in self.cloud))

    def _find_partners(self) -> tuple[np.ndarray, np.ndarray]:
        count = len(self.sources)
        lowest, partners = np.full(count, np.inf), np.full(count, -1)
        costs = np.empty((count, REACH))
        points = torch.from_numpy(self.cloud.means)
        for _ in range(CURVES):
            self._curves += 1
            offset = self._curves * GOLDEN % 1
            order = morton_codes(points, offset).argsort(stable=True).numpy()
            launch(compute_costs, -(-count // BLOCK), self.cloud, order, costs)
            keep_best(order, costs, lowest, partners)
        return lowest, partners


def _to_gaussians(scene: Gaussians, rounds: _Rounds) -> Gaussians:
    """Combine untouched Gaussians of the scene with merged ones."""
    merged = torch.from_numpy(rounds.is_merged)
    kept = scene[torch.from_numpy(rounds.sources)]
    found = [torch.from_numpy(table[rounds.is_merged]) for table in rounds.cloud]
    means, covariances, opacities, colors, others = found
    quats, scales = _factor(covariances)
    new = {"means": means, "quats": quats, "scales": scales, "opacities": opacities}
    new |= {"colors": colors + 0.5} if kept.sh is None else {"sh": colors / sh.C0}
    new |= {} if kept.features is None else {"features": others}

    def put(name: str, tensor: Tensor) -> Tensor:
        tensor[merged] = new[name].to(tensor.dtype).reshape(tensor[merged].shape)
        return tensor

    return kept.replace(**{name: put(name, tensor) for name, tensor in kept.tensors()})


def _factor(covariances: Tensor) -> tuple[Tensor, Tensor]:
    """Factor the six numbers of covariances into quaternions and standard deviations."""
    full = covariances.new_empty(len(covariances), 3, 3)
    full[:, UPPER[0], UPPER[1]] = full[:, UPPER[1], UPPER[0]] = covariances
    variances, axes = torch.linalg.eigh(full)
    axes = axes * axes.det().sign()[:, None, None]
    smallest = torch.finfo(torch.float32).tiny
    return quaternions.from_matrix(axes), variances.clamp_min(0).sqrt().clamp_min(smallest)
