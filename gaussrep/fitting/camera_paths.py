"""Camera paths in files: transforms.json, camera_path.json of nerfstudio, cameras.json of 3DGS."""

from math import radians, tan
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from gaussrep.cameras import Cameras
from gaussrep.config.validation_errors import format_validation_error
from gaussrep.data.scenes.camera_matrices import invert_pose
from gaussrep.errors import DataError
from gaussrep.fitting.transforms import OPENGL, read_transforms
from gaussrep.runtime.plain_files import read_json

KEYS = "frames (transforms.json), camera_path (nerfstudio) or a list of cameras (3DGS)"


class PathCamera(BaseModel):
    """A camera of nerfstudio's `camera_path.json`: 16 numbers of a row-major pose, in degrees."""

    camera_to_world: list[float] = Field(min_length=16, max_length=16)
    fov: float = Field(gt=0, lt=180)


class CameraPathFile(BaseModel):
    """The whole file of nerfstudio."""

    camera_path: list[PathCamera]


class CameraEntry(BaseModel):
    """A camera of the `cameras.json` that 3DGS writes: OpenCV's axes, camera to world."""

    width: int = Field(ge=1)
    height: int = Field(ge=1)
    position: list[float] = Field(min_length=3, max_length=3)
    rotation: list[list[float]]
    fx: float = Field(gt=0)
    fy: float = Field(gt=0)


def read_camera_path(path: Path, width: int, height: int) -> Cameras:
    """Read the cameras of a file, with their fields of view, for images of another size.

    Distortion is left out: the cameras are pinholes.

    Args:
        path: A `transforms.json` (OpenGL axes, frames sorted by their names), a `camera_path.json`
            of nerfstudio's viewer (OpenGL axes, vertical field of view) or a `cameras.json` of 3DGS
            (OpenCV axes).
        width: Width of the images in pixels.
        height: Height of the images in pixels.

    Returns:
        Cameras, [C].

    Raises:
        DataError: The file cannot be read, has mistakes, or is none of the three.
    """
    try:
        content = read_json(path, "utf-8-sig", finite=False)
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read: {error}.") from error
    try:
        poses, Ks = _read(path, content, width, height)
    except ValidationError as error:
        raise DataError(f"{path}: {format_validation_error(error, content)}") from error
    if not poses:
        raise DataError(f"{path}: holds no camera.")
    viewmats = np.stack([_invert(path, number, pose) for number, pose in enumerate(poses)])
    return Cameras(
        torch.from_numpy(viewmats).float(), torch.from_numpy(np.stack(Ks)).float(), width, height
    )


def _invert(path: Path, number: int, pose: np.ndarray) -> np.ndarray:
    viewmat = invert_pose(pose)
    if viewmat is None:
        raise DataError(f"{path}: the pose of camera {number} has no inverse.")
    return viewmat


def _read(path: Path, content: Any, width: int, height: int) -> tuple[list, list]:
    """Return camera-to-world poses with OpenCV axes, and camera matrices."""
    size = (width, height)
    if isinstance(content, list):
        cameras = TypeAdapter(list[CameraEntry]).validate_python(content)
        return [_pose(camera) for camera in cameras], [
            np.diag([width / c.width, height / c.height, 1.0])
            @ np.array([[c.fx, 0, c.width / 2], [0, c.fy, c.height / 2], [0, 0, 1]])
            for c in cameras
        ]
    if isinstance(content, dict) and "camera_path" in content:
        keyed = CameraPathFile.model_validate(content).camera_path
        poses = [np.reshape(camera.camera_to_world, (4, 4)) @ OPENGL for camera in keyed]
        focals = [height / 2 / tan(radians(camera.fov) / 2) for camera in keyed]
        return poses, [np.array([[f, 0, width / 2], [0, f, height / 2], [0, 0, 1]]) for f in focals]
    if not (isinstance(content, dict) and "frames" in content):
        raise DataError(f"{path}: this is not a camera path; expected {KEYS}.")
    file = read_transforms(path)
    Ks = [file.lens(frame).intrinsics(size, size) for frame in file.frames]
    poses = [np.linalg.inv(v) for frame in file.frames if (v := frame.viewmat) is not None]
    if len(poses) < len(file.frames) or any(K is None for K in Ks):
        raise DataError(f"{path}: a frame has no pose with an inverse, or no focal length.")
    return poses, Ks


def _pose(camera: CameraEntry) -> np.ndarray:
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = camera.rotation, camera.position
    return pose
