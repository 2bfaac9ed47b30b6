"""Renderers: the interface, the function `render`, and the parts that renderers are made of.

Names are imported when they are first used, so that `gaussrep.rendering.config` stays torch-free.
"""

from typing import TYPE_CHECKING

from gaussrep.lazy_names import lazy_names

if TYPE_CHECKING:
    from gaussrep.checks import defer_finite_checks
    from gaussrep.rendering.api import render
    from gaussrep.rendering.compositing import (
        CHANNELS_START,
        OPACITY_COLUMN,
        alpha_composite,
        blend_channels,
        gaussian_alphas,
        pixel_centers,
        sort_by_depth,
        to_rendering,
    )
    from gaussrep.rendering.conventions import (
        EPS2D,
        FRUSTUM_MARGIN,
        MAX_ALPHA,
        MIN_ALPHA,
        NEAR,
        TRANSMITTANCE_MIN,
    )
    from gaussrep.rendering.dispatch import get_renderer
    from gaussrep.rendering.projection import Projection, project, view_colors
    from gaussrep.rendering.renderer import Renderer, Rendering, to_float32

__all__ = [
    "CHANNELS_START",
    "EPS2D",
    "FRUSTUM_MARGIN",
    "MAX_ALPHA",
    "MIN_ALPHA",
    "NEAR",
    "OPACITY_COLUMN",
    "TRANSMITTANCE_MIN",
    "Projection",
    "Renderer",
    "Rendering",
    "alpha_composite",
    "blend_channels",
    "defer_finite_checks",
    "gaussian_alphas",
    "get_renderer",
    "pixel_centers",
    "project",
    "render",
    "sort_by_depth",
    "to_float32",
    "to_rendering",
    "view_colors",
]

_HOMES = {
    "CHANNELS_START": "gaussrep.rendering.compositing",
    "EPS2D": "gaussrep.rendering.conventions",
    "FRUSTUM_MARGIN": "gaussrep.rendering.conventions",
    "MAX_ALPHA": "gaussrep.rendering.conventions",
    "MIN_ALPHA": "gaussrep.rendering.conventions",
    "NEAR": "gaussrep.rendering.conventions",
    "OPACITY_COLUMN": "gaussrep.rendering.compositing",
    "TRANSMITTANCE_MIN": "gaussrep.rendering.conventions",
    "Projection": "gaussrep.rendering.projection",
    "Renderer": "gaussrep.rendering.renderer",
    "Rendering": "gaussrep.rendering.renderer",
    "alpha_composite": "gaussrep.rendering.compositing",
    "blend_channels": "gaussrep.rendering.compositing",
    "defer_finite_checks": "gaussrep.checks",
    "gaussian_alphas": "gaussrep.rendering.compositing",
    "get_renderer": "gaussrep.rendering.dispatch",
    "pixel_centers": "gaussrep.rendering.compositing",
    "project": "gaussrep.rendering.projection",
    "render": "gaussrep.rendering.api",
    "sort_by_depth": "gaussrep.rendering.compositing",
    "to_float32": "gaussrep.rendering.renderer",
    "to_rendering": "gaussrep.rendering.compositing",
    "view_colors": "gaussrep.rendering.projection",
}

__getattr__ = lazy_names(__name__, _HOMES)
