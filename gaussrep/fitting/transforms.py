"""The capture format of instant-ngp and nerfstudio: a folder with `transforms.json`."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import torch
from jaxtyping import Float64
from PIL import Image
from pydantic import Field, ValidationError

from gaussrep.config.validation_errors import format_validation_error
from gaussrep.data.scenes.camera_matrices import invert_pose
from gaussrep.data.unreadable import LeftOutFrames
from gaussrep.errors import DataError
from gaussrep.fitting.capture import Capture
from gaussrep.fitting.capture_config import TransformsConfig
from gaussrep.fitting.colored_points import read_points
from gaussrep.fitting.images import find_image
from gaussrep.fitting.lens import Lens
from gaussrep.fitting.posed_frames import PosedFrame, read_capture
from gaussrep.fitting.posed_images import PosedImages
from gaussrep.fitting.stored_images import StoredImages
from gaussrep.runtime.atomic_files import write_json
from gaussrep.runtime.plain_files import is_there, read_json

TRANSFORMS, TRAIN = "transforms.json", "transforms_train.json"
HELD_OUT = ("transforms_test.json", "transforms_val.json")
"""Files beside `transforms_train.json`; the first that exists lists the held-out views."""
OPENGL = np.diag([1.0, -1.0, -1.0, 1.0])
"""From OpenCV's camera axes (y down, z forward) to OpenGL's (y up, z backward)."""
UNREAD_KEYS = (
    "b1", "b2", "s1", "s2", "s3", "s4", "ftheta_p0", "rolling_shutter", "transform_matrix_end",
)  # fmt: skip
"""Keys that change what a pixel shows, and are not read: skew, thin prisms, moving cameras."""


class FrameEntry(Lens):
    """One image of the file."""

    file_path: str
    transform_matrix: list[list[float]]
    mask_path: str | None = None
    depth_file_path: str | None = None
    depth_path: str | None = None
    """instant-ngp's name of `depth_file_path`."""

    @property
    def name(self) -> str:
        """The path with forward slashes."""
        return self.file_path.replace("\\", "/")

    @property
    def viewmat(self) -> Float64[np.ndarray, "4 4"] | None:
        """World-to-camera with OpenCV's axes; None if the matrix has no inverse."""
        rows = self.transform_matrix
        if len(rows) not in (3, 4) or any(len(row) != 4 for row in rows):
            return None
        pose = np.eye(4)
        pose[: len(rows)] = rows
        return invert_pose(pose @ OPENGL) if np.isfinite(pose).all() else None


class TransformsFile(Lens):
    """The whole file."""

    frames: list[FrameEntry] = Field(min_length=1)
    ply_file_path: str | None = None
    integer_depth_scale: float | None = Field(default=None, gt=0)
    """instant-ngp's scene units in a step of stored depth."""
    train_filenames: list[str] | None = None
    val_filenames: list[str] | None = None
    test_filenames: list[str] | None = None

    def lens(self, frame: FrameEntry) -> Lens:
        """Combine the intrinsics of a frame with those of the file.

        Args:
            frame: The frame, whose values take precedence.

        Returns:
            The intrinsics.

        Raises:
            DataError: A key that changes the meaning is not read.
        """
        own, common = _lens_values(frame), _lens_values(self)
        for focal, angle in (("fl_x", "camera_angle_x"), ("fl_y", "camera_angle_y")):
            if focal in own or angle in own:
                common = {key: value for key, value in common.items() if key not in (focal, angle)}
        both = common | own
        if unread := [key for key in UNREAD_KEYS if _is_set(both.get(key))]:
            raise DataError(
                f"the key{'s' if len(unread) > 1 else ''} {', '.join(unread)} of its camera "
                f"{'are' if len(unread) > 1 else 'is'} not read; undistort the images first"
            )
        return Lens.model_validate(both)


def transforms_capture(config: TransformsConfig, path: str) -> Capture:
    """Read the images, cameras and points that a `transforms.json` lists.

    The file's poses are camera-to-world with OpenGL's axes, after its `applied_transform` and
    `applied_scale`, which nothing undoes. Images are undistorted by OpenCV's model, or keep their
    lens. Transparency is kept. If there is no `transforms.json`, `transforms_train.json` lists
    the fitted views and `transforms_test.json` or `transforms_val.json` those that are held out.

    Args:
        config: Size of the images, and which views to hold out if the file does not decide it.
        path: Folder of `transforms.json`; its paths are relative to here.

    Returns:
        The capture, in the file's coordinates.

    Raises:
        DataError: A file is missing or damaged, or no frame can be used.
    """
    folder = Path(path)
    main = folder / TRANSFORMS
    split = not main.exists() and (folder / TRAIN).exists()
    main = folder / TRAIN if split else main
    left_out = LeftOutFrames(main)
    file = read_transforms(main, left_out)
    frames = _frames(folder, file, config, left_out)
    if split:
        frames = [replace(frame, held_out=False) for frame in frames]
        beside = next((folder / name for name in HELD_OUT if (folder / name).exists()), None)
        if beside is not None:
            other = _frames(folder, read_transforms(beside, left_out), config, left_out)
            frames += [replace(frame, held_out=True) for frame in other]
    capture = read_capture(frames, left_out, config)
    if file.ply_file_path is None:
        return capture
    cloud = read_points(folder / file.ply_file_path.replace("\\", "/"))
    return replace(capture, points=cloud.points, colors=cloud.colors)


