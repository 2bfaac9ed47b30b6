"""Camera paths of three programs, each with one camera that looks along +z from (1, 2, 3)."""

import json

import pytest
import torch

from gaussrep.errors import DataError
from gaussrep.fitting.camera_paths import read_camera_path

OPENGL = [[1.0, 0, 0, 1], [0, -1, 0, 2], [0, 0, -1, 3], [0, 0, 0, 1]]
"""Camera to world with y up and z backward."""
FLAT = [number for row in OPENGL for number in row]
VIEWMAT = torch.tensor([[1.0, 0, 0, -1], [0, 1, 0, -2], [0, 0, 1, -3], [0, 0, 0, 1]])
FILES = {
    "transforms": {
        "w": 200, "h": 100, "fl_x": 100.0, "fl_y": 100.0,
        "frames": [{"file_path": "a.png", "transform_matrix": OPENGL}],
    },
    "nerfstudio": {
        "render_width": 200, "render_height": 100,
        "camera_path": [{"camera_to_world": FLAT, "fov": 53.13010235, "aspect": 2.0}],
    },
    "3dgs": [
        {"id": 0, "img_name": "a", "width": 200, "height": 100, "position": [1.0, 2, 3],
         "rotation": [[1.0, 0, 0], [0, 1, 0], [0, 0, 1]], "fx": 100.0, "fy": 100.0}
    ],
}  # fmt: skip


@pytest.fixture
def write(tmp_path):
    def write(content):
        (tmp_path / "path.json").write_text(json.dumps(content))
        return tmp_path / "path.json"

    return write


@pytest.mark.parametrize("program", FILES)
def test_each_program_gives_the_same_camera(program, write):
    cameras = read_camera_path(write(FILES[program]), 100, 50)
    torch.testing.assert_close(cameras.viewmats[0], VIEWMAT)
    expected = torch.tensor([[50.0, 0, 50], [0, 50, 25], [0, 0, 1]])
    torch.testing.assert_close(cameras.Ks[0], expected)
    assert (cameras.width, cameras.height) == (100, 50)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"cameras": []}, "not a camera path; expected frames"),
        ([], "holds no camera"),
        ({"camera_path": [{"camera_to_world": [1.0], "fov": 50}]}, "camera_to_world"),
        (
            {"camera_path": [{"camera_to_world": [0.0] * 16, "fov": 50}]},
            "pose of camera 0 has no inverse",
        ),
        ({"frames": [{"file_path": "a", "transform_matrix": OPENGL}]}, "no focal length"),
    ],
)
def test_other_files_get_one_sentence(content, words, write):
    with pytest.raises(DataError, match=words):
        read_camera_path(write(content), 100, 50)


def test_a_file_that_is_no_json_is_named(tmp_path):
    (tmp_path / "path.json").write_text("{")
    with pytest.raises(DataError, match=r"path\.json: cannot be read"):
        read_camera_path(tmp_path / "path.json", 100, 50)
