import struct

import pytest
import torch

from gaussrep.errors import FormatError, ValueRangeError
from gaussrep.formats.splat import Splat


def row(means=(1, -2, 3), scales=(0.5, 1, 2), rgba=(255, 0, 51, 204), quats=(255, 128, 0, 64)):
    return struct.pack("<6f8B", *means, *scales, *rgba, *quats)


def test_a_file_laid_out_by_hand(tmp_path):
    (tmp_path / "a.splat").write_bytes(row() + row(means=(0, 0, 0)))
    g = Splat().read(tmp_path / "a.splat")
    assert g.means.tolist() == [[1, -2, 3], [0, 0, 0]]
    assert g.scales[0].tolist() == [0.5, 1, 2]
    assert g.colors[0].tolist() == pytest.approx([1, 0, 0.2])
    assert g.opacities[0].item() == pytest.approx(0.8)
    assert g.quats[0].tolist() == [127 / 128, 0, -1, -0.5]


def test_another_parser_reads_it(tmp_path, make_scene):
    g = make_scene(6)
    Splat().write(g, tmp_path / "a.splat")
    data = (tmp_path / "a.splat").read_bytes()
    assert len(data) == 6 * 32
    for place, values in enumerate(struct.iter_unpack("<6f8B", data)):
        assert list(values[:3]) == g.means[place].tolist()
        assert list(values[3:6]) == g.scales[place].tolist()
        assert list(values[6:9]) == [round(255 * value) for value in g.colors[place].tolist()]
        assert values[9] == round(255 * g.opacities[place].item())
        unit = (g.quats[place] / g.quats[place].norm()).tolist()
        assert list(values[10:]) == [min(255, round(128 * part) + 128) for part in unit]


@pytest.mark.parametrize("degree", [None, 0, 3])
def test_a_round_trip_loses_less_than_stated(tmp_path, make_scene, angles, degree):
    g = make_scene(500, degree)
    Splat().write(g, tmp_path / "a.splat")
    back = Splat().read(tmp_path / "a.splat")
    assert torch.equal(back.means, g.means)
    assert torch.equal(back.scales, g.scales)
    assert (back.opacities - g.opacities).abs().max() <= 0.5 / 255 + 1e-6
    colors = g.colors if degree is None else 0.28209479 * g.sh[:, 0] + 0.5
    assert (back.colors - colors).abs().max() <= 0.5 / 255 + 1e-6
    assert angles(back.quats, g.quats).max() < 1.0


def test_colors_beyond_the_range_are_clipped(tmp_path, make_scene):
    g = make_scene(2).replace(colors=torch.tensor([[-0.5, 0, 1], [2, 1.001, 0.5]]))
    Splat().write(g, tmp_path / "a.splat")
    assert Splat().read(tmp_path / "a.splat").colors.mul(255).round().tolist() == [
        [0, 0, 255],
        [255, 255, 128],
    ]


def test_a_scene_without_gaussians(tmp_path, make_scene):
    Splat().write(make_scene(0), tmp_path / "a.splat")
    assert Splat().read(tmp_path / "a.splat").count == 0


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (row()[:-1], "31 bytes are not a multiple of 32"),
        (
            row(means=(float("nan"), 0, 0)),
            "1 impossible Gaussians of 1: 1 with means that are NaN or infinite",
        ),
        (row(scales=(float("inf"), 1, 1)), "1 with scales that are NaN or infinite"),
        (row(scales=(-1, 1, 1)) + row(), "1 impossible Gaussians of 2: 1 with a negative scale"),
        (row(quats=(128,) * 4), "1 with a quaternion of length 0"),
    ],
)
def test_impossible_files_are_refused(refusal, data, words):
    assert words in refusal(data, "a.splat")


def test_a_flat_gaussian_is_read_as_very_thin(tmp_path):
    (tmp_path / "a.splat").write_bytes(row(scales=(0, 1, 1)))
    assert 0 < Splat().read(tmp_path / "a.splat").scales[0, 0] < 1e-30


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (lambda g: g.stack([g, g]), FormatError, r"a\.splat: a \.splat file holds one scene"),
        (lambda g: g.replace(features=torch.zeros(4, 2)), FormatError, "features"),
        (lambda g: g.replace(scales=torch.zeros(4, 3)), ValueRangeError, "scales hold 12"),
    ],
)
def test_what_it_cannot_hold_is_refused(tmp_path, make_scene, change, error, words):
    with pytest.raises(error, match=words):
        Splat().write(change(make_scene(4)), tmp_path / "a.splat")
    assert list(tmp_path.iterdir()) == []
