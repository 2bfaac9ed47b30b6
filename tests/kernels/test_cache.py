"""Compilation: kept for the next process, and compiled again after every edit."""

import os
import shutil
import subprocess
import sys
import time
from enum import IntEnum
from pathlib import Path
from textwrap import dedent
from typing import NamedTuple

import numba  # noqa: TID253
import numpy as np
import pytest

import gaussrep
from gaussrep.kernels import cache
from gaussrep.kernels.jit import inline_jit, kernel


@pytest.fixture
def fresh_cache(tmp_path, monkeypatch):
    """A cache folder of its own."""
    monkeypatch.setattr(cache.config, "CACHE_DIR", str(tmp_path / "cache"))
    cache.cache_folder.cache_clear()
    yield tmp_path / "cache"
    cache.cache_folder.cache_clear()


def test_next_folder_is_taken_where_the_first_cannot_be_written(tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.touch()
    monkeypatch.setattr(cache.config, "CACHE_DIR", str(blocked / "below"))
    folder = cache.cache_folder.__wrapped__()
    assert folder is not None
    assert blocked not in folder.parents


def test_no_folder_at_all_is_no_error(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(cache, "cache_folder", lambda: None)
    cache._announce_compilation.cache_clear()
    with caplog.at_level("INFO", logger="gaussrep"):
        assert kernel(lambda x: x + 1)(1) == 2
    assert "set NUMBA_CACHE_DIR" in caplog.text


def test_the_folder_of_another_user_is_not_trusted(tmp_path, monkeypatch):
    assert cache._is_private(tmp_path / "new")
    monkeypatch.setattr(os, "getuid", lambda: tmp_path.stat().st_uid + 1, raising=False)
    assert not cache._is_private(tmp_path / "new")


DRAW = """
    import torch
    from gaussrep.rendering import get_renderer
    from gaussrep.testing.scenes import random_scene

    scene = random_scene(1)
    g, cameras = scene.gaussians.to(torch.float32), scene.cameras.to(torch.float32)
    images = [get_renderer(name).render(g, cameras).color for name in ("cpu", "reference")]
    print(f"difference {(images[0] - images[1]).abs().max():.6f}")
"""


def call(program, cache_folder, *path):
    """Run a program in a process of its own; its output."""
    done = subprocess.run(
        [sys.executable, "-c", dedent(program)],
        env=os.environ
        | {"NUMBA_CACHE_DIR": str(cache_folder)}
        | {"PYTHONPATH": os.pathsep.join([*map(str, path), os.environ.get("PYTHONPATH", "")])},
        cwd=cache_folder.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def edit(path, old, new):
    """Edit a file, and keep its size and time, by which caches know it."""
    text, times = path.read_text(), path.stat()
    assert old in text
    assert len(old) == len(new)
    path.write_text(text.replace(old, new))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    shutil.rmtree(path.parent / "__pycache__", ignore_errors=True)


@pytest.mark.slow
def test_an_edited_constant_of_the_renderer_meets_no_old_kernel(tmp_path):
    source = Path(gaussrep.__file__).parent
    shutil.copytree(source, tmp_path / "gaussrep", ignore=shutil.ignore_patterns("__pycache__"))
    for eps2d in ("0.3", "3.0"):
        edit(tmp_path / "gaussrep/rendering/conventions.py", "EPS2D = 0.3", f"EPS2D = {eps2d}")
        difference = call(DRAW, tmp_path / "cache", tmp_path)
        assert float(difference.split()[-1]) < 1e-5


PLUGIN = {
    "levels.py": "from enum import IntEnum\nclass Level(IntEnum):\n    HIGH = 5\nFACTOR = 3\n",
    "inner.py": "from levels import FACTOR\nTERM = 7\ndef plain(x): return x\n",
    "callee.py": (
        "import inner\nfrom inner import FACTOR\nfrom gaussrep.kernels import inline_jit\n"
        "@inline_jit\ndef grow(x): return x * FACTOR + inner.TERM\n"
    ),
    "layout.py": (
        "from typing import NamedTuple\nclass Pair(NamedTuple):\n    one: int\n    two: int\n"
    ),
    "kernels.py": (
        "import callee\nfrom levels import Level\nfrom gaussrep.kernels import kernel\n"
        "@kernel\ndef run(pair): return callee.grow(pair.one) + Level.HIGH\n"
    ),
}
RUN = """
    from kernels import run
    from layout import Pair
    result = run(Pair(1, 10))
    print(result, sum(run.stats.cache_hits.values()))
"""
LOAD = f"""{RUN}
    import sys
    print("numba.np.arrayobj" in sys.modules)
"""


def test_an_edit_in_any_module_of_a_plugin_meets_no_old_kernel(tmp_path):
    plugin, cached = tmp_path / "plugin", tmp_path / "cache"
    plugin.mkdir()
    for name, text in PLUGIN.items():
        (plugin / name).write_text(text)

    def run_edited(name, old, new):
        edit(plugin / name, old, new)
        return call(RUN, cached, plugin).split()

    assert call(RUN, cached, plugin).split() == ["15", "0"]
    assert run_edited("levels.py", "HIGH = 5", "HIGH = 6") == ["16", "0"]
    assert run_edited("levels.py", "FACTOR = 3", "FACTOR = 4") == ["17", "0"]
    assert run_edited("inner.py", "TERM = 7", "TERM = 8") == ["18", "0"]
    assert run_edited("callee.py", "FACTOR + inner", "FACTOR - inner") == ["2", "0"]
    files = {path: path.stat().st_mtime_ns for path in cached.rglob("*.nb*")}
    assert call(LOAD, cached, plugin).split() == ["2", "1", "False"]
    assert files == {path: path.stat().st_mtime_ns for path in cached.rglob("*.nb*")}
    text = PLUGIN["layout.py"].replace("one", "1").replace("two", "one").replace("1", "two")
    (plugin / "layout.py").write_text(text)
    assert call(RUN, cached, plugin).split() == ["38", "0"]


class Pair(NamedTuple):
    """Two numbers."""

    one: int
    two: int


class Level(IntEnum):
    """An enum."""

    HIGH = 5


FACTOR, TABLE = 3.0, np.arange(3)


@inline_jit
def callee(x):
    """Use a constant and an array."""
    return x * FACTOR + TABLE[0]


@kernel
def caller(x):
    """Use a function and an enum."""
    return callee(x) + Level.HIGH


def test_the_key_covers_values_and_not_only_files(monkeypatch):
    keys = [cache.compute_key(caller)]
    assert cache.compute_key(caller) == keys[0]
    for name, value in [("FACTOR", 3), ("FACTOR", np.float32(3)), ("TABLE", np.arange(3) + 1)]:
        monkeypatch.setitem(globals(), name, value)
        keys.append(cache.compute_key(caller))
    monkeypatch.setitem(globals(), "Level", IntEnum("Level", {"HIGH": 6}))
    keys.append(cache.compute_key(caller))
    monkeypatch.setattr(cache, "version", lambda name: "new")
    keys.append(cache.compute_key(caller))
    assert len(set(keys)) == len(keys)


def test_the_key_covers_fields_of_named_tuples(monkeypatch):
    types = [numba.typeof(Pair(1, 2))]
    key = cache.compute_key(caller, types)
    monkeypatch.setattr(Pair, "_fields", ("two", "one"))
    assert cache.compute_key(caller, types) != key
    assert cache.compute_key(caller, [numba.typeof((Pair(1, 2), 1.0))]) != key


def test_unused_kernels_are_removed(fresh_cache):
    old, recent = (fresh_cache / "gaussrep-kernels" / name for name in ("old", "recent"))
    for folder, days in [(old, 31), (recent, 29)]:
        folder.mkdir(parents=True)
        then = time.time() - days * 86400
        os.utime(folder, (then, then))
    cache._remove_unused.__wrapped__()
    assert not old.exists()
    assert recent.exists()


@pytest.mark.parametrize("ending", [".nbi", ".nbc"])
@pytest.mark.parametrize("content", [b"", b"junk", None])
def test_a_damaged_kernel_is_made_again(tmp_path, monkeypatch, caplog, ending, content):
    monkeypatch.setattr(cache, "cache_folder", lambda: tmp_path)

    def double(x):
        return 2 * x

    assert kernel(double)(3) == 6
    (file,) = tmp_path.rglob(f"*{ending}")
    file.write_bytes(file.read_bytes()[:100] if content is None else content)
    assert kernel(double)(3) == 6
    assert "damaged" in caplog.text
    caplog.clear()
    again = kernel(double)
    assert again(3) == 6
    assert sum(again.stats.cache_hits.values()) == 1
    assert not caplog.text


def test_a_full_disk_costs_the_cache_and_not_the_result(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(cache, "cache_folder", lambda: tmp_path)

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("numba.core.caching.FunctionCache.save_overload", fail)
    assert kernel(lambda x: 2 * x)(3) == 6
    assert "cannot be kept: [Errno 28] No space left on device" in caplog.text


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="needs the owners of files")
def test_a_folder_that_others_can_write_holds_no_kernels(tmp_path):
    assert cache._is_private(tmp_path / "own" / "kernels")
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    assert not cache._is_private(shared / "kernels")
    shared.chmod(0o1777)
    assert cache._is_private(shared / "kernels")
