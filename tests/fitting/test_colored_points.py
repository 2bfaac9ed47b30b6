import pytest
import torch

from gaussrep.errors import DataError
from gaussrep.fitting.colored_points import read_points

HEAD = "ply\nformat ascii 1.0\nelement vertex {}\n"
XYZ = "property float x\nproperty float y\nproperty float z\n"


@pytest.fixture
def write_ply(tmp_path):
    def call(text):
        path = tmp_path / "points.ply"
        path.write_text(text, encoding="ascii")
        return path

    return call


def test_points_without_colors_are_gray(write_ply):
    found = read_points(write_ply(HEAD.format(1) + XYZ + "end_header\n1 2 3\n"))
    torch.testing.assert_close(found.points, torch.tensor([[1.0, 2, 3]]))
    torch.testing.assert_close(found.colors, torch.full((1, 3), 0.5))


def test_leaves_out_what_is_not_finite(write_ply):
    found = read_points(write_ply(HEAD.format(2) + XYZ + "end_header\nnan 2 3\n4 5 6\n"))
    torch.testing.assert_close(found.points, torch.tensor([[4.0, 5, 6]]))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD.format(0) + XYZ + "end_header\n", "holds no point"),
        (HEAD.format(1) + "property float x\nend_header\n1\n", "no columns x, y, z"),
        ("no ply", "not a PLY file"),
    ],
)
def test_refuses_files_without_points(write_ply, text, message):
    with pytest.raises(DataError, match=message):
        read_points(write_ply(text))


@pytest.mark.parametrize(
    ("kind", "names", "values"),
    [
        ("uchar", "red green blue", "255 0 51"),
        ("ushort", "red green blue", "65535 0 13107"),
        ("float", "r g b", "1 0 0.2"),
        ("float", "diffuse_red diffuse_green diffuse_blue", "255 0 51"),
    ],
)
def test_colors_of_any_type(write_ply, kind, names, values):
    columns = "".join(f"property {kind} {name}\n" for name in names.split())
    path = write_ply(HEAD.format(1) + XYZ + columns + f"end_header\n1 2 3 {values}\n")
    torch.testing.assert_close(read_points(path).colors, torch.tensor([[1.0, 0, 0.2]]))
