"""Lenses of captures: intrinsics with OpenCV's distortion, and the undistortion of images."""

from dataclasses import dataclass
from math import tan
from typing import Literal

import numpy as np
import torch
from einops import rearrange
from jaxtyping import Float, Float64
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from gaussrep.errors import DataError

PINHOLES = ("OPENCV", "PINHOLE", "SIMPLE_PINHOLE", "SIMPLE_RADIAL", "RADIAL", "PERSPECTIVE")
"""Camera models whose distortion, if any, is 1 + k1 r² + k2 r⁴ + … with p1 and p2."""
RATIONAL = "FULL_OPENCV"
"""Camera model whose k4, k5 and k6 are those of a denominator."""
FISHEYES = (
    "OPENCV_FISHEYE", "FISHEYE", "SIMPLE_FISHEYE", "SIMPLE_RADIAL_FISHEYE", "RADIAL_FISHEYE",
)  # fmt: skip
"""Camera models whose radius is θ (1 + k1 θ² + k2 θ⁴ + …) at the angle θ off the axis."""
MODELS = (*PINHOLES, RATIONAL, *FISHEYES)


@dataclass(frozen=True, slots=True)
class Distortion:
    """How a lens bends the slopes x/z and y/z of a ray.

    Args:
        radial: k1, k2, k3, k4 of the polynomial in r², or in θ² of a fisheye lens.
        tangential: p1, p2.
        denominator: OpenCV's k4, k5, k6.
        is_fisheye: The polynomial is in the angle off the axis (Kannala and Brandt 2006).
    """

    radial: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    tangential: tuple[float, float] = (0.0, 0.0)
    denominator: tuple[float, float, float] = (0.0, 0.0, 0.0)
    is_fisheye: bool = False

    @property
    def coefficients(self) -> list[float]:
        """The coefficients as `gaussrep.Cameras` holds them.

        Raises:
            DataError: The polynomial in r² has a k4, which OpenCV's model lacks.
        """
        k1, k2, k3, k4 = self.radial
        if self.is_fisheye:
            return [k1, k2, k3, k4]
        if k4:
            raise DataError(
                "its k4 is that of nerfstudio's polynomial, which no renderer has; undistort the "
                "images: data.undistort=true"
            )
        return [k1, k2, *self.tangential, k3, *self.denominator]

    def bend(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Compute where the lens puts rays.

        Args:
            x: Slopes x/z.
            y: Slopes y/z, of the same shape.

        Returns:
            Bent slopes, which the camera matrix takes to pixels.
        """
        k1, k2, k3, k4 = self.radial
        r2 = x * x + y * y
        if self.is_fisheye:
            radius = r2.sqrt()
            angle = radius.atan()
            a2 = angle * angle
            bent = angle * (1 + a2 * (k1 + a2 * (k2 + a2 * (k3 + a2 * k4))))
            scale = torch.where(radius > 1e-9, bent / radius.clamp_min(1e-9), 1)
            return x * scale, y * scale
        radial = 1 + r2 * (k1 + r2 * (k2 + r2 * (k3 + r2 * k4)))
        if any(self.denominator):
            d4, d5, d6 = self.denominator
            radial = radial / (1 + r2 * (d4 + r2 * (d5 + r2 * d6)))
        p1, p2 = self.tangential
        bent_x = x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x)
        bent_y = y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y
        return bent_x, bent_y


class Lens(BaseModel):
    """Intrinsics of a camera, by the names of `transforms.json`; pixel centers are at +0.5."""

    model_config = ConfigDict(extra="allow")

    camera_model: str | None = None
    is_fisheye: bool | None = None
    w: int | None = Field(default=None, ge=1)
    h: int | None = Field(default=None, ge=1)
    fl_x: float | None = Field(default=None, gt=0)
    fl_y: float | None = Field(default=None, gt=0)
    camera_angle_x: float | None = Field(default=None, gt=0, lt=3.1415)
    camera_angle_y: float | None = Field(default=None, gt=0, lt=3.1415)
    cx: float | None = None
    cy: float | None = None
    k1: float | None = None
    k2: float | None = None
    k3: float | None = None
    k4: float | None = None
    k5: float | None = None
    k6: float | None = None
    p1: float | None = None
    p2: float | None = None
    distortion_params: list[float] | None = Field(default=None, min_length=6, max_length=6)
    """nerfstudio's k1, k2, k3, k4, p1, p2, in place of these keys."""

    @property
    def model(self) -> str:
        """Name of the camera model, in capitals."""
        return "OPENCV_FISHEYE" if self.is_fisheye else (self.camera_model or "OPENCV").upper()

    @property
    def distortion(self) -> Distortion | None:
        """The distortion; None if the lens has none.

        Raises:
            DataError: The camera model is not known, or a coefficient has no place in it.
        """
        if self.model not in MODELS:
            raise DataError(
                f"the camera model {self.model} is not read, expected one of {', '.join(MODELS)}; "
                "undistort the images first, with `colmap image_undistorter` for instance"
            )
        params = self.distortion_params or [0.0] * 6
        own = (self.k1, self.k2, self.k3, self.k4, self.p1, self.p2)
        numbers = [p if value is None else value for value, p in zip(own, params, strict=True)]
        k1, k2, k3, k4, p1, p2 = numbers
        k5, k6 = self.k5 or 0.0, self.k6 or 0.0
        if self.model == RATIONAL:
            found = Distortion((k1, k2, k3, 0.0), (p1, p2), (k4, k5, k6))
            return found if any((*numbers, k5, k6)) else None
        is_fisheye = self.model in FISHEYES
        refused = {"k5": k5, "k6": k6} | ({"p1": p1, "p2": p2} if is_fisheye else {})
        if names := [name for name, value in refused.items() if value]:
            raise DataError(
                f"the camera model {self.model} has no {' and '.join(names)}, which "
                f"{'is' if len(names) == 1 else 'are'} not 0 here; undistort the images first"
            )
        if not (is_fisheye or any(numbers)):
            return None
        return Distortion((k1, k2, k3, k4), (p1, p2), is_fisheye=is_fisheye)

    def intrinsics(
        self, native_size: tuple[int, int], size: tuple[int, int]
    ) -> Float64[np.ndarray, "3 3"] | None:
        """Compute the camera matrix of an image.

        Args:
            native_size: Width and height of the image file, to which the numbers refer if the
                lens has no w and h.
            size: Width and height after resizing.

        Returns:
            The matrix, pixel centers at +0.5; None if no focal length is known.
        """
        w, h = self.w or native_size[0], self.h or native_size[1]
        fx = self.fl_x or _focal(self.camera_angle_x, w)
        fy = self.fl_y or _focal(self.camera_angle_y, h) or fx
        fx = fx or fy
        if fx is None or fy is None:
            return None
        cx = w / 2 if self.cx is None else self.cx
        cy = h / 2 if self.cy is None else self.cy
        native = np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]], np.float64)
        return np.diag([size[0] / w, size[1] / h, 1.0]) @ native

    def check_size(self, native_size: tuple[int, int]) -> None:
        """Check that an image has the aspect ratio of the lens, up to rounding.

        Args:
            native_size: Width and height of the image file.

        Raises:
            DataError: It has another one, so that it is cropped or turned.
        """
        if self.w is None or self.h is None:
            return
        width, height = native_size
        if abs(width * self.h - height * self.w) > self.w + self.h:
            turned = abs(height * self.h - width * self.w) <= self.w + self.h
            raise DataError(
                f"the image has {width}x{height} pixels, its camera {self.w}x{self.h}, which is "
                f"{'the same turned' if turned else 'another aspect ratio'}; expected the image "
                "that the camera was estimated from"
            )


