"""The file `transforms.json` of instant-ngp and nerfstudio. Never imports torch."""

import json
from math import tan
from pathlib import Path

import numpy as np
from jaxtyping import Float64
from pydantic import BaseModel, Field, ValidationError

from gaussrep.config.validation_errors import format_validation_error
from gaussrep.data.scenes.camera_matrices import invert_pose
from gaussrep.errors import DataError

OPENGL = np.diag([1.0, -1.0, -1.0, 1.0])
"""From OpenCV's camera axes (y down, z forward) to OpenGL's (y up, z backward)."""
MODELS = ("OPENCV", "PINHOLE", "SIMPLE_PINHOLE", "SIMPLE_RADIAL", "RADIAL", "PERSPECTIVE")
"""Camera models whose distortion, if any, is given by k1, k2, k3, p1 and p2."""


class Lens(BaseModel):
    """How a camera projects; what is missing in a frame is that of the file."""

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
    p1: float | None = None
    p2: float | None = None

    @property
    def distortion(self) -> tuple[float, ...]:
        """OpenCV's coefficients k1, k2, p1, p2, k3; 0 where none is given."""
        given = (self.k1, self.k2, self.p1, self.p2, self.k3)
        return tuple(value or 0.0 for value in given)

    def intrinsics(
        self, native: tuple[int, int], wanted: tuple[int, int]
    ) -> Float64[np.ndarray, "3 3"] | None:
        """The camera matrix of a picture.

        Args:
            native: Width and height of the picture on the disk, which the numbers are for where
                neither the file nor the frame gives w and h.
            wanted: Width and height that the picture was brought to.

        Returns:
            The matrix, pixel centers at +0.5; None where no focal length is given.
        """
        w, h = self.w or native[0], self.h or native[1]
        fx = self.fl_x or _focal(self.camera_angle_x, w)
        fy = self.fl_y or _focal(self.camera_angle_y, h) or fx
        fx = fx or fy
        if fx is None or fy is None:
            return None
        cx = w / 2 if self.cx is None else self.cx
        cy = h / 2 if self.cy is None else self.cy
        given = np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]], np.float64)
        return np.diag([wanted[0] / w, wanted[1] / h, 1.0]) @ given


class Frame(Lens):
    """One picture."""

    file_path: str
    transform_matrix: list[list[float]]

    @property
    def viewmat(self) -> Float64[np.ndarray, "4 4"] | None:
        """World-to-camera with OpenCV's axes; None where the file's matrix is singular."""
        rows = self.transform_matrix
        if len(rows) not in (3, 4) or any(len(row) != 4 for row in rows):
            return None
        pose = np.eye(4)
        pose[: len(rows)] = rows
        return invert_pose(pose @ OPENGL)


class TransformsFile(Lens):
    """The whole file."""

    frames: list[Frame] = Field(min_length=1)
    ply_file_path: str | None = None

    def lens(self, frame: Frame) -> Lens:
        """The lens of a frame: what it gives itself, and else what the file gives.

        Raises:
            DataError: If its model is not one of a pinhole with OpenCV's distortion.
        """
        own = {name: value for name, value in frame if value is not None}
        common = {name: value for name, value in self if value is not None}
        both = {**common, **own}
        lens = Lens(**{name: both[name] for name in Lens.model_fields if name in both})
        if lens.is_fisheye or lens.camera_model not in (None, *MODELS):
            found = "fisheye" if lens.is_fisheye else lens.camera_model
            raise DataError(
                f"{frame.file_path} was taken with the camera model {found}, wanted one of "
                f"{', '.join(MODELS)}; undistort the pictures first."
            )
        return lens


def read_transforms(path: Path) -> TransformsFile:
    """Read the file.

    Args:
        path: A `transforms.json`.

    Returns:
        Its contents, frames sorted by the name of their picture.

    Raises:
        DataError: If it cannot be read, or with one line for every mistake in it.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read: {error}.") from error
    try:
        found = TransformsFile.model_validate(content)
    except ValidationError as error:
        raise DataError(f"{path}: {format_validation_error(error, content)}") from error
    frames = sorted(found.frames, key=lambda frame: frame.file_path)
    return found.model_copy(update={"frames": frames})


def _focal(angle: float | None, pixels: int) -> float | None:
    return None if angle is None else pixels / 2 / tan(angle / 2)
