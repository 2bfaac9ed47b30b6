"""A model of COLMAP, read by nerfstudio's data parser, and the way back to its coordinates."""

from pathlib import Path

import pytest
import torch
from nerfstudio.data.dataparsers.colmap_dataparser import ColmapDataParserConfig
from PIL import Image

from gaussrep import quaternions
from gaussrep.fitting import synthetic_capture
from gaussrep_nerfstudio.cameras import cameras_of
from gaussrep_nerfstudio.run_data import model_to_data

POINTS = [[0.5, 0.25, 0.0], [-0.5, 0.0, 0.75], [0.0, -0.25, 0.5]]


@pytest.fixture
def views():
    return synthetic_capture(hold_out_every=99, views=8, size=24).train.cameras


@pytest.fixture
def folder(views, tmp_path):
    """A text model with two camera models."""
    folder = tmp_path / "colmap"
    (folder / "sparse" / "0").mkdir(parents=True)
    (folder / "images").mkdir()
    cameras = "1 PINHOLE 24 24 30 30 12 12\n2 OPENCV 24 24 30 30 12 12 0.01 0 0.001 0\n"
    quats = quaternions.from_matrix(views.viewmats[:, :3, :3]).tolist()
    images = ""
    for number, (quat, shift) in enumerate(
        zip(quats, views.viewmats[:, :3, 3].tolist(), strict=True)
    ):
        pose = " ".join(map(repr, [*quat, *shift]))
        images += f"{number + 1} {pose} {1 + number % 2} {number}.png\n0.5 0.5 1\n"
        Image.new("RGB", (24, 24)).save(folder / "images" / f"{number}.png")
    points = "".join(
        f"{number + 1} {' '.join(map(repr, point))} 200 100 50 0.5 1 0 2 0\n"
        for number, point in enumerate(POINTS)
    )
    for name, text in {"cameras": cameras, "images": images, "points3D": points}.items():
        (folder / "sparse" / "0" / f"{name}.txt").write_text(text)
    return folder


def test_a_model_ends_in_its_own_coordinates(folder, views, tmp_path):
    config = ColmapDataParserConfig(
        data=folder,
        colmap_path=Path("sparse/0"),
        downscale_factor=1,
        eval_mode="all",
    )
    outputs = config.setup().get_dataparser_outputs("train")
    outputs.save_dataparser_transform(tmp_path / "dataparser_transforms.json")
    back = model_to_data(tmp_path / "dataparser_transforms.json")
    cameras = cameras_of(outputs.cameras).transform(back)
    order = [int(path.stem) for path in outputs.image_filenames]
    assert sorted(order) == list(range(8))
    torch.testing.assert_close(cameras.viewmats, views.viewmats[order], atol=1e-4, rtol=0)
    moved = outputs.metadata["points3D_xyz"] @ back[:3, :3].mT + back[:3, 3]
    assert torch.cdist(moved, torch.tensor(POINTS)).amin(1).max() < 1e-4