def read_transforms(path: Path, left_out: LeftOutFrames | None = None) -> TransformsFile:
    """Read a `transforms.json`.

    Args:
        path: The file.
        left_out: Collects frames that have mistakes; None makes them errors.

    Returns:
        Its contents, frames sorted by the name of their image.

    Raises:
        DataError: The file cannot be read, or has mistakes, with one line for each.
    """
    try:
        content = read_json(path, "utf-8-sig", finite=False)
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read: {error}.") from error
    if left_out is not None and isinstance(content, dict):
        content = _without_bad_frames(content, left_out)
    try:
        found = TransformsFile.model_validate(content)
    except ValidationError as error:
        raise DataError(f"{path}: {format_validation_error(error, content)}") from error
    frames = sorted(found.frames, key=lambda frame: frame.file_path)
    return found.model_copy(update={"frames": frames})


def write_transforms(
    images: PosedImages | StoredImages, folder: Path, hold_out_every: int | None = None
) -> None:
    """Write a folder that nerfstudio, instant-ngp and `gaussrep fit` read.

    The folder gets `transforms.json` and one PNG per view. Transparency is kept, depth is not.

    Args:
        images: The views.
        folder: Created if missing.
        hold_out_every: Make nerfstudio hold out every n-th view, as `gaussrep fit` does; None
            leaves the choice to nerfstudio.
    """
    (folder / "images").mkdir(parents=True, exist_ok=True)
    cameras = images.cameras
    poses = torch.linalg.inv(cameras.viewmats.double()).numpy() @ OPENGL
    frames = []
    for number, pose in enumerate(poses):
        path = f"images/{number:05d}.png"
        Image.fromarray(_pixels(images[[number]].read())).save(folder / path)
        K = cameras.Ks[number]
        lens = {"fl_x": K[0, 0], "fl_y": K[1, 1], "cx": K[0, 2], "cy": K[1, 2]}
        frame: dict[str, Any] = {name: value.item() for name, value in lens.items()}
        frames.append(frame | {"file_path": path, "transform_matrix": pose.tolist()})
    size = {"w": cameras.width, "h": cameras.height, "camera_model": "OPENCV"}
    names = [frame["file_path"] for frame in frames]
    split = {} if hold_out_every is None else _split(names, hold_out_every)
    write_json(size | split | {"frames": frames}, folder / TRANSFORMS)


def _without_bad_frames(content: dict[str, Any], left_out: LeftOutFrames) -> dict[str, Any]:
    """Leave out invalid frames, unless all frames are invalid."""
    frames = content.get("frames")
    if not isinstance(frames, list):
        return content
    good, bad = [], {}
    for number, frame in enumerate(frames):
        try:
            FrameEntry.model_validate(frame)
        except ValidationError as error:
            name = frame.get("file_path") if isinstance(frame, dict) else None
            text = format_validation_error(error, frame).strip().replace("\n", "; ")
            bad[str(name or f"frames.{number}")] = text
        else:
            good.append(frame)
    if not good:
        return content
    for name, reason in bad.items():
        left_out.add(name, reason)
    return content | {"frames": good}


def _frames(
    folder: Path, file: TransformsFile, config: TransformsConfig, left_out: LeftOutFrames
) -> list[PosedFrame]:
    """The frames of a file whose keys are all read."""
    scale = config.depth_scale
    if file.integer_depth_scale is not None:
        scale = 1 / file.integer_depth_scale
    held_out = _held_out_names(file)
    found = []
    for frame in file.frames:
        depth = frame.depth_file_path or frame.depth_path
        try:
            lens = file.lens(frame)
        except DataError as error:
            left_out.add(frame.name, error)
            continue
        found.append(
            PosedFrame(
                name=frame.name,
                image=find_image(_below(folder, frame.file_path)),
                viewmat=frame.viewmat,
                lens=lens,
                mask=None if not frame.mask_path else find_image(_below(folder, frame.mask_path)),
                depth=None if not depth else _below(folder, depth),
                depth_scale=scale,
                held_out=None if held_out is None else _plain(frame.file_path) in held_out,
            )
        )
    if not found:
        raise DataError(left_out.describe_all(left_out.count))
    return found


def _below(folder: Path, text: str) -> Path:
    """A path of the file; Windows separates folders by backslashes."""
    stored = folder / text
    return stored if is_there(stored) else folder / text.replace("\\", "/")


def _plain(name: str) -> str:
    return str(PurePosixPath(name.replace("\\", "/")))


def _held_out_names(file: TransformsFile) -> set[str] | None:
    """Names of the held-out views; None if the file does not list them."""
    lists = (file.train_filenames, file.val_filenames, file.test_filenames)
    if all(names is None for names in lists):
        return None
    train, val, test = ({_plain(name) for name in names or ()} for names in lists)
    if not val | test:
        return {_plain(frame.file_path) for frame in file.frames} - train
    return (val | test) - train


def _lens_values(lens: Lens) -> dict[str, Any]:
    """Lens parameters of a file or a frame, including additional keys."""
    names = (*Lens.model_fields, *UNREAD_KEYS)
    values = lens.model_dump()
    return {name: values[name] for name in names if values.get(name) is not None}


def _is_set(value: Any) -> bool:
    """Whether a key is there and not zero."""
    if isinstance(value, Mapping):
        return bool(value)
    if isinstance(value, Iterable) and not isinstance(value, str):
        return any(_is_set(part) for part in value)
    return bool(value)


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
