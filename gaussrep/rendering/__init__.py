"""Renderers: Gaussians and cameras in, pictures out.

Names are imported when they are first used, so that `gaussrep.rendering.config` stays torch-free.
"""

from typing import TYPE_CHECKING

from gaussrep.lazy_names import lazy_names

if TYPE_CHECKING:
    from gaussrep.rendering.api import render
    from gaussrep.rendering.dispatch import get_renderer
    from gaussrep.rendering.renderer import Renderer
    from gaussrep.rendering.rendering import Rendering

__all__ = ["Renderer", "Rendering", "get_renderer", "render"]

_HOMES = {
    "Renderer": "gaussrep.rendering.renderer",
    "Rendering": "gaussrep.rendering.rendering",
    "get_renderer": "gaussrep.rendering.dispatch",
    "render": "gaussrep.rendering.api",
}

__getattr__ = lazy_names(__name__, _HOMES)
