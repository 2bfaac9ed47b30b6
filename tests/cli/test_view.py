import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
import torch
from forked_program import run_gaussrep

import gaussrep as gr
from gaussrep.gaussians import Gaussians

PROGRAM = [sys.executable, "-c", "from gaussrep.cli.main import main; main()"]
RAISES = 'raise ImportError("viser was imported")'
OLD = {"viser": RAISES}
"""What nerfstudio's environment has, and nobody may import."""


@pytest.fixture
def file(tmp_path):
    gaussians = Gaussians(
        means=torch.rand(3, 3),
        quats=torch.ones(3, 4),
        scales=torch.full((3, 3), 0.1),
        opacities=torch.full((3,), 0.5),
        colors=torch.rand(3, 3),
    )
    gr.save(gaussians, tmp_path / "scene.ply")
    return tmp_path / "scene.ply"


@pytest.mark.parametrize("command", [["--help"], ["plugins"], ["view", "--help"]])
def test_listing_does_not_import_an_older_viser(site, command):
    site.add("viser", version="0.2.7", modules=OLD, entry_points="")
    site.names.clear()
    done = site.run(*command)
    assert done.returncode == 0, done.stderr
    assert "viser was imported" not in done.stdout + done.stderr


def test_an_older_viser_is_one_sentence(site, file):
    site.add("viser", version="0.2.7", modules=OLD, entry_points="")
    site.names.clear()
    done = site.run("view", str(file))
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert 'gaussrep view needs viser>=1.1: pip install "gaussrep[viewer]"' in done.stderr


def test_the_extra_installs_what_the_command_asks_for():
    import tomllib

    from gaussrep.cli.view import VISER

    text = (Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")
    assert tomllib.loads(text)["project"]["optional-dependencies"]["viewer"] == [VISER]


def view(*arguments):
    return run_gaussrep("view", *arguments)


def test_bad_input_is_one_sentence(file, tmp_path):
    pytest.importorskip("viser")
    for option in (["--strict"], ["--axes", "ply"]):
        folder = view(tmp_path, *option)
        assert folder.returncode == 2
        assert "--axes and --strict are for files of Gaussians" in folder.stderr
    axes = view(file, "--axes", "ply")
    assert (axes.returncode, "axes" in axes.stderr) == (2, True)
    setting = view(file, "data.root=x")
    assert (setting.returncode, "is a setting of a run's data set" in setting.stderr) == (2, True)
    missing = view(tmp_path / "none.ply")
    assert (missing.returncode, missing.stderr.count("\n")) == (2, 1)
    assert "there is no such file or folder" in missing.stderr
    unknown = view(file, "--renderer", "gpu")
    assert (unknown.returncode, unknown.stderr.count("\n")) == (2, 1)
    assert "gpu" in unknown.stderr


@pytest.mark.skipif(os.name == "nt", reason="signals of another kind")
def test_it_serves_on_this_machine_alone_until_ctrl_c(file):
    pytest.importorskip("viser")
    with subprocess.Popen(
        [*PROGRAM, "view", str(file), "--port", "8161"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as program:
        line = program.stdout.readline()
        name, url = line.split()[:2]
        assert (name, url[:17]) == (f"{file}:", "http://127.0.0.1:")
        with urllib.request.urlopen(url) as page:
            assert b"<html" in page.read()
        program.send_signal(signal.SIGINT)
        rest, problems = program.communicate(timeout=300)
    assert (program.returncode, rest.strip()) == (0, "")
    assert all(line.startswith(f"opening {file} …") for line in problems.splitlines())
    with socket.socket() as again:
        assert again.connect_ex(("127.0.0.1", int(url.rpartition(":")[2]))) != 0
