"""Captures from a folder with `transforms.json`, as instant-ngp and nerfstudio write it."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from gaussrep.cameras import Cameras
from gaussrep.errors import DataError
from gaussrep.fitting.capture import Capture, PosedPictures
from gaussrep.fitting.config import CaptureConfig
from gaussrep.fitting.sources.picture import read_picture
from gaussrep.fitting.sources.ply_points import read_points
from gaussrep.fitting.sources.transforms_file import Frame, TransformsFile, read_transforms
from gaussrep.fitting.sources.undistort import undistorted

TRANSFORMS = "transforms.json"


def transforms_capture(folder: Path, config: CaptureConfig) -> Capture:
    """Read the pictures, cameras and points that the file lists.

    Poses are camera-to-world with OpenGL's axes there. Distortion by OpenCV's model is taken out of
    the pictures. Transparency is kept. Depth files are not read.

    Args:
        folder: Holds `transforms.json`; its paths are relative to here.
        config: How large the pictures are wanted, and what is held out.

    Returns:
        The capture, in the file's coordinates.

    Raises:
        DataError: If a file is missing or damaged, a camera impossible, or sizes differ.
    """
    path = folder / TRANSFORMS
    file = read_transforms(path)
    pictures, Ks = zip(*(_read(folder, file, frame, config) for frame in file.frames), strict=True)
    stacked = _stacked(path, file, pictures)
    viewmats = torch.from_numpy(np.stack([_viewmat(path, frame) for frame in file.frames])).float()
    height, width = stacked.shape[1:3]
    cameras = Cameras(viewmats, torch.from_numpy(np.stack(Ks)).float(), width, height)
    alphas = None if (stacked[..., 3] == 1).all() else stacked[..., 3]
    posed = PosedPictures(stacked[..., :3], cameras, alphas)
    if file.ply_file_path is None:
        return Capture.split(posed, config.hold_out)
    cloud = read_points(folder / file.ply_file_path)
    return Capture.split(posed, config.hold_out, cloud.points, cloud.colors)


def _read(
    folder: Path, file: TransformsFile, frame: Frame, config: CaptureConfig
) -> tuple[Tensor, np.ndarray]:
    """A frame's picture [H, W, 4] and its camera matrix."""
    lens = file.lens(frame)
    picture = read_picture(_found(folder / frame.file_path), config.size)
    height, width = picture.values.shape[:2]
    K = lens.intrinsics(picture.native, (width, height))
    if K is None:
        raise DataError(
            f"{folder / TRANSFORMS}: frame {frame.file_path} has no focal length; wanted fl_x or "
            "camera_angle_x in the file or in the frame."
        )
    if any(lens.distortion):
        return undistorted(picture.values, K, lens.distortion), K
    return picture.values, K


def _found(path: Path) -> Path:
    """The path, with `.png` where the file leaves that out, as the NeRF scenes do."""
    return path if path.suffix or path.exists() else path.with_name(f"{path.name}.png")


def _viewmat(path: Path, frame: Frame) -> np.ndarray:
    if (viewmat := frame.viewmat) is None:
        raise DataError(
            f"{path}: the transform_matrix of {frame.file_path} is no finite, invertible 4 x 4 "
            "matrix; remove the frame."
        )
    return viewmat


def _stacked(path: Path, file: TransformsFile, pictures: tuple[Tensor, ...]) -> Tensor:
    first = pictures[0].shape
    for frame, picture in zip(file.frames, pictures, strict=True):
        if picture.shape != first:
            raise DataError(
                f"{path}: pictures differ in size: {file.frames[0].file_path} has "
                f"{first[1]}x{first[0]} pixels, {frame.file_path} {picture.shape[1]}x"
                f"{picture.shape[0]}; wanted one size."
            )
    return torch.stack(pictures)
