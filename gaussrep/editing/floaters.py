"""Removal of floaters: Gaussians far from all others."""

from gaussrep.editing.scenes import check_one_scene
from gaussrep.errors import ValueRangeError
from gaussrep.gaussians import Gaussians
from gaussrep.neighbors import nearest_neighbors
from gaussrep.runtime.console import Progress

ONE_DEVIATION = 0.8413
"""Fraction of a normal distribution that is below one standard deviation."""
SMALLEST_DEVIATION = 0.25
"""Smallest standard deviation of logarithms, so that a regular grid has no floaters."""


def remove_floaters(
    gaussians: Gaussians, deviations: float | int = 2, neighbors: int = 16
) -> Gaussians:
    """Remove floaters, the Gaussians that are far from their neighbors.

    This is the statistical outlier removal (SOR) of point clouds (Rusu et al., "Towards 3D point
    cloud based object maps for household environments", 2008). It takes logarithms of distances,
    which range over orders of magnitude in a scene, their median, and as standard deviation the
    difference of the 84th percentile and the median, at least 1/4: far floaters do not hide the
    near ones. These are design choices. A cluster of more than `neighbors` floaters stays.

    Args:
        gaussians: One scene, [N].
        deviations: Standard deviations above the median from which a Gaussian is a floater, > 0.
        neighbors: Number of nearest other Gaussians whose mean distance counts, at least 1.

    Returns:
        New Gaussians in the same order. A scene of at most `neighbors` Gaussians stays as it is.

    Raises:
        ShapeError: If there are batch axes.
        ValueRangeError: If an argument is out of range.
    """
    check_one_scene(gaussians)
    if not deviations > 0 or neighbors < 1:
        raise ValueRangeError(
            f"deviations is {deviations} and neighbors is {neighbors}, expected a positive number "
            "and at least 1."
        )
    if gaussians.count <= neighbors:
        return gaussians
    means = gaussians.means.detach().double()
    with Progress("removing floaters"):
        found = nearest_neighbors(means, means, neighbors + 1)
    distances = found.distances[:, 1:].mean(-1)
    apart = distances > 0
    logs = distances.where(apart, distances[apart].min() if apart.any() else 1.0).log()
    ordered = logs.sort().values
    median, upper = (ordered[int(fraction * (len(logs) - 1))] for fraction in (0.5, ONE_DEVIATION))
    limit = median + deviations * (upper - median).clamp_min(SMALLEST_DEVIATION)
    return gaussians.prune(logs <= limit)
