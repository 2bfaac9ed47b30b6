"""Zero-shot layers, edges, figures and depth (paper: zero-shot tasks).

All of them are computed from the Gaussians of whole images, nothing masked, without training for
them.
"""

from gaussrep_gmae.layers.depth import (
    cumulative_layers,
    depth_map,
    depth_ranks,
    discontinuities,
    layer_map,
    render_nearest,
    render_subsets,
    sort_by_depth,
)
from gaussrep_gmae.layers.edges import color_gradient, edges
from gaussrep_gmae.layers.figure import FigureRule, color_clusters, figure_mask
from gaussrep_gmae.layers.sliding_window import sliding_window_inference

__all__ = [
    "FigureRule",
    "color_clusters",
    "color_gradient",
    "cumulative_layers",
    "depth_map",
    "depth_ranks",
    "discontinuities",
    "edges",
    "figure_mask",
    "layer_map",
    "render_nearest",
    "render_subsets",
    "sliding_window_inference",
    "sort_by_depth",
]
