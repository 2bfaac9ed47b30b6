import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import gaussrep
from gaussrep.errors import PluginError
from gaussrep.new_plugin import write
from gaussrep.new_plugin.name import PluginName
from gaussrep.new_plugin.write import write_plugin

RUFF = Path(sys.executable).with_name("ruff")
NAMES = ["x", "my-plugin", "a-name-that-is-rather-long"]


def plugin(name):
    return PluginName(name, name.replace("-", "_"))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("command", [["format", "--check"], ["check"]])
def test_what_is_written_is_clean(tmp_path, name, command):
    write_plugin(plugin(name), tmp_path / name)
    ran = subprocess.run(
        [RUFF, *command, "--no-cache", "."],
        cwd=tmp_path / name, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout


def test_it_is_complete_and_nothing_reminds_of_the_template(tmp_path):
    write_plugin(plugin("x-y"), tmp_path / "folder")
    root = tmp_path / "folder"
    files = {p.relative_to(root).as_posix(): p for p in root.rglob("*") if p.is_file()}
    parts = ("config", "encoder", "loss", "method", "plugin", "renderer")
    parts += ("training", "fitting", "scenes")
    assert files.keys() >= {"pyproject.toml", "README.md", "tests/test_contracts.py"}
    assert files.keys() >= {f"x_y/{part}.py" for part in parts}
    assert "x_y/presets/demo.yaml" in files
    for name, file in files.items():
        text = file.read_text(encoding="utf-8").replace("_", "-")
        assert "new-plugin" not in name.replace("_", "-") + text


def test_it_wants_the_gaussrep_that_wrote_it(tmp_path):
    write_plugin(plugin("x"), tmp_path / "x")
    project = tomllib.loads((tmp_path / "x" / "pyproject.toml").read_text(encoding="utf-8"))
    (needed,) = project["project"]["dependencies"]
    assert Requirement(needed).specifier.contains(gaussrep.__version__)
    assert project["project"]["entry-points"]["gaussrep"] == {"x": "x.plugin"}


def test_nothing_is_overwritten(tmp_path):
    (tmp_path / "x").mkdir()
    with pytest.raises(PluginError, match=r"x exists and is never overwritten; .*--folder"):
        write_plugin(plugin("x"), tmp_path / "x")
    assert list((tmp_path / "x").iterdir()) == []


def test_a_folder_is_whole_or_not_there(tmp_path, monkeypatch):
    def breaks(template, name):
        yield "README.md", "half"
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(write, "_render", breaks)
    with pytest.raises(PluginError, match="cannot be written: No space left on device"):
        write_plugin(plugin("x"), tmp_path / "x")
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_way_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(PluginError, match=r"cannot be written: Not a directory|File exists"):
        write_plugin(plugin("x"), tmp_path / "file" / "x")
