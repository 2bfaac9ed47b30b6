"""The capture format of instant-ngp and nerfstudio: a folder with `transforms.json`."""

import json
from dataclasses import dataclass
from math import tan
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Float64
from PIL import Image
from pydantic import BaseModel, Field, ValidationError
from torch import Tensor

from gaussrep.atomic_files import write_json
from gaussrep.cameras import Cameras
from gaussrep.config.validation_errors import format_validation_error
from gaussrep.data.scenes.camera_matrices import invert_pose
from gaussrep.errors import DataError, FormatError
from gaussrep.fitting.capture import Capture, PosedImages
from gaussrep.fitting.config import CaptureConfig
from gaussrep.fitting.images import read_image_file, undistort
from gaussrep.formats.ply_elements import read_header, read_vertices

TRANSFORMS = "transforms.json"
OPENGL = np.diag([1.0, -1.0, -1.0, 1.0])
"""From OpenCV's camera axes (y down, z forward) to OpenGL's (y up, z backward)."""
MODELS = ("OPENCV", "PINHOLE", "SIMPLE_PINHOLE", "SIMPLE_RADIAL", "RADIAL", "PERSPECTIVE")
"""Camera models whose distortion, if any, is given by k1, k2, k3, p1 and p2."""
AXES, COLORS = ("x", "y", "z"), ("red", "green", "blue")


class Lens(BaseModel):
    """Intrinsics of a camera; values that a frame lacks are those of the file."""

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
        """OpenCV's coefficients k1, k2, p1, p2, k3; 0 where the file has none."""
        coefficients = (self.k1, self.k2, self.p1, self.p2, self.k3)
        return tuple(value or 0.0 for value in coefficients)

    def intrinsics(
        self, native_size: tuple[int, int], size: tuple[int, int]
    ) -> Float64[np.ndarray, "3 3"] | None:
        """Compute the camera matrix of an image.

        Args:
            native_size: Width and height of the image file, to which the numbers refer where
                neither the file nor the frame has w and h.
            size: Width and height after resizing.

        Returns:
            The matrix, pixel centers at +0.5; None where no focal length is known.
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


class FrameEntry(Lens):
    """One image of the file."""

    file_path: str
    transform_matrix: list[list[float]]

    @property
    def viewmat(self) -> Float64[np.ndarray, "4 4"] | None:
        """World-to-camera with OpenCV's axes; None where the matrix has no inverse."""
        rows = self.transform_matrix
        if len(rows) not in (3, 4) or any(len(row) != 4 for row in rows):
            return None
        pose = np.eye(4)
        pose[: len(rows)] = rows
        return invert_pose(pose @ OPENGL)


class TransformsFile(Lens):
    """The whole file."""

    frames: list[FrameEntry] = Field(min_length=1)
    ply_file_path: str | None = None

    def lens(self, frame: FrameEntry) -> Lens:
        """Combine the intrinsics of a frame with those of the file.

        Args:
            frame: The frame, whose values take precedence.

        Returns:
            The intrinsics.

        Raises:
            DataError: The camera model is not a pinhole with OpenCV's distortion.
        """
        own = {name: value for name, value in frame if value is not None}
        common = {name: value for name, value in self if value is not None}
        both = {**common, **own}
        lens = Lens(**{name: both[name] for name in Lens.model_fields if name in both})
        if lens.is_fisheye or lens.camera_model not in (None, *MODELS):
            found = "fisheye" if lens.is_fisheye else lens.camera_model
            raise DataError(
                f"{frame.file_path} was taken with the camera model {found}, wanted one of "
                f"{', '.join(MODELS)}; undistort the images first."
            )
        return lens


def transforms_capture(config: CaptureConfig, path: str) -> Capture:
    """Read the images, cameras and points that a `transforms.json` lists.

    The file's poses are camera-to-world with OpenGL's axes. Images are undistorted by OpenCV's
    model. Transparency is kept. Depth files are not read.

    Args:
        config: Size of the images, and which views to hold out.
        path: Folder of `transforms.json`; its paths are relative to here.

    Returns:
        The capture, in the file's coordinates.

    Raises:
        DataError: A file is missing or damaged, a camera impossible, or sizes differ.
    """
    folder = Path(path)
    file = read_transforms(folder / TRANSFORMS)
    images, Ks = zip(*(_read(folder, file, frame, config) for frame in file.frames), strict=True)
    stacked = _stack(folder / TRANSFORMS, file, images)
    viewmats = np.stack([_viewmat(folder / TRANSFORMS, frame) for frame in file.frames])
    height, width = stacked.shape[1:3]
    cameras = Cameras(
        torch.from_numpy(viewmats).float(), torch.from_numpy(np.stack(Ks)).float(), width, height
    )
    alphas = None if (stacked[..., 3] == 1).all() else stacked[..., 3]
    posed = PosedImages(stacked[..., :3], cameras, alphas)
    if file.ply_file_path is None:
        return Capture.split(posed, config.hold_out_every)
    cloud = read_points(folder / file.ply_file_path)
    return Capture.split(posed, config.hold_out_every, cloud.points, cloud.colors)


