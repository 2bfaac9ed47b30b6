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
        is_ragged: Whether scenes differ in their number of Gaussians, evenly from a tenth of
            `count` to all; the rest is padding.
        sh_degree: Degree of the spherical harmonics of every scene; plain colors if None.
    """

    name: str
    batch: int
    views: int
    count: int
    width: int
    height: int
    sigma: float
    channels: int = 3
    is_ragged: bool = False
    sh_degree: int | None = None

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

_GPU = (
    Workload("b64-n10k", 64, 1, 10_000, 300, 200, sigma=2.0),
    Workload("b16-n10k", 16, 1, 10_000, 300, 200, sigma=2.0),
    Workload("b4-n10k", 4, 1, 10_000, 300, 200, sigma=2.0),
    WORKLOADS["b16-n256"],
    Workload("b256-n256", 256, 1, 256, 224, 224, sigma=8.0),
    Workload("ragged", 64, 1, 10_000, 300, 200, sigma=2.0, is_ragged=True),
    Workload("sh", 64, 1, 10_000, 300, 200, sigma=2.0, sh_degree=3),
    WORKLOADS["n100k"],
    WORKLOADS["n1m"],
    WORKLOADS["garden"],
    WORKLOADS["channels-3"],
    Workload("channels-32", 4, 1, 1024, 224, 224, sigma=8.0, channels=32),
    Workload("channels-128", 4, 1, 1024, 224, 224, sigma=8.0, channels=128),
    WORKLOADS["channels-384"],
)

GPU_WORKLOADS: Mapping[str, Workload] = MappingProxyType({w.name: w for w in _GPU})
"""The scenes that renderers are timed on on a GPU, most important first."""

_REHEARSAL = (
    Workload("b2-n20", 2, 1, 20, 30, 20, sigma=2.0),
    Workload("ragged-tiny", 2, 1, 20, 30, 20, sigma=2.0, is_ragged=True),
    Workload("sh-tiny", 2, 1, 10, 30, 20, sigma=2.0, sh_degree=1),
    Workload("channels-tiny", 1, 1, 10, 30, 20, sigma=2.0, channels=8),
)

REHEARSAL: Mapping[str, Workload] = MappingProxyType({w.name: w for w in _REHEARSAL})
"""Small ones, for a rehearsal on a CPU."""
