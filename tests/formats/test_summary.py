import json
import struct

import pytest
import torch

from gaussrep.formats.by_suffix import save
from gaussrep.formats.summary import LEVELS, summarize
from gaussrep.gaussians import Gaussians


def row_of_five(degree=None):
    color = {"colors": torch.ones(5, 3)} if degree is None else {"sh": torch.ones(5, 4, 3)}
    return Gaussians(
        means=torch.tensor([[0.0, 0, 1], [1, 0, 1], [2, 0, 1], [3, 0, 1], [4, -6, 1]]),
        quats=torch.ones(5, 4),
        scales=torch.full((5, 3), 0.25),
        opacities=torch.tensor([0.0, 0.25, 0.5, 0.75, 1]),
        **color,
    )


def test_quantiles_of_five_gaussians(tmp_path):
    save(row_of_five(), tmp_path / "a.splat")
    summary = summarize(tmp_path / "a.splat")
    assert (summary.count, summary.sh_degree, summary.program) == (5, None, "")
    assert LEVELS == (0, 0.01, 0.25, 0.5, 0.75, 0.99, 1)
    assert summary.quantiles["x"] == pytest.approx((0, 0.04, 1, 2, 3, 3.96, 4))
    assert summary.quantiles["y"] == pytest.approx((-6, -5.76, 0, 0, 0, 0, 0))
    assert summary.quantiles["z"] == (1,) * 7
    assert summary.quantiles["scale"] == (0.25,) * 7
    assert summary.quantiles["opacity"] == pytest.approx(
        (0, 0.01, 0.25, 0.5, 0.75, 0.99, 1), abs=0.003
    )


def test_no_gaussians_have_no_quantiles(tmp_path):
    save(row_of_five()[:0], tmp_path / "a.ply")
    assert summarize(tmp_path / "a.ply").quantiles == {}


def test_comments_name_the_program(tmp_path):
    save(row_of_five(), tmp_path / "a.ply")
    data = (tmp_path / "a.ply").read_bytes()
    named = data.replace(b"1.0\n", b"1.0\ncomment Exported from Brush\ncomment SH degree: 0\n", 1)
    (tmp_path / "a.ply").write_bytes(named)
    assert summarize(tmp_path / "a.ply").program == "Exported from Brush; SH degree: 0"


@pytest.mark.parametrize("name", ["a.glb", "a.gltf"])
def test_the_generator_names_the_program(tmp_path, name):
    save(row_of_five(degree=1), tmp_path / name)
    data = (tmp_path / name).read_bytes()
    start, size = (20, struct.unpack_from("<I", data, 12)[0]) if name == "a.glb" else (0, None)
    text = data[start:] if size is None else data[start : start + size]
    summary = summarize(tmp_path / name)
    assert summary.program == json.loads(text)["asset"]["generator"]
    assert summary.program.startswith("gaussrep ")
    assert summary.sh_degree == 1


@pytest.mark.parametrize("name", ["a.sog", "meta.json", "a.usda"])
def test_the_program_of_sog_and_usd(tmp_path, name):
    save(row_of_five(degree=1), tmp_path / name)
    assert summarize(tmp_path / name).program.startswith("gaussrep ")


def test_settings_of_the_format(tmp_path):
    save(row_of_five().replace(antialiased=True), tmp_path / "a.spz")
    plain, turned = (summarize(tmp_path / "a.spz", axes=axes) for axes in ("ply", "spz"))
    assert plain.quantiles["y"][0] == pytest.approx(-turned.quantiles["y"][-1])
    assert plain.antialiased
