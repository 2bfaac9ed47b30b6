"""What the page on file formats shows works as it stands."""

import re
from pathlib import Path

import pytest
import torch

from gaussrep import plugins
from gaussrep.errors import FormatError
from gaussrep.formats.by_suffix import load
from gaussrep.plugins.component import CORE

PAGE = (Path(__file__).parents[2] / "docs" / "formats.md").read_text(encoding="utf-8")


def test_the_python_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (block,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names = {}
    exec(block, names)
    assert names["g"].count == 500
    torch.testing.assert_close(load("old.spz").means, names["g"].means)


def test_every_suffix_of_the_core_is_on_the_page():
    formats = [part for part in plugins.list("formats") if part.distribution == CORE]
    suffixes = [suffix for part in formats for suffix in part.record.suffixes]
    assert len(suffixes) >= 5
    for suffix in suffixes:
        assert f"`{suffix}`" in PAGE


def test_the_refusal_it_shows(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("scene.splat").write_bytes(bytes(70))
    with pytest.raises(FormatError) as caught:
        load("scene.splat")
    assert f"error: {caught.value}" in PAGE