def read_transforms(path: Path) -> TransformsFile:
    """Read a `transforms.json`.

    Args:
        path: The file.

    Returns:
        Its contents, frames sorted by the name of their image.

    Raises:
        DataError: The file cannot be read, or has mistakes, with one line for each.
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


def write_transforms(images: PosedImages, folder: Path, hold_out_every: int | None = None) -> None:
    """Write a folder that nerfstudio, instant-ngp and `gaussrep fit` read.

    The folder gets `transforms.json` and one PNG per view. Transparency is kept, depth is not.

    Args:
        images: The views.
        folder: Created if missing.
        hold_out_every: Make nerfstudio hold out the last of every so many views, as `gaussrep fit`
            does; None leaves the choice to nerfstudio.
    """
    (folder / "images").mkdir(parents=True, exist_ok=True)
    cameras = images.cameras
    poses = torch.linalg.inv(cameras.viewmats.double()).numpy() @ OPENGL
    frames = []
    for number, pose in enumerate(poses):
        path = f"images/{number:05d}.png"
        Image.fromarray(_pixels(images[[number]])).save(folder / path)
        K = cameras.Ks[number]
        lens = {"fl_x": K[0, 0], "fl_y": K[1, 1], "cx": K[0, 2], "cy": K[1, 2]}
        frame: dict[str, Any] = {name: value.item() for name, value in lens.items()}
        frames.append(frame | {"file_path": path, "transform_matrix": pose.tolist()})
    size = {"w": cameras.width, "h": cameras.height, "camera_model": "OPENCV"}
    names = [frame["file_path"] for frame in frames]
    split = {} if hold_out_every is None else _split(names, hold_out_every)
    write_json(size | split | {"frames": frames}, folder / TRANSFORMS)


@dataclass(frozen=True, eq=False)
class ColoredPoints:
    """Points and their colors.

    Args:
        points: Positions, [P, 3].
        colors: RGB in [0, 1], [P, 3].
    """

    points: Float[Tensor, "p 3"]
    colors: Float[Tensor, "p 3"]


def read_points(path: Path) -> ColoredPoints:
    """Read the finite points of a PLY file.

    Args:
        path: A PLY file with the columns x, y, z and, optionally, red, green and blue in 0 … 255.

    Returns:
        At least one point; gray where the file has no colors.

    Raises:
        DataError: The file is missing, damaged, or has no point.
    """
    try:
        with path.open("rb") as file:
            table = read_vertices(file, read_header(file))
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}.") from error
    except FormatError as error:
        raise DataError(f"{path}: {error}") from error
    points = _columns(table, AXES)
    if points is None:
        raise DataError(f"{path}: this file has no columns x, y, z.")
    colors = _columns(table, COLORS)
    colors = torch.full_like(points, 0.5) if colors is None else (colors / 255).clamp(0, 1)
    finite = points.isfinite().all(-1)
    if not finite.any():
        raise DataError(f"{path}: this file holds no point.")
    return ColoredPoints(points[finite], colors[finite])


def _read(
    folder: Path, file: TransformsFile, frame: FrameEntry, config: CaptureConfig
) -> tuple[Tensor, np.ndarray]:
    """A frame's image [H, W, 4] and its camera matrix."""
    lens = file.lens(frame)
    image = read_image_file(_find(folder / frame.file_path), config.image_size)
    height, width = image.values.shape[:2]
    K = lens.intrinsics(image.native_size, (width, height))
    if K is None:
        raise DataError(
            f"{folder / TRANSFORMS}: frame {frame.file_path} has no focal length; wanted fl_x or "
            "camera_angle_x in the file or in the frame."
        )
    if any(lens.distortion):
        return undistort(image.values, K, lens.distortion), K
    return image.values, K


def _find(path: Path) -> Path:
    """The path, with `.png` where the file omits it, as the NeRF scenes do."""
    return path if path.suffix or path.exists() else path.with_name(f"{path.name}.png")


def _viewmat(path: Path, frame: FrameEntry) -> np.ndarray:
    if (viewmat := frame.viewmat) is None:
        raise DataError(
            f"{path}: the transform_matrix of {frame.file_path} is no finite, invertible 4 x 4 "
            "matrix; remove the frame."
        )
    return viewmat


def _stack(path: Path, file: TransformsFile, images: tuple[Tensor, ...]) -> Tensor:
    first = images[0].shape
    for frame, image in zip(file.frames, images, strict=True):
        if image.shape != first:
            raise DataError(
                f"{path}: images differ in size: {file.frames[0].file_path} has "
                f"{first[1]}x{first[0]} pixels, {frame.file_path} {image.shape[1]}x"
                f"{image.shape[0]}; wanted one size."
            )
    return torch.stack(images)


def _focal(angle: float | None, pixels: int) -> float | None:
    return None if angle is None else pixels / 2 / tan(angle / 2)


def _split(names: list[str], hold_out_every: int) -> dict[str, list[str]]:
    held_out = names[hold_out_every - 1 :: hold_out_every]
    train = [name for name in names if name not in held_out]
    return {"train_filenames": train, "val_filenames": held_out, "test_filenames": held_out}


def _pixels(view: PosedImages) -> np.ndarray:
    """One view as eight-bit RGB, or RGBA whose colors are not multiplied by alpha."""
    colors = view.colors[0]
    if view.alphas is not None:
        alpha = view.alphas[0, ..., None]
        colors = torch.cat([colors / alpha.clamp_min(1e-6), alpha], dim=-1)
    return (colors.clamp(0, 1) * 255).round().byte().numpy()


def _columns(table: np.ndarray, names: tuple[str, ...]) -> Tensor | None:
    if not set(names) <= set(table.dtype.names or ()):
        return None
    return torch.from_numpy(np.stack([table[name].astype(np.float32) for name in names], -1))
