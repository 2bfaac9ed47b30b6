import pytest
import torch

from gaussrep.errors import DataError
from gaussrep.fitting.sources.ply_points import read_points

HEAD = "ply\nformat ascii 1.0\nelement vertex {}\n"
XYZ = "property float x\nproperty float y\nproperty float z\n"


@pytest.fixture
def write(tmp_path):
    def call(text):
        path = tmp_path / "points.ply"
        path.write_text(text, encoding="ascii")
        return path

    return call


def test_points_without_colors_are_gray(write):
    found = read_points(write(HEAD.format(1) + XYZ + "end_header\n1 2 3\n"))
    torch.testing.assert_close(found.points, torch.tensor([[1.0, 2, 3]]))
    torch.testing.assert_close(found.colors, torch.full((1, 3), 0.5))


def test_leaves_out_what_is_not_finite(write):
    found = read_points(write(HEAD.format(2) + XYZ + "end_header\nnan 2 3\n4 5 6\n"))
    torch.testing.assert_close(found.points, torch.tensor([[4.0, 5, 6]]))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD.format(0) + XYZ + "end_header\n", "holds no point"),
        (HEAD.format(1) + "property float x\nend_header\n1\n", "no columns x, y, z"),
        ("no ply", "not a PLY file"),
    ],
)
def test_refuses_by_name(write, text, message):
    with pytest.raises(DataError, match=message):
        read_points(write(text))
