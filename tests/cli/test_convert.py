import gzip
import struct

import pytest
import torch
import typer
from forked_program import run_gaussrep

from gaussrep.cli.convert import convert
from gaussrep.errors import ConfigError, FormatError
from gaussrep.formats.by_suffix import load, save
from gaussrep.gaussians import Gaussians


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


@pytest.mark.parametrize(("axes", "y"), [("spz", 1), ("ply", -1), (None, 1)])
def test_axes_are_those_of_the_file_that_is_read(file, tmp_path, axes, y):
    convert(file, tmp_path / "in.spz", ["axes=spz"])
    data = gzip.decompress((tmp_path / "in.spz").read_bytes())
    nameless = data[:14] + b"\0" + data[15:-12]
    (tmp_path / "in.spz").write_bytes(gzip.compress(nameless))
    convert(tmp_path / "in.spz", tmp_path / "out.ply", axes=axes)
    assert load(tmp_path / "out.ply").means[0].tolist() == pytest.approx([0, y, 2 * y])


def test_axes_of_a_file_that_names_none_are_refused(file, tmp_path):
    with pytest.raises(ConfigError, match="axes"):
        convert(file, tmp_path / "out.spz", axes="ply")
    convert(file, tmp_path / "in.spz")
    with pytest.raises(ConfigError, match="spz"):
        convert(tmp_path / "in.spz", tmp_path / "out.ply", axes="up")


def test_strict_refuses_what_is_left_out_otherwise(file, tmp_path):
    scene = load(file)
    many = Gaussians.cat([scene] * 50)
    save(many, tmp_path / "many.ply")
    data = bytearray((tmp_path / "many.ply").read_bytes())
    data[-4 * 26 :] = struct.pack("<f", float("nan")) + data[-4 * 25 :]
    (tmp_path / "many.ply").write_bytes(data)
    with pytest.raises(FormatError, match="1 impossible Gaussians of 150"):
        convert(tmp_path / "many.ply", tmp_path / "out.ply", strict=True)
    done = run(tmp_path / "many.ply", tmp_path / "out.ply")
    assert (done.returncode, load(tmp_path / "out.ply").count) == (0, 149)
    assert done.stderr.count("left out 1 impossible Gaussians of 150") == 1


def run(*arguments):
    return run_gaussrep("convert", *arguments)


def test_the_command_converts(file, tmp_path):
    done = run(file, tmp_path / "out.ply")
    assert done.returncode == 0, done.stderr
    shown = [line.partition(" …")[0] for line in done.stderr.splitlines()]
    assert shown[-1] == f"converting {file} 3/3"
    assert load(tmp_path / "out.ply").count == 3


def test_a_missing_file_is_one_line_and_exit_code_2(tmp_path):
    done = run(tmp_path / "none.ply", tmp_path / "out.ply")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert "No such file" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture
def folder(file, tmp_path):
    """Three files of Gaussians, one of which is damaged, and another file."""
    folder = tmp_path / "scans"
    (folder / "b").mkdir(parents=True)
    save(load(file), folder / "a.ply")
    save(load(file), folder / "b" / "c.splat")
    (folder / "b" / "damaged.ply").write_bytes(b"ply")
    (folder / "notes.txt").write_text("none")
    return folder


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.spz")}


def test_shares_of_a_folder_are_those_of_one_call(folder, tmp_path, capsys):
    with pytest.raises(typer.Exit):
        convert(folder, tmp_path / "whole", to="spz")
    assert capsys.readouterr().out.endswith("2 written, 1 failed\n")
    assert {path.as_posix() for path in contents(tmp_path / "whole")} == {"a.spz", "b/c.spz"}
    for number in (1, 2, 3):
        try:
            convert(folder, tmp_path / "shares", to=".spz", shard=f"{number}/3")
        except typer.Exit:
            assert number == 3
    assert contents(tmp_path / "shares") == contents(tmp_path / "whole")


def test_a_second_call_keeps_what_is_there(folder, tmp_path, capsys):
    (folder / "b" / "damaged.ply").unlink()
    convert(folder, tmp_path / "out", to="spz")
    (tmp_path / "out" / "a.spz").unlink()
    capsys.readouterr()
    convert(folder, tmp_path / "out", to="spz")
    assert capsys.readouterr().out.endswith("1 written, 1 kept\n")


def test_two_files_that_would_become_one_are_refused(folder, file, tmp_path):
    save(load(file), folder / "a.splat")
    with pytest.raises(FormatError, match=r"would both become .*a\.spz; rename one"):
        convert(folder, tmp_path / "out", to="spz")


def test_options_of_folders_are_refused_for_a_file(file, tmp_path):
    with pytest.raises(ConfigError, match="are for a folder"):
        convert(file, tmp_path / "out.spz", shard="1/2")
