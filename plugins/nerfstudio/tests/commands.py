"""Calling the real commands."""

import os
import subprocess
import sys
from pathlib import Path

BIN = Path(sys.executable).parent
QUIET = ["--vis", "tensorboard", "--viewer.quit-on-train-completion", "True"]


def call(program, *arguments, **environment):
    return subprocess.run(
        [BIN / program, *map(str, arguments)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def train_command(method, data, out, *flags, steps):
    return [
        method, "--data", data, "--output-dir", out, "--experiment-name", "scene",
        "--timestamp", "run", "--max-num-iterations", steps, "--steps-per-save", 20,
        *QUIET, *flags,
    ]  # fmt: skip


def run_folder(method, out):
    return out / "scene" / method / "run"
