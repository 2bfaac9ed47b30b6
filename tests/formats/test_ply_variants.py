"""PLY files of programs that change the 3DGS layout."""

import math
import struct

import pytest

from gaussrep.errors import FormatError
from gaussrep.formats.by_suffix import load

COLUMNS = [
    *("x", "y", "z", "f_dc_0", "f_dc_1", "f_dc_2", "opacity"),
    *("scale_0", "scale_1", "scale_2", "rot_0", "rot_1", "rot_2", "rot_3"),
]
VALUES = dict.fromkeys(COLUMNS, 0.0) | {
    "x": 3.0,
    "rot_0": 1.0,
    "scale_1": math.log(2),
    "scale_2": 9,
}


@pytest.fixture
def read(tmp_path):
    def read(values, comments=(), after="", tail=b"", **settings):
        lines = [
            "ply",
            "format binary_little_endian 1.0",
            *(f"comment {text}" for text in comments),
        ]
        lines += ["element vertex 1", *(f"property float {name}" for name in values)]
        head = "\n".join([*lines, *after.splitlines(), "end_header", ""]).encode()
        (tmp_path / "a.ply").write_bytes(
            head + struct.pack(f"<{len(values)}f", *values.values()) + tail
        )
        return load(tmp_path / "a.ply", **settings)

    return read


def test_gaussians_of_2dgs_are_flat(read, caplog):
    g = read({name: VALUES[name] for name in COLUMNS if name != "scale_2"})
    assert g.scales[0, :2].tolist() == [1, pytest.approx(2)]
    assert 0 < g.scales[0, 2] < 1e-30
    assert g.quats.tolist() == [[1, 0, 0, 0]]
    assert caplog.messages == []


def test_names_of_cloudcompare(read):
    renamed = {name if name in "xyz" else f"scalar_{name}": VALUES[name] for name in COLUMNS}
    g = read(renamed)
    assert g.means.tolist() == [[3, 0, 0]]
    assert g.scales[0].tolist() == pytest.approx([1, 2, math.exp(9)])


def test_a_standard_name_is_kept_beside_cloudcompares(read):
    g = read(VALUES | {"scalar_opacity": 50.0, "scalar_x": 7.0})
    assert g.opacities.tolist() == [0.5]
    assert g.means[0, 0] == 3


def test_the_filter_of_mip_splatting_is_applied(read):
    """Variances 1, 4 and 16 with 9 added: 10, 13 and 25; the volume grows to that of them."""
    values = VALUES | {"scale_2": math.log(4), "filter_3D": 3.0}
    g = read(values)
    assert g.scales[0].tolist() == pytest.approx([10**0.5, 13**0.5, 5])
    assert g.opacities[0].item() == pytest.approx(0.5 * (1 * 4 * 16 / (10 * 13 * 25)) ** 0.5)
    assert read(values | {"filter_3D": 0.0}).opacities.tolist() == [0.5]


@pytest.mark.parametrize(
    ("comment", "words"),
    [
        ("Vertical Axis: z", "names another vertical axis"),
    ],
)
def test_comments_that_matter_are_one_line(read, caplog, comment, words):
    read(VALUES, comments=[comment])
    (line,) = caplog.messages
    assert words in line


@pytest.mark.parametrize("comment", ["SplatRenderMode: mip", "antialiased 1"])
def test_antialiased_scenes_are_read_as_such(read, caplog, comment):
    assert read(VALUES, comments=[comment]).antialiased
    assert caplog.messages == []


@pytest.mark.parametrize(
    "comment", ["SplatRenderMode: default", "antialiased 0", "Vertical axis: y", "made by hand"]
)
def test_other_comments_are_none(read, caplog, comment):
    assert not read(VALUES, comments=[comment]).antialiased
    assert caplog.messages == []


def test_moving_gaussians_are_named(read, caplog):
    read(VALUES | {"trbf_center": 0.5, "motion_0": 1.0})
    (line,) = caplog.messages
    assert "columns of Gaussians that move are ignored: trbf_center, motion_0" in line


@pytest.mark.parametrize(("value", "space"), [(0, "srgb"), (1, "linear")])
def test_the_color_space_of_sharp(read, caplog, value, space):
    after = "element color_space 1\nproperty uchar color_space"
    assert read(VALUES, after=after, tail=bytes([value])).color_space == space
    assert caplog.messages == []


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["x", "y", "z"], "A plain point cloud holds no Gaussians"),
        (["x", "y", "z", "f_anchor_feat_0", "opacity"], "anchors of Scaffold-GS"),
        ([name for name in COLUMNS if name != "rot_3"], "lack rot_3. Export it again"),
    ],
)
def test_what_is_no_3dgs_file_is_named(read, names, words):
    with pytest.raises(FormatError, match=words):
        read(dict.fromkeys(names, 0.0))
