"""Clusters of points: chains of neighbors."""

import numpy as np
from jaxtyping import Float, Int

FINENESS = 4
"""Points are thinned to the middles of cells of this part of the radius (ours). Trained offsets
crowd all points of an object into a few radii, where the pairs would be too many to list."""


def clusters(points: Float[np.ndarray, "p 3"], radius: float) -> Int[np.ndarray, " p"]:
    """Find the connected components of the graph that joins points closer than a radius.

    Points that share a cell of `radius / FINENESS` count as one, at their mean, so distances are
    exact to within half a radius.

    Args:
        points: Positions; may be none.
        radius: Largest distance of neighbors, in the units of the points, > 0.

    Returns:
        Number of each point's cluster, from 0.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import KDTree

    cells = np.floor(points / (radius / FINENESS)).astype(np.int64)
    found, cell_of, counts = np.unique(cells, axis=0, return_inverse=True, return_counts=True)
    cell_of = cell_of.reshape(-1)
    middles = np.zeros((len(found), 3))
    np.add.at(middles, cell_of, points)
    middles /= counts[:, None]
    pairs = KDTree(middles).query_pairs(radius, output_type="ndarray")
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=[len(found)] * 2)
    _, component = connected_components(graph, directed=False)
    return component[cell_of]
