"""Writing posed pictures as a folder that nerfstudio, instant-ngp and `gaussrep fit` read."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from gaussrep.atomic_files import write_json
from gaussrep.fitting.capture import PosedPictures
from gaussrep.fitting.sources.transforms import TRANSFORMS
from gaussrep.fitting.sources.transforms_file import OPENGL


def write_transforms(pictures: PosedPictures, folder: Path, hold_out: int | None = None) -> None:
    """Write `transforms.json` and one PNG per view; transparency is kept, depth is not.

    Args:
        pictures: The views.
        folder: Made where it is missing.
        hold_out: Tell nerfstudio to hold out the last of every so many views, which are those that
            `gaussrep fit` holds out; None leaves it the choice.
    """
    (folder / "images").mkdir(parents=True, exist_ok=True)
    cameras = pictures.cameras
    poses = torch.linalg.inv(cameras.viewmats.double()).numpy() @ OPENGL
    frames = []
    for number, pose in enumerate(poses):
        path = f"images/{number:05d}.png"
        Image.fromarray(_pixels(pictures[[number]])).save(folder / path)
        K = cameras.Ks[number]
        lens = {"fl_x": K[0, 0], "fl_y": K[1, 1], "cx": K[0, 2], "cy": K[1, 2]}
        frame: dict[str, Any] = {name: value.item() for name, value in lens.items()}
        frames.append(frame | {"file_path": path, "transform_matrix": pose.tolist()})
    size = {"w": cameras.width, "h": cameras.height, "camera_model": "OPENCV"}
    split = {} if hold_out is None else _split([frame["file_path"] for frame in frames], hold_out)
    write_json(size | split | {"frames": frames}, folder / TRANSFORMS)


def _split(names: list[str], hold_out: int) -> dict[str, list[str]]:
    apart = names[hold_out - 1 :: hold_out]
    kept = [name for name in names if name not in apart]
    return {"train_filenames": kept, "val_filenames": apart, "test_filenames": apart}


def _pixels(view: PosedPictures) -> np.ndarray:
    """One view as eight-bit RGB, or RGBA whose colors are not multiplied by alpha."""
    colors = view.colors[0]
    if view.alphas is not None:
        alpha = view.alphas[0, ..., None]
        colors = torch.cat([colors / alpha.clamp_min(1e-6), alpha], dim=-1)
    return (colors.clamp(0, 1) * 255).round().byte().numpy()
