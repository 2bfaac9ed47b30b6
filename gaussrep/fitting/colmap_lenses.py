"""COLMAP's camera models that neither OpenCV nor `transforms.json` has."""

from collections.abc import Callable
from dataclasses import dataclass
from math import tan

import torch
from torch import Tensor

from gaussrep.errors import DataError
from gaussrep.fitting.lens import Distortion, Lens

Bend = Callable[..., tuple[Tensor, Tensor]]


@dataclass(frozen=True, slots=True)
class ColmapDistortion(Distortion):
    """The distortion of one of `BENDS`.

    Args:
        model: Name of the camera model.
        params: Its parameters after focal lengths and principal point.
    """

    model: str = ""
    params: tuple[float, ...] = ()

    @property
    def coefficients(self) -> list[float]:
        """Refuse to be one of the lenses of `gaussrep.Cameras`.

        Raises:
            DataError: Always.
        """
        raise DataError(
            f"no renderer has the camera model {self.model}; undistort the images: "
            "data.undistort=true"
        )

    def bend(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Compute where the lens puts rays; see the base class."""
        return BENDS[self.model](x, y, *self.params)


class ColmapLens(Lens):
    """Intrinsics of a camera of one of `BENDS`."""

    params: tuple[float, ...]
    """Its parameters after focal lengths and principal point."""

    @property
    def distortion(self) -> Distortion:
        """The distortion."""
        return ColmapDistortion(model=self.model, params=self.params)


def _fov(x: Tensor, y: Tensor, omega: float) -> tuple[Tensor, Tensor]:
    """Devernay and Faugeras, "Straight lines have to be straight", 2001."""
    if not omega:
        return x, y
    radius = (x * x + y * y).sqrt().clamp_min(1e-9)
    factor = (2 * tan(omega / 2) * radius).atan() / (omega * radius)
    return x * factor, y * factor


def _division(x: Tensor, y: Tensor, k: float) -> tuple[Tensor, Tensor]:
    """Fitzgibbon 2001: the slope is the place divided by 1 + k r² of the place."""
    factor = 2 / (1 + (1 - 4 * k * (x * x + y * y)).clamp_min(0).sqrt())
    return x * factor, y * factor


def _eucm(x: Tensor, y: Tensor, alpha: float, beta: float) -> tuple[Tensor, Tensor]:
    """Khomutenko, Garcia and Martinet, "An Enhanced Unified Camera Model", 2016."""
    length = alpha * (beta * (x * x + y * y) + 1).sqrt() + 1 - alpha
    return x / length, y / length


def _equidistant(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    radius = (x * x + y * y).sqrt().clamp_min(1e-9)
    return x * radius.atan() / radius, y * radius.atan() / radius


def _thin_prism(
    x: Tensor, y: Tensor, k1: float, k2: float, p1: float, p2: float, k3: float, k4: float,
    sx1: float, sy1: float,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Weng, Cohen and Herniou 1992, after an equidistant fisheye."""
    x, y = _equidistant(x, y)
    r2 = x * x + y * y
    radial = 1 + r2 * (k1 + r2 * (k2 + r2 * (k3 + r2 * k4)))
    bent_x = x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x) + sx1 * r2
    bent_y = y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y + sy1 * r2
    return bent_x, bent_y


def _radial_tangential_thin_prism(x: Tensor, y: Tensor, *params: float) -> tuple[Tensor, Tensor]:
    """The cameras of Project Aria: six radial, two tangential and four prism coefficients."""
    radials, (p0, p1), (s0, s1, s2, s3) = params[:6], params[6:8], params[8:]
    x, y = _equidistant(x, y)
    square = x * x + y * y
    factor = torch.zeros_like(x)
    for k in reversed(radials):
        factor = (factor + k) * square
    x, y = x * (1 + factor), y * (1 + factor)
    r2 = x * x + y * y
    both = 2 * (p0 * x + p1 * y)
    bent_x = x + both * x + p0 * r2 + r2 * (s0 + s1 * r2)
    bent_y = y + both * y + p1 * r2 + r2 * (s2 + s3 * r2)
    return bent_x, bent_y


BENDS: dict[str, Bend] = {
    "FOV": _fov,
    "THIN_PRISM_FISHEYE": _thin_prism,
    "RAD_TAN_THIN_PRISM_FISHEYE": _radial_tangential_thin_prism,
    "SIMPLE_DIVISION": _division,
    "DIVISION": _division,
    "EUCM": _eucm,
}
"""What each model does to slopes, given its parameters after the principal point."""
