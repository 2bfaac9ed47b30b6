"""Settings of the renderers (torch-free); all defaults are design choices."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from gaussrep.config import ComponentConfig


class PyTorch3DConfig(ComponentConfig):
    """Settings of the `pytorch3d` renderer."""

    renamed_keys: ClassVar[Mapping[str, str]] = {"block": "max_pairs"}

    points_per_pixel: int = Field(default=128, ge=1)
    """Largest number of Gaussians per pixel, the nearest ones (on CUDA at most 149)."""

    overflow: Literal["error", "warn"] = "error"
    """Response if a pixel needs more Gaussians: an error, or a warning and an image without the
    farther ones."""

    max_pairs: int = Field(default=2**20, ge=1)
    """Largest number of pixel-Gaussian pairs composited at once; PyTorch3D's lists have up to
    sixteen times as many entries."""


class PulsarConfig(ComponentConfig):
    """Settings of the `pulsar` renderer."""

    renamed_keys: ClassVar[Mapping[str, str]] = {"tracked": "n_track"}

    gamma: float = Field(default=1e-2, ge=1e-5, le=1)
    """Softness of the blending: 1e-5 shows the nearest sphere, 1 blends all spheres on the ray.
    Below 1e-3 the gradients of positions and sizes vanish almost entirely."""

    radius: float = Field(default=2**0.5, gt=0)
    """Radius of a sphere in geometric means of the Gaussian's three standard deviations; with √2,
    its disc has the area over which an opaque round Gaussian integrates, 2π std²."""

    n_track: int = Field(default=32, ge=1, le=128)
    """Number of spheres per pixel that receive gradients, the nearest ones."""
