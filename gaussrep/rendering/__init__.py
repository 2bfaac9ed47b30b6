"""Renderers: Gaussians and cameras in, pictures out."""

from gaussrep.rendering.choice import get_renderer
from gaussrep.rendering.render import render
from gaussrep.rendering.renderer import Renderer
from gaussrep.rendering.rendering import Rendering

__all__ = ["Renderer", "Rendering", "get_renderer", "render"]