def undistort(
    image: Float[Tensor, "h w c"],
    K: Float[np.ndarray, "3 3"],
    distortion: Distortion,
    mode: Literal["bilinear", "nearest"] = "bilinear",
) -> Float[Tensor, "h w c"]:
    """Resample an image to a pinhole camera of the same camera matrix.

    Args:
        image: Image of the distorting lens.
        K: Its camera matrix, pixel centers at +0.5.
        distortion: What the lens does.
        mode: Interpolation between pixels.

    Returns:
        An image of the same size; pixels that the lens did not see repeat the border.
    """
    height, width = image.shape[:2]
    fx, fy, cx, cy = K[0, 0], K[1, 1], K[0, 2], K[1, 2]
    columns, rows = (torch.arange(n, dtype=torch.float64) + 0.5 for n in (width, height))
    y, x = torch.meshgrid((rows - cy) / fy, (columns - cx) / fx, indexing="ij")
    bent_x, bent_y = distortion.bend(x, y)
    grid = torch.stack(
        [2 * (fx * bent_x + cx) / width - 1, 2 * (fy * bent_y + cy) / height - 1], -1
    )
    sampled = torch.nn.functional.grid_sample(
        rearrange(image, "h w c -> 1 c h w"),
        grid[None].to(image.dtype),
        mode=mode,
        padding_mode="border",
        align_corners=False,
    )
    return rearrange(sampled, "1 c h w -> h w c")


def _focal(angle: float | None, pixels: int) -> float | None:
    return None if angle is None else pixels / 2 / tan(angle / 2)
