"""Renderers: the interface, the function `render`, and building blocks of renderers.

`compositing` holds the parts of renderers in plain torch, `conventions` the constants that all
renderers share. Names are imported when they are first used, so that `gaussrep.rendering.config`
stays torch-free.
"""

from typing import TYPE_CHECKING

from gaussrep.runtime.lazy_names import lazy_names

if TYPE_CHECKING:
    from gaussrep.checks import defer_finite_checks
    from gaussrep.rendering import compositing, conventions
    from gaussrep.rendering.dispatch import get_renderer, render
    from gaussrep.rendering.projection import Projection, project, view_colors
    from gaussrep.rendering.renderer import Renderer, Rendering, to_float32

__all__ = [
    "Projection",
    "Renderer",
    "Rendering",
    "compositing",
    "conventions",
    "defer_finite_checks",
    "get_renderer",
    "project",
    "render",
    "to_float32",
    "view_colors",
]

_HOMES = {
    "Projection": "gaussrep.rendering.projection",
    "Renderer": "gaussrep.rendering.renderer",
    "Rendering": "gaussrep.rendering.renderer",
    "compositing": "gaussrep.rendering.compositing",
    "conventions": "gaussrep.rendering.conventions",
    "defer_finite_checks": "gaussrep.checks",
    "get_renderer": "gaussrep.rendering.dispatch",
    "project": "gaussrep.rendering.projection",
    "render": "gaussrep.rendering.dispatch",
    "to_float32": "gaussrep.rendering.renderer",
    "view_colors": "gaussrep.rendering.projection",
}

__getattr__ = lazy_names(__name__, _HOMES)
