"""The real commands: train, kill, train on, measure, render, export."""

import json
import os
import signal
import socket
import subprocess
import time
import urllib.request

import numpy as np
import pytest
import torch
from commands import BIN, call, run_folder, train_command
from PIL import Image

import gaussrep as gr
from gaussrep.fitting import CaptureConfig
from gaussrep.fitting.capture import open_capture

FLAGS = [
    "--pipeline.model.init-count", 300, "--pipeline.model.max-gaussians", 400,
    "--pipeline.model.settings", "strategy.start_fraction=0", "strategy.refine_every=10",
    "init.opacity=0.1",
]  # fmt: skip


@pytest.fixture(scope="module")
def trained(balls, tmp_path_factory):
    """A run that was killed after its second checkpoint and went on from there."""
    out = tmp_path_factory.mktemp("out")
    folder = run_folder("gaussrep", out)
    keep = [*FLAGS, "--save-only-latest-checkpoint", "False"]
    killed = start("ns-train", *train_command("gaussrep", balls, out, *keep, steps=100_000))
    second = folder / "nerfstudio_models" / "step-000000040.ckpt"
    assert waited(second.is_file, killed), "no second checkpoint"
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    for file in folder.glob("nerfstudio_models/*"):
        if file.name > "step-000000020.ckpt":
            file.unlink()
    load = ["--load-dir", folder / "nerfstudio_models"]
    resumed = call("ns-train", *train_command("gaussrep", balls, out, *FLAGS, *load, steps=180))
    assert resumed.returncode == 0, resumed.stderr
    return folder


def start(program, *arguments):
    return subprocess.Popen(
        [BIN / program, *map(str, arguments)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def waited(done, process, seconds=120):
    """Whether something comes about while a process runs."""
    for _ in range(5 * seconds):
        if done():
            return True
        if process.poll() is not None:
            break
        time.sleep(0.2)
    return False


def test_killed_run_goes_on(trained):
    files = [file.name for file in (trained / "nerfstudio_models").iterdir()]
    assert files == ["step-000000200.ckpt"]
    state = torch.load(trained / "nerfstudio_models" / files[0], weights_only=True)
    adam = state["optimizers"]["means"]["state"][0]
    assert adam["step"] == 201
    assert len(adam["exp_avg"]) == len(state["pipeline"]["_model.scene.raw.means"]) != 300
    assert state["pipeline"]["_model._extra_state"]["steps"] == 100_000


def test_evaluates(trained, tmp_path):
    measured = call(
        "ns-eval",
        "--load-config",
        trained / "config.yml",
        "--output-path",
        tmp_path / "scores.json",
    )
    assert measured.returncode == 0, measured.stderr
    scores = json.loads((tmp_path / "scores.json").read_text())["results"]
    assert scores["psnr"] > 15  # black images have 12
    assert 0 < scores["ssim"] <= 1
    assert "lpips" not in scores
    assert measured.stdout.count("LPIPS is not measured") == 1


def test_export_renders_the_same_image(trained, balls, tmp_path):
    rendered = call(
        "ns-render", "dataset", "--load-config", trained / "config.yml", "--split", "test",
        "--output-path", tmp_path, "--rendered-output-names", "rgb", "--image-format", "png",
    )  # fmt: skip
    assert rendered.returncode == 0, rendered.stderr
    exported = call("gaussrep", "convert", trained / "config.yml", tmp_path / "scene.ply")
    assert exported.returncode == 0, exported.stderr
    views = open_capture(CaptureConfig(path=str(balls))).held_out
    drawn = gr.render(gr.load(tmp_path / "scene.ply"), views.cameras).color.clamp(0, 1)
    files = sorted((tmp_path / "test" / "rgb").glob("*.png"))
    assert [file.stem for file in files] == ["00003", "00007", "00011"]
    for place, file in enumerate(files):
        seen = np.asarray(Image.open(file).convert("RGB")) / 255
        assert np.abs(drawn[place].numpy() - seen).max() < 0.02
        assert seen.std() > 0.02


def test_viewer_opens_the_checkpoint(trained):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["ns-viewer", "--load-config", trained / "config.yml"]
    command += ["--viewer.websocket-host", "127.0.0.1", "--viewer.websocket-port", port]
    viewer = start(*command)
    try:
        assert waited(lambda: answers(port), viewer), "the viewer does not answer"
    finally:
        os.killpg(viewer.pid, signal.SIGKILL)
        viewer.wait()


def answers(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=1) as page:
            return b"viser" in page.read().lower()
    except OSError:
        return False
