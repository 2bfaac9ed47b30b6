"""What GMAE finds without being asked: layers, edges, figures and depth (paper: zero-shot tasks).

All of it is read off the Gaussians of whole images, nothing masked, and of their order in depth.
"""

from gaussrep_gmae.layers.depth_map import depth_map
from gaussrep_gmae.layers.edges import edges
from gaussrep_gmae.layers.figure import FigureRule, figure_mask
from gaussrep_gmae.layers.layer_map import jumps, layer_map
from gaussrep_gmae.layers.order import depth_ranks, order_by_depth
from gaussrep_gmae.layers.photograph import look_at_photograph
from gaussrep_gmae.layers.prefixes import depth_prefixes, render_first, render_kept
from gaussrep_gmae.layers.surfaces import visible_surfaces
from gaussrep_gmae.layers.windows import through_windows

__all__ = [
    "FigureRule",
    "depth_map",
    "depth_prefixes",
    "depth_ranks",
    "edges",
    "figure_mask",
    "jumps",
    "layer_map",
    "look_at_photograph",
    "order_by_depth",
    "render_first",
    "render_kept",
    "through_windows",
    "visible_surfaces",
]
