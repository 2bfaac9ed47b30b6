"""Renderers: Gaussians and cameras in, pictures out.

Names are imported when they are first used, so that `gaussrep.rendering.config` stays torch-free.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gaussrep.rendering.choice import get_renderer
    from gaussrep.rendering.front import render
    from gaussrep.rendering.renderer import Renderer
    from gaussrep.rendering.rendering import Rendering

__all__ = ["Renderer", "Rendering", "get_renderer", "render"]

_HOMES = {
    "Renderer": "gaussrep.rendering.renderer",
    "Rendering": "gaussrep.rendering.rendering",
    "get_renderer": "gaussrep.rendering.choice",
    "render": "gaussrep.rendering.front",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'gaussrep.rendering' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value
