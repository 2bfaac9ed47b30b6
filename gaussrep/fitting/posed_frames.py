"""Read the frames that a capture lists, and leave out those that cannot be used."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float64
from numpy.typing import ArrayLike

from gaussrep.data.unreadable import LeftOutFrames
from gaussrep.errors import DataError
from gaussrep.fitting.capture import Capture
from gaussrep.fitting.capture_config import LensCaptureConfig
from gaussrep.fitting.images import read_depth_file, read_image_file, read_mask
from gaussrep.fitting.lens import Lens, undistort
from gaussrep.fitting.posed_images import PosedImages
from gaussrep.fitting.stored_images import DecodedView, StoredImages, ViewFile, read_views


@dataclass(frozen=True, eq=False)
class PosedFrame:
    """One image of a capture, not yet read.

    Args:
        name: Its name in the capture.
        image: Its file.
        viewmat: World-to-camera matrix, OpenCV camera axes; None if the pose is not a finite
            matrix that has an inverse.
        lens: Its intrinsics.
        mask: File of its mask, black where a pixel does not count.
        depth: File of its depth.
        depth_scale: Stored depth units per scene unit.
        held_out: Whether the view is held out; None if the capture does not decide it.
    """

    name: str
    image: Path
    viewmat: Float64[np.ndarray, "4 4"] | None
    lens: Lens
    mask: Path | None = None
    depth: Path | None = None
    depth_scale: float = 1000.0
    held_out: bool | None = None


def read_capture(
    frames: Sequence[PosedFrame], left_out: LeftOutFrames, config: LensCaptureConfig
) -> Capture:
    """Read the images of a capture, without points.

    Frames that cannot be used are left out with one warning. Smaller images are padded to the size
    of the largest, and their padding is masked.

    Args:
        frames: At least one frame.
        left_out: Collects the frames that cannot be used; may hold some already.
        config: Size of the images, whether to undistort them, from which size on they stay in their
            files, and how many views to hold out if the frames do not decide it.

    Returns:
        The fitted and the held-out views.

    Raises:
        DataError: No frame can be used, or none is left to fit.
    """
    files = [_FrameFile(frame, config) for frame in frames]
    listed = len(frames) + left_out.count
    found = read_views(files, left_out, config.max_memory_gb, listed=listed)
    kept = [frames[place] for place in found.kept]
    return _split(found.images, kept, config.hold_out_every)


@dataclass(frozen=True, eq=False)
class _FrameFile(ViewFile):
    frame: PosedFrame
    config: LensCaptureConfig

    @property
    def name(self) -> str:
        return self.frame.name

    def read(self) -> DecodedView:
        return _read(self.frame, self.config)


def _read(frame: PosedFrame, config: LensCaptureConfig) -> DecodedView:
    if frame.viewmat is None or not _is_finite(frame.viewmat):
        raise DataError("its pose is not a finite, invertible 4 x 4 matrix")
    distortion = frame.lens.distortion
    image = read_image_file(frame.image, config.image_size)
    frame.lens.check_size(image.native_size)
    height, width = image.values.shape[:2]
    K = frame.lens.intrinsics(image.native_size, (width, height))
    if K is None:
        raise DataError("it has no focal length; expected fl_x or camera_angle_x")
    if not _is_finite(K):
        raise DataError("its focal length or principal point is not a finite number")
    size = (width, height)
    mask = None if frame.mask is None else read_mask(frame.mask, size)
    depth = None
    if frame.depth is not None:
        depth = read_depth_file(frame.depth, size, frame.depth_scale)
    values = image.values
    if distortion is not None and config.undistort:
        is_opaque = (values[..., 3] == 1).all()
        values = undistort(values, K, distortion)
        if is_opaque:  # the weights of interpolation are rounded
            values[..., 3] = 1
        if mask is not None:
            mask = undistort(mask[..., None].float(), K, distortion)[..., 0] > 0.999
        if depth is not None:
            depth = undistort(depth[..., None], K, distortion, "nearest")[..., 0]
        distortion = None
    elif distortion is not None and not _is_finite(distortion.coefficients):
        raise DataError("a coefficient of its distortion is not a finite number")
    return DecodedView(values, K, frame.viewmat, mask, depth, distortion)


def _is_finite(numbers: ArrayLike) -> bool:
    """Whether numbers are finite in float32, the dtype of captures."""
    return bool((np.abs(numbers) <= np.finfo(np.float32).max).all())


def _split(
    images: PosedImages | StoredImages, frames: Sequence[PosedFrame], hold_out_every: int
) -> Capture:
    if all(frame.held_out is None for frame in frames):
        return Capture.split(images, hold_out_every)
    train = [place for place, frame in enumerate(frames) if not frame.held_out]
    held_out = [place for place, frame in enumerate(frames) if frame.held_out]
    if not train:
        raise DataError(
            f"all {len(frames)} views of this capture are held out, expected some to fit"
        )
    return Capture(images[train], images[held_out] if held_out else None)
