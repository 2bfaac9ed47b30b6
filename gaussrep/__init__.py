"""3D Gaussians as a representation: encoders that predict them, renderers, losses, trainers.

Names are imported on first use, so `import gaussrep` does not import torch.
"""

from typing import TYPE_CHECKING

from gaussrep.lazy_names import lazy_names

if TYPE_CHECKING:
    from gaussrep import plugins
    from gaussrep.building import build
    from gaussrep.cameras import Cameras
    from gaussrep.cuboid import Cuboid
    from gaussrep.formats.by_suffix import load, save
    from gaussrep.gaussians import Gaussians
    from gaussrep.neighbors import farthest_points, nearest_neighbors
    from gaussrep.rendering.api import render
    from gaussrep.rendering.dispatch import get_renderer
    from gaussrep.rendering.renderer import Rendering
    from gaussrep.training.checkpoint import load_run

__version__ = "0.1.0"

__all__ = [
    "Cameras",
    "Cuboid",
    "Gaussians",
    "Rendering",
    "__version__",
    "build",
    "farthest_points",
    "get_renderer",
    "load",
    "load_run",
    "nearest_neighbors",
    "plugins",
    "render",
    "save",
]

_HOMES = {
    "Cameras": "gaussrep.cameras",
    "Cuboid": "gaussrep.cuboid",
    "Gaussians": "gaussrep.gaussians",
    "Rendering": "gaussrep.rendering.renderer",
    "build": "gaussrep.building",
    "farthest_points": "gaussrep.neighbors",
    "get_renderer": "gaussrep.rendering.dispatch",
    "load": "gaussrep.formats.by_suffix",
    "load_run": "gaussrep.training.checkpoint",
    "nearest_neighbors": "gaussrep.neighbors",
    "plugins": "gaussrep.plugins",
    "render": "gaussrep.rendering.api",
    "save": "gaussrep.formats.by_suffix",
}

__getattr__ = lazy_names(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
