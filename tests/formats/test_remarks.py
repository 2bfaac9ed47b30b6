"""Impossible Gaussians are left out and counted, in every format."""

import math
import struct

import pytest
import torch

from gaussrep.errors import FormatError
from gaussrep.formats.by_suffix import load
from gaussrep.formats.remarks import Remarks

COLUMNS = "x y z f_dc_0 f_dc_1 f_dc_2 opacity scale_0 scale_1 scale_2 rot_0 rot_1 rot_2 rot_3"


def ply(changes, count=300):
    """A file of Gaussians at x = 0, 1, 2, …, with changed values by row and column."""
    names = COLUMNS.split()
    head = ["ply", "format binary_little_endian 1.0", f"element vertex {count}"]
    head += [*(f"property float {name}" for name in names), "end_header", ""]
    rows = [{"x": row, "rot_0": 1} | changes.get(row, {}) for row in range(count)]
    body = [struct.pack("<14f", *(row.get(name, 0) for name in names)) for row in rows]
    return "\n".join(head).encode() + b"".join(body)


def splat(bad, count=300):
    good = (1.0, 1, 1, 9, 9, 9, 255, 255, 128, 128, 128)
    rows = [(row, 0, 0, *(bad.get(row, good))) for row in range(count)]
    return b"".join(struct.pack("<6f8B", *row) for row in rows)


def test_a_few_are_left_out_and_counted_in_one_line(tmp_path, caplog):
    (tmp_path / "a.ply").write_bytes(
        ply({7: {"x": math.nan}, 20: {"rot_0": 0, "opacity": math.nan}})
    )
    g = load(tmp_path / "a.ply")
    assert g.means[:, 0].tolist() == [x for x in range(300) if x not in (7, 20)]
    (line,) = caplog.messages
    assert line.startswith(f"{tmp_path / 'a.ply'}: left out 2 impossible Gaussians of 300: ")
    assert "1 with means that are NaN or infinite" in line
    assert "1 with opacities that are NaN or infinite" in line
    assert "1 with a quaternion of length 0" in line


def test_in_splat_too(tmp_path, caplog):
    zero = (1.0, 1, 1, 9, 9, 9, 255, 128, 128, 128, 128)
    (tmp_path / "a.splat").write_bytes(splat({3: zero}))
    assert load(tmp_path / "a.splat").means[:, 0].tolist() == [x for x in range(300) if x != 3]
    assert "left out 1 impossible Gaussians of 300" in caplog.text


def test_strict_reading_refuses_one(tmp_path):
    (tmp_path / "a.ply").write_bytes(ply({7: {"x": math.nan}}))
    with pytest.raises(FormatError, match=r"a\.ply: the file holds 1 impossible Gaussians of 300"):
        load(tmp_path / "a.ply", strict=True)
    (tmp_path / "b.ply").write_bytes(ply({7: {"opacity": math.inf, "scale_0": -math.inf}}))
    assert load(tmp_path / "b.ply", strict=True).count == 300


def test_more_than_one_in_a_hundred_are_refused(tmp_path):
    (tmp_path / "a.ply").write_bytes(ply({row: {"x": math.nan} for row in range(3)}))
    assert load(tmp_path / "a.ply").count == 297
    (tmp_path / "a.ply").write_bytes(ply({row: {"x": math.nan} for row in range(4)}))
    with pytest.raises(FormatError, match="4 impossible Gaussians of 300"):
        load(tmp_path / "a.ply")


def test_infinite_logits_and_logarithms_mean_finite_values(tmp_path, caplog):
    changes = {
        0: {"opacity": math.inf},
        1: {"opacity": -math.inf},
        2: {"scale_0": -math.inf, "scale_1": -200, "scale_2": 1},
    }
    (tmp_path / "a.ply").write_bytes(ply(changes, count=4))
    g = load(tmp_path / "a.ply")
    assert g.opacities.tolist() == [1, 0, 0.5, 0.5]
    tiny = torch.finfo(torch.float32).tiny
    assert g.scales[2].tolist() == [tiny, tiny, pytest.approx(math.e)]
    assert caplog.messages == []


def test_several_parts_are_counted_together(tmp_path, caplog):
    remarks = Remarks()
    for bad in (1, 2):
        fields = {
            "means": torch.zeros(200, 3),
            "quats": torch.ones(200, 4),
            "scales": torch.ones(200, 3),
            "opacities": torch.ones(200),
        }
        fields["means"][:bad] = math.nan
        assert len(remarks.possible(fields)["means"]) == 200 - bad
    remarks.check_share()
    remarks.log(tmp_path / "a.glb")
    assert caplog.messages == [
        f"{tmp_path / 'a.glb'}: left out 3 impossible Gaussians of 400: 3 with means that are NaN "
        "or infinite; strict=True refuses such a file."
    ]


def test_a_remark_that_is_repeated_is_one_line(tmp_path, caplog):
    remarks = Remarks()
    remarks.add("this is odd")
    remarks.add("this is odd")
    remarks.log(tmp_path)
    assert caplog.messages == [f"{tmp_path}: this is odd."]
