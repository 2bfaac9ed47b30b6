"""Settings of the renderers (torch-free); all defaults are ours."""

from typing import Literal

from pydantic import Field

from gaussrep.config import ComponentConfig


class PyTorch3DConfig(ComponentConfig):
    """Settings of the `pytorch3d` renderer."""

    points_per_pixel: int = Field(default=128, ge=1)
    """Gaussians that a pixel can list, the nearest ones (on CUDA at most 149)."""

    overflow: Literal["error", "warn"] = "error"
    """What happens where a pixel would need more: an error, or a warning and a picture that lacks
    what is behind."""

    block: int = Field(default=2**20, ge=1)
    """Largest number of pixel-Gaussian pairs that are composited at once; of the lists that
    PyTorch3D makes, sixteen times as many entries."""


class PulsarConfig(ComponentConfig):
    """Settings of the `pulsar` renderer."""

    gamma: float = Field(default=1e-2, ge=1e-5, le=1)
    """Softness of the blending: 1e-5 shows the nearest sphere, 1 mixes all that the ray meets.
    Below 1e-3 there are next to no gradients of places and sizes."""

    radius: float = Field(default=2**0.5, gt=0)
    """Radius of the sphere, in geometric means of the Gaussian's three standard deviations; with
    the root of two, its disc has the area that an opaque round Gaussian covers in sum, 2π std²."""

    tracked: int = Field(default=32, ge=1, le=128)
    """Spheres per pixel, the nearest ones, that get gradients."""
