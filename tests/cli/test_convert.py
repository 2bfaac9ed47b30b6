import gzip
import subprocess
import sys

import pytest
import torch

from gaussrep.cli.convert import convert
from gaussrep.errors import ConfigError, FormatError
from gaussrep.formats.by_suffix import load, save
from gaussrep.gaussians import Gaussians

PROGRAM = [sys.executable, "-c", "from gaussrep.cli.main import main; main()"]


@pytest.fixture
def file(tmp_path):
    gaussians = Gaussians(
        means=torch.arange(9.0).view(3, 3),
        quats=torch.ones(3, 4),
        scales=torch.ones(3, 3),
        opacities=torch.full((3,), 0.5),
        sh=torch.rand(3, 4, 3),
    )
    save(gaussians, tmp_path / "in.ply")
    return tmp_path / "in.ply"


def test_the_same_gaussians_come_out(file, tmp_path, capsys):
    convert(file, tmp_path / "out.ply")
    assert torch.equal(load(tmp_path / "out.ply").means, load(file).means)
    assert torch.equal(load(tmp_path / "out.ply").sh, load(file).sh)
    assert capsys.readouterr().out == f"{tmp_path / 'out.ply'}: 3 Gaussians\n"


def test_a_file_may_be_converted_onto_itself(file):
    before = file.read_bytes()
    convert(file, file)
    assert file.read_bytes() == before


def test_unknown_suffixes_are_refused(file, tmp_path):
    with pytest.raises(FormatError, match="no format writes this suffix"):
        convert(file, tmp_path / "out.xyz")
    with pytest.raises(FormatError, match="no format reads this suffix"):
        convert(tmp_path / "in.xyz", tmp_path / "out.ply")


@pytest.mark.parametrize("suffix", [".ply", ".splat", ".spz", ".glb", ".gltf"])
def test_the_suffix_chooses_the_format(file, tmp_path, suffix):
    convert(file, tmp_path / f"out{suffix}")
    convert(tmp_path / f"out{suffix}", tmp_path / "back.ply")
    back = load(tmp_path / "back.ply")
    torch.testing.assert_close(back.means, load(file).means, rtol=0, atol=2e-4)
    assert back.sh_degree == (0 if suffix == ".splat" else 1)


def test_settings_are_those_of_the_format_that_is_written(file, tmp_path):
    convert(file, tmp_path / "out.spz", ["version=2"])
    assert gzip.decompress((tmp_path / "out.spz").read_bytes())[4] == 2
    with pytest.raises(ConfigError, match="version"):
        convert(file, tmp_path / "out.glb", ["version=2"])
    with pytest.raises(ConfigError, match="'version' is not a setting"):
        convert(file, tmp_path / "out.spz", ["version"])


def run(*arguments):
    return subprocess.run(
        [*PROGRAM, "convert", *map(str, arguments)], capture_output=True, text=True, check=False
    )


def test_the_command_converts(file, tmp_path):
    done = run(file, tmp_path / "out.ply")
    assert done.returncode == 0, done.stderr
    shown = [line.partition(" …")[0] for line in done.stderr.splitlines()]
    assert list(dict.fromkeys(shown)) == [f"reading {file}", f"writing {tmp_path / 'out.ply'}"]
    assert load(tmp_path / "out.ply").count == 3


def test_a_missing_file_is_one_line_and_exit_code_2(tmp_path):
    done = run(tmp_path / "none.ply", tmp_path / "out.ply")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert "No such file" in done.stderr
    assert "Traceback" not in done.stderr
