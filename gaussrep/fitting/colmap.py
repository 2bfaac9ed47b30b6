"""The capture format of COLMAP: images, and a sparse model of their cameras."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float64

from gaussrep.data.scenes.camera_matrices import invert_pose
from gaussrep.data.unreadable import LeftOutFrames
from gaussrep.errors import DataError
from gaussrep.fitting.capture import Capture
from gaussrep.fitting.capture_config import ColmapConfig
from gaussrep.fitting.colmap_lenses import BENDS, ColmapLens
from gaussrep.fitting.colmap_model import (
    LARGEST,
    ColmapCamera,
    ColmapImage,
    ColmapPoints,
    count_images,
    model_suffix,
    read_cameras,
    read_images,
    read_model_points,
)
from gaussrep.fitting.images import find_image
from gaussrep.fitting.lens import Lens
from gaussrep.fitting.posed_frames import PosedFrame, read_capture
from gaussrep.runtime.plain_files import is_there

MODEL_FOLDERS = ("sparse", "colmap/sparse", ".")
"""Where models are, themselves or in numbered folders."""
PARAMETERS = {
    "SIMPLE_PINHOLE": "f cx cy", "PINHOLE": "fl_x fl_y cx cy", "SIMPLE_RADIAL": "f cx cy k1",
    "RADIAL": "f cx cy k1 k2", "OPENCV": "fl_x fl_y cx cy k1 k2 p1 p2",
    "FULL_OPENCV": "fl_x fl_y cx cy k1 k2 p1 p2 k3 k4 k5 k6",
    "OPENCV_FISHEYE": "fl_x fl_y cx cy k1 k2 k3 k4", "SIMPLE_RADIAL_FISHEYE": "f cx cy k1",
    "RADIAL_FISHEYE": "f cx cy k1 k2", "SIMPLE_FISHEYE": "f cx cy", "FISHEYE": "fl_x fl_y cx cy",
}  # fmt: skip
"""Parameters of the camera models that are read, by the names of `Lens`; f is fl_x and fl_y."""
SHRUNK = (8, 4, 2)
"""Factors of the folders of smaller images, `images_8` and so on."""


def colmap_capture(config: ColmapConfig, path: str) -> Capture:
    """Read the images, cameras and points of a COLMAP model.

    Of several models, the one with the most images is read. Images are undistorted.

    Args:
        config: Size of the images, folders of images and masks, and which views to hold out.
        path: Folder that holds `sparse` and the images.

    Returns:
        The capture, in COLMAP's coordinates.

    Raises:
        DataError: There is no model, a file of it is damaged, or no image can be used.
    """
    folder = Path(path)
    model, suffix = find_model(folder)
    cameras, registered = read_cameras(model, suffix), read_images(model, suffix)
    if not registered:
        raise DataError(f"{model}: this model has no registered image; run COLMAP's mapper again.")
    images = _image_folder(folder, config, cameras)
    left_out = LeftOutFrames(model)
    frames = []
    for image in registered:
        try:
            frames.append(_frame(image, cameras, images, folder / config.masks))
        except DataError as error:
            left_out.add(image.name, error)
    if not frames:
        raise DataError(left_out.describe_all(len(registered)))
    capture = read_capture(frames, left_out, config)
    points = read_model_points(model, suffix)
    return capture if points is None else _with_points(capture, points, config, model)


def find_model(folder: Path) -> tuple[Path, str]:
    """Find the model with the most images.

    Args:
        folder: Folder of the capture.

    Returns:
        Folder of the model, and its encoding.

    Raises:
        DataError: There is none, or a file is damaged.
    """
    for place in MODEL_FOLDERS:
        root = folder / place
        if not root.is_dir():
            continue
        inside = [root, *sorted(each for each in root.iterdir() if each.is_dir())]
        models = [(each, suffix) for each in inside if (suffix := model_suffix(each)) is not None]
        if models:
            return max(models, key=lambda model: count_images(*model))
    raise DataError(
        f"{folder}: there is no COLMAP model here; expected cameras.bin and images.bin, or "
        "cameras.txt and images.txt, in sparse or in sparse/0"
    )


def _image_folder(folder: Path, config: ColmapConfig, cameras: dict[int, ColmapCamera]) -> Path:
    """Find the folder of the smallest images that are large enough for the requested size."""
    if config.images is not None:
        return folder / config.images
    sides = [max(camera.width, camera.height) for camera in cameras.values()]
    for factor in SHRUNK:
        shrunk = folder / f"images_{factor}"
        enough = (
            config.image_size is not None and sides and max(sides) // factor >= config.image_size
        )
        if enough and shrunk.is_dir():
            return shrunk
    for name in ("images", "input"):
        if (folder / name).is_dir():
            return folder / name
    return folder


def _frame(
    image: ColmapImage, cameras: dict[int, ColmapCamera], images: Path, masks: Path
) -> PosedFrame:
    if image.camera_id not in cameras:
        raise DataError(f"the model has no camera {image.camera_id}")
    if not Path(image.name).name:
        raise DataError(f"the model calls it {image.name!r}, which is not a name of a file")
    return PosedFrame(
        name=image.name,
        image=find_image(images / image.name),
        viewmat=_viewmat(image),
        lens=_lens(cameras[image.camera_id]),
        mask=_mask(masks, image.name),
    )


def _lens(camera: ColmapCamera) -> Lens:
    names = PARAMETERS.get(camera.model)
    if names is None and camera.model in BENDS:
        names = "f cx cy" if camera.model.startswith("SIMPLE_") else "fl_x fl_y cx cy"
    if names is None:
        raise DataError(
            f"the camera model {camera.model} is not read, expected one of "
            f"{', '.join((*PARAMETERS, *BENDS))}; undistort the images first: "
            "colmap image_undistorter"
        )
    values: dict[str, Any] = dict(
        zip(names.split(), camera.params, strict=camera.model in PARAMETERS)
    )
    focal = values.pop("f", None)
    if focal is not None:
        values |= {"fl_x": focal, "fl_y": focal}
    if not min(values["fl_x"], values["fl_y"], camera.width, camera.height) > 0:
        raise DataError(f"its camera has the focal length {values['fl_x']:g}, expected more than 0")
    values |= {"camera_model": camera.model, "w": camera.width, "h": camera.height}
    if camera.model in PARAMETERS:
        return Lens.model_validate(values)
    return ColmapLens.model_validate(values | {"params": camera.params[len(names.split()) :]})


def _viewmat(image: ColmapImage) -> Float64[np.ndarray, "4 4"] | None:
    numbers = np.array([*image.quaternion, *image.translation])
    length = np.linalg.norm(numbers[:4])
    if not (np.abs(numbers) <= LARGEST).all() or not length > 0:
        return None
    w, x, y, z = numbers[:4] / length
    viewmat = np.eye(4)
    viewmat[:3, :3] = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    viewmat[:3, 3] = numbers[4:]
    return None if invert_pose(viewmat) is None else viewmat


def _mask(masks: Path, name: str) -> Path | None:
    """COLMAP names masks like the image with `.png` appended, others like the image."""
    for place in (masks / f"{name}.png", masks / Path(name).with_suffix(".png"), masks / name):
        if is_there(place):
            return place
    return None


def _with_points(
    capture: Capture, points: ColmapPoints, config: ColmapConfig, model: Path
) -> Capture:
    used = (np.abs(points.positions) <= LARGEST).all(1) & (
        points.track_lengths >= config.min_track_length
    )
    if config.max_point_error is not None:
        used &= points.errors <= config.max_point_error
    if not used.any():
        raise DataError(
            f"{model}: none of the {len(used):,} points can be used; raise data.max_point_error, "
            "or lower data.min_track_length."
        )
    return replace(
        capture,
        points=torch.from_numpy(points.positions[used]).float(),
        colors=torch.from_numpy(points.colors[used]).float() / 255,
    )
