"""Fisheye captures: nerfstudio undistorts them, or the plugin refuses them by one sentence."""

import json

import numpy as np
import pytest
import torch
from nerfstudio.data.datamanagers.full_images_datamanager import FullImageDatamanagerConfig
from nerfstudio.data.dataparsers.nerfstudio_dataparser import NerfstudioDataParserConfig
from PIL import Image

from gaussrep.errors import CapabilityError
from gaussrep_nerfstudio.cameras import cameras_of

SIZE, FOCAL, POINT = 64, 30.0, (0.6, 0.4, 2.0)
"""In pixels, and a point in axes of the camera: x right, y down, z forward."""


def folder_of(folder, coefficients):
    """Two images of one dot from one pose, through a fisheye."""
    (folder / "images").mkdir()
    x, y, z = POINT
    radius = np.hypot(x, y)
    angle = np.arctan2(radius, z)
    bent = angle * (1 + sum(k * angle ** (2 * n + 2) for n, k in enumerate(coefficients)))
    u, v = (SIZE / 2 + FOCAL * bent * each / radius for each in (x, y))
    rows, columns = np.mgrid[:SIZE, :SIZE] + 0.5
    spot = np.exp(-((columns - u) ** 2 + (rows - v) ** 2) / 8)
    frames = []
    for number in range(2):
        name = f"images/{number}.png"
        Image.fromarray(np.uint8(255 * np.dstack([spot] * 3))).save(folder / name)
        frames.append({"file_path": name, "transform_matrix": np.eye(4).tolist()})
    lens = dict(zip(("k1", "k2", "k3", "k4"), coefficients, strict=True))
    lens |= {"w": SIZE, "h": SIZE, "fl_x": FOCAL, "fl_y": FOCAL, "cx": SIZE / 2, "cy": SIZE / 2}
    content = {"camera_model": "OPENCV_FISHEYE", **lens, "frames": frames}
    (folder / "transforms.json").write_text(json.dumps(content))
    return folder


def first_view(folder):
    """Camera and image that nerfstudio trains on."""
    parser = NerfstudioDataParserConfig(
        data=folder, orientation_method="none", center_method="none", auto_scale_poses=False,
        eval_mode="all", downscale_factor=1, load_3D_points=False,
    )  # fmt: skip
    manager = FullImageDatamanagerConfig(dataparser=parser, cache_images="gpu").setup(device="cpu")
    return manager.next_train(0)


def test_a_fisheye_is_rendered_as_the_pinhole_that_nerfstudio_makes_of_it(tmp_path):
    camera, data = first_view(folder_of(tmp_path, (0.05, -0.01, 0.002, 0.001)))
    cameras = cameras_of(camera)
    assert cameras.model == "pinhole"
    gray = data["image"][..., 0].double()
    assert gray.shape == (cameras.height, cameras.width)
    rows, columns = (torch.arange(n).double() + 0.5 for n in gray.shape)
    found = [(gray * columns).sum() / gray.sum(), (gray * rows[:, None]).sum() / gray.sum()]
    projected = cameras.Ks[0].double() @ torch.tensor(POINT, dtype=torch.float64)
    expected = (projected[:2] / projected[2]).tolist()
    assert [value.item() for value in found] == pytest.approx(expected, abs=1.0)


def test_a_fisheye_without_coefficients_is_refused(tmp_path):
    camera, _ = first_view(folder_of(tmp_path, (0.0, 0.0, 0.0, 0.0)))
    with pytest.raises(CapabilityError, match="type fisheye cannot be rendered"):
        cameras_of(camera)
