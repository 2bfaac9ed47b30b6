import sys

import pytest

pytest.importorskip("resource", reason="Windows lacks it")
from harness.processor import child_seconds, processor_seconds


def test_children_are_part_of_the_whole():
    assert 0 <= child_seconds() < processor_seconds()


def test_a_system_without_resource_is_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "resource", None)
    with pytest.raises(SystemExit, match=r"^This benchmark .* run it on Linux or macOS\.$"):
        processor_seconds()
