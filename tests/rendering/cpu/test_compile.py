"""Compilation: vectorized, kept for the next process, and no error where it cannot be kept."""

import json
import os
import platform
import subprocess
import sys
from textwrap import dedent

import pytest

from gaussrep.kernels import jit as compile

PROGRAM = """
    import json, logging, re, sys, time, torch
    from gaussrep.testing.scenes import random_scene
    from gaussrep.rendering import get_renderer

    logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    scene = random_scene(1)
    g, cameras = scene.gaussians.to(torch.float32), scene.cameras.to(torch.float32)
    g = g.replace(means=g.means.requires_grad_())
    start = time.perf_counter()
    get_renderer("cpu").render(g, cameras).color.sum().backward()
    seconds = time.perf_counter() - start

    from gaussrep.rendering.cpu import bin, composite, composite_backward, project, project_backward
    kernels = [project.project, bin.bin_tiles, composite.composite]
    kernels += [composite_backward.composite_backward, project_backward.project_backward]
    fresh = not any(kernel.stats.cache_hits for kernel in kernels)
    def packed(kernel):
        (text,) = kernel.inspect_asm().values()
        return len(re.findall(r"vfn?madd\\d+ps\\s+.*%[yz]mm", text))
    print(json.dumps({
        "seconds": seconds,
        "hits": [sum(kernel.stats.cache_hits.values()) for kernel in kernels],
        "packed": [packed(kernel) for kernel in (kernels[2:4] if fresh else [])],
    }))
"""


def run(folder):
    done = subprocess.run(
        [sys.executable, "-c", dedent(PROGRAM)],
        env=os.environ | {"NUMBA_CACHE_DIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr


@pytest.mark.slow
def test_first_process_compiles_vectors_and_second_does_not_compile(tmp_path):
    first, said = run(tmp_path)
    assert "compiles its kernels" in said
    assert first["hits"] == [0] * 5
    if platform.machine() in ("x86_64", "AMD64"):
        assert min(first["packed"]) >= 10
    second, said = run(tmp_path)
    assert "compiles its kernels" not in said
    assert second["hits"] == [1] * 5
    assert second["seconds"] < first["seconds"] / 2


def test_next_folder_is_taken_where_the_first_cannot_be_written(tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.touch()
    monkeypatch.setattr(compile.config, "CACHE_DIR", str(blocked / "below"))
    folder = compile._find_folder()
    assert folder is not None
    assert blocked not in folder.parents


def test_no_folder_at_all_is_no_error(tmp_path, monkeypatch, caplog):
    blocked = tmp_path / "file"
    blocked.touch()
    monkeypatch.setattr(compile, "_folders", lambda: [blocked / "below"])
    monkeypatch.setattr(compile, "FOLDER", compile._find_folder())
    assert compile.FOLDER is None
    with caplog.at_level("INFO", logger="gaussrep"):
        compile.announce_compilation()
    assert "set NUMBA_CACHE_DIR" in caplog.text
    assert compile.kernel(lambda x: x + 1)(1) == 2


def test_a_folder_of_somebody_else_is_not_trusted(tmp_path, monkeypatch):
    assert compile._is_ours(tmp_path / "new")
    monkeypatch.setattr(os, "getuid", lambda: tmp_path.stat().st_uid + 1, raising=False)
    assert not compile._is_ours(tmp_path / "new")
