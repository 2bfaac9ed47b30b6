import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from gaussrep.runtime import atomic_files as module
from gaussrep.runtime.atomic_files import atomic_folder, atomic_write, remove_leftovers


def test_the_file_appears_whole(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")
    with atomic_write(path) as temporary:
        temporary.write_text("new")
        assert temporary.parent == tmp_path
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_leaves_what_was_there(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")

    def write_half():
        with atomic_write(path) as temporary:
            temporary.write_text("ne")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_weights_have_the_permissions_of_other_files(tmp_path):
    """safetensors 0.8.0 gives its files mode 0600, whatever the umask; 0.7.0 did not."""
    (tmp_path / "other").touch()
    with atomic_write(tmp_path / "file.safetensors") as temporary:
        save_file({"weight": torch.zeros(2)}, temporary)
    with atomic_folder(tmp_path / "checkpoint") as temporary:
        save_file({"weight": torch.zeros(2)}, temporary / "model.safetensors")
    files = ("other", "file.safetensors", "checkpoint/model.safetensors")
    assert len({(tmp_path / name).stat().st_mode for name in files}) == 1


@pytest.mark.parametrize("refusals", [1, 5, 6])
def test_a_reader_on_windows_is_waited_for(tmp_path, monkeypatch, refusals):
    """Windows refuses to replace a file while a program holds it open."""
    left, waited, replace = [None] * refusals, [], Path.replace

    def refuse(self, target):
        if left:
            left.pop()
            raise PermissionError(13, "Access is denied")
        return replace(self, target)

    def write():
        with atomic_write(path) as temporary:
            temporary.write_text("new")

    path = tmp_path / "file"
    path.write_text("old")
    monkeypatch.setattr(Path, "replace", refuse)
    monkeypatch.setattr(module.time, "sleep", waited.append)
    if refusals > len(module.WAITS):
        with pytest.raises(PermissionError):
            write()
    else:
        write()
    assert waited == list(module.WAITS[:refusals])
    assert path.read_text() == ("old" if refusals > len(module.WAITS) else "new")
    assert list(tmp_path.iterdir()) == [path]


def test_only_the_leftovers_of_killed_writes_are_removed(tmp_path):
    kept = {"a.tmp", ".a.tmp", f".{'g' * 32}.tmp", f".{'0' * 31}.tmp", f"{'0' * 32}.tmp"}
    for name in {*kept, f".{'0a' * 16}.tmp"}:
        (tmp_path / name).touch()
    remove_leftovers(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == kept
    remove_leftovers(tmp_path / "none")
