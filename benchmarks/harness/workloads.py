"""The scenes that renderers are timed on, by name (torch-free)."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

TILED = "tiled-torch"
"""Name under which `tiled_torch` is timed beside the renderers."""


@dataclass(frozen=True)
class Workload:
    """A scene to time, made from a seed unless it is a real one.

    Args:
        name: Its name on the command line.
        batch: Scenes per call.
        views: Views per scene.
        count: Gaussians per scene.
        width: Image width in pixels.
        height: Image height in pixels.
        sigma: Median standard deviation of the projected Gaussians in pixels; 0 for a real scene.
        channels: Rendered channels: three of color, the others features.
    """

    name: str
    batch: int
    views: int
    count: int
    width: int
    height: int
    sigma: float
    channels: int = 3

    @property
    def is_real(self) -> bool:
        """Whether the scene is read from GAUSSREP_DATA."""
        return self.sigma == 0

    @property
    def dense_pairs(self) -> int:
        """Pixels times Gaussians, of all images."""
        return self.batch * self.views * self.count * self.width * self.height


_ALL = (
    Workload("b16-n256", 16, 1, 256, 224, 224, sigma=8.0),
    Workload("b16-n1024", 16, 1, 1024, 224, 224, sigma=8.0),
    Workload("v4-n4096", 1, 4, 4096, 320, 240, sigma=5.0),
    Workload("n100k", 1, 1, 100_000, 640, 480, sigma=2.0),
    Workload("garden", 1, 3, 138_766, 648, 420, sigma=0.0),
    Workload("n1m", 1, 1, 1_000_000, 1920, 1080, sigma=2.0),
    Workload("channels-3", 4, 1, 1024, 224, 224, sigma=8.0),
    Workload("channels-16", 4, 1, 1024, 224, 224, sigma=8.0, channels=16),
    Workload("channels-64", 4, 1, 1024, 224, 224, sigma=8.0, channels=64),
    Workload("channels-384", 4, 1, 1024, 224, 224, sigma=8.0, channels=384),
)

WORKLOADS: Mapping[str, Workload] = MappingProxyType({w.name: w for w in _ALL})
"""Every workload, by name, in the order in which they are run."""
