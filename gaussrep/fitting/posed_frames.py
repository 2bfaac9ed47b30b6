"""Read the frames that a capture lists, and leave out those that cannot be used."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Float64
from numpy.typing import ArrayLike
from torch import Tensor
from torch.nn.functional import pad

from gaussrep.cameras import Cameras
from gaussrep.data.unreadable import LeftOutFrames
from gaussrep.errors import DataError
from gaussrep.fitting.capture import Capture, PosedImages
from gaussrep.fitting.config import LensCaptureConfig
from gaussrep.fitting.images import read_depth_file, read_image_file, read_mask
from gaussrep.fitting.lens import Distortion, Lens, undistort


@dataclass(frozen=True, eq=False)
class PosedFrame:
    """One image of a capture, not yet read.

    Args:
        name: Its name in the capture.
        image: Its file.
        viewmat: World-to-camera matrix, OpenCV camera axes; None where the pose is no finite
            matrix that has an inverse.
        lens: Its intrinsics.
        mask: File of its mask, black where a pixel does not count.
        depth: File of its depth.
        depth_scale: Steps of stored depth in a scene unit.
        held_out: Whether the view is held out; None where the capture does not decide it.
    """

    name: str
    image: Path
    viewmat: Float64[np.ndarray, "4 4"] | None
    lens: Lens
    mask: Path | None = None
    depth: Path | None = None
    depth_scale: float = 1000.0
    held_out: bool | None = None


@dataclass(frozen=True, eq=False)
class _View:
    values: Float[Tensor, "h w 4"]
    K: Float64[np.ndarray, "3 3"]
    viewmat: Float64[np.ndarray, "4 4"]
    mask: Bool[Tensor, "h w"] | None
    depth: Float[Tensor, "h w"] | None
    distortion: Distortion | None


def read_capture(
    frames: Sequence[PosedFrame], left_out: LeftOutFrames, config: LensCaptureConfig
) -> Capture:
    """Read the images of a capture, without points.

    Frames that cannot be used are left out with one warning. Smaller images are padded to the size
    of the largest, and their padding is masked.

    Args:
        frames: At least one frame.
        left_out: Collects the frames that cannot be used; may hold some already.
        config: Size of the images, whether to undistort them, and how many views to hold out where
            the frames do not decide it.

    Returns:
        The fitted and the held-out views.

    Raises:
        DataError: No frame can be used, or none is left to fit.
    """
    count = len(frames) + left_out.count
    kept: list[PosedFrame] = []
    views: list[_View] = []
    for frame in frames:
        try:
            views.append(_read(frame, config))
        except DataError as error:
            left_out.add(frame.name, error)
        else:
            kept.append(frame)
    if not views:
        raise DataError(left_out.describe_all(count))
    left_out.warn(count)
    return _split(_stack(views), kept, config.hold_out_every)


def _read(frame: PosedFrame, config: LensCaptureConfig) -> _View:
    if frame.viewmat is None or not _is_finite(frame.viewmat):
        raise DataError("its pose is no finite, invertible 4 x 4 matrix")
    distortion = frame.lens.distortion
    image = read_image_file(frame.image, config.image_size)
    frame.lens.check_size(image.native_size)
    height, width = image.values.shape[:2]
    K = frame.lens.intrinsics(image.native_size, (width, height))
    if K is None:
        raise DataError("it has no focal length; wanted fl_x or camera_angle_x")
    if not _is_finite(K):
        raise DataError("its focal length or principal point is no finite number")
    size = (width, height)
    mask = None if frame.mask is None else read_mask(frame.mask, size)
    depth = None
    if frame.depth is not None:
        depth = read_depth_file(frame.depth, size, frame.depth_scale)
    values = image.values
    if distortion is not None and config.undistort:
        values = undistort(values, K, distortion)
        if mask is not None:
            mask = undistort(mask[..., None].float(), K, distortion)[..., 0] > 0.999
        if depth is not None:
            depth = undistort(depth[..., None], K, distortion, "nearest")[..., 0]
        distortion = None
    elif distortion is not None and not _is_finite(distortion.coefficients):
        raise DataError("a coefficient of its distortion is no finite number")
    return _View(values, K, frame.viewmat, mask, depth, distortion)


def _is_finite(numbers: ArrayLike) -> bool:
    """Whether numbers are finite, also in float32, in which captures are kept."""
    return bool((np.abs(numbers) <= np.finfo(np.float32).max).all())


def _stack(views: Sequence[_View]) -> PosedImages:
    height, width = (max(view.values.shape[axis] for view in views) for axis in (0, 1))
    values = torch.stack([_padded(view.values, height, width) for view in views])
    cameras = Cameras(
        torch.from_numpy(np.stack([view.viewmat for view in views])).float(),
        torch.from_numpy(np.stack([view.K for view in views])).float(),
        width,
        height,
        **_lenses(views),
    )
    shapes = {tuple(view.values.shape) for view in views}
    masks = depths = None
    if len(shapes) > 1 or any(view.mask is not None for view in views):
        masks = torch.stack([_padded(_counted(view)[..., None], height, width) for view in views])
    if any(view.depth is not None for view in views):
        depths = torch.stack([_padded(_measured(view)[..., None], height, width) for view in views])
    is_opaque = all((view.values[..., 3] == 1).all() for view in views)
    return PosedImages(
        values[..., :3],
        cameras,
        None if is_opaque else values[..., 3],
        None if depths is None else depths[..., 0],
        None if masks is None else masks[..., 0],
    )


def _lenses(views: Sequence[_View]) -> dict[str, Any]:
    """The camera model and the coefficients of views whose images keep their distortion."""
    lenses = [view.distortion for view in views]
    if not any(lenses):
        return {}
    fisheyes = sum(lens is not None and lens.is_fisheye for lens in lenses)
    if fisheyes not in (0, len(lenses)):
        raise DataError(
            f"{fisheyes} of {len(lenses)} cameras are fisheyes, and only cameras of one model are "
            "rendered together; undistort the images: data.undistort=true"
        )
    rows = [(lens or Distortion()).coefficients for lens in lenses]
    model = "fisheye" if fisheyes else "opencv"
    return {"model": model, "distortion": torch.tensor(rows, dtype=torch.float32)}


def _counted(view: _View) -> Bool[Tensor, "h w"]:
    if view.mask is None:
        return torch.ones(view.values.shape[:2], dtype=torch.bool)
    return view.mask


def _measured(view: _View) -> Float[Tensor, "h w"]:
    return torch.zeros(view.values.shape[:2]) if view.depth is None else view.depth


def _padded(image: Tensor, height: int, width: int) -> Tensor:
    """The image with zeros at its right and lower side."""
    return pad(image, (0, 0, 0, width - image.shape[1], 0, height - image.shape[0]))


def _split(images: PosedImages, frames: Sequence[PosedFrame], hold_out_every: int) -> Capture:
    if all(frame.held_out is None for frame in frames):
        return Capture.split(images, hold_out_every)
    train = [place for place, frame in enumerate(frames) if not frame.held_out]
    held_out = [place for place, frame in enumerate(frames) if frame.held_out]
    if not train:
        raise DataError(f"all {len(frames)} views of this capture are held out, wanted some to fit")
    return Capture(images[train], images[held_out] if held_out else None)
