import re

import pytest

from gaussrep.errors import PluginError
from gaussrep.plugins import (
    CaptureRecord,
    EncoderRecord,
    FormatRecord,
    LossRecord,
    MethodRecord,
    RendererRecord,
)
from gaussrep.plugins.records import KINDS, PLUGIN_API
from gaussrep.plugins.validation import check_record

BASE = {"name": "x", "summary": "S.", "target": "pkg.mod:Cls"}
RENDERER = {**BASE, "devices": frozenset({"cpu"}), "capabilities": frozenset({"sh"})}


def refused(kind, record):
    with pytest.raises(PluginError) as caught:
        check_record(kind, record, "plug")
    return str(caught.value)


@pytest.mark.parametrize("name", ["a", "a1", "a-b", "gmae", "k2-means"])
@pytest.mark.parametrize("target", ["m:C", "a.b.c:D", "_a.b1:_c"])
def test_a_good_record_passes(name, target):
    check_record("losses", LossRecord(name=name, summary="S.", target=target), "plug")


@pytest.mark.parametrize("name", ["", "A", "1a", "a_b", "a b", "-a", "a:b", "ä", "a\n"])
def test_a_bad_name_is_refused(name):
    assert f"{name!r}: name should be" in refused("losses", LossRecord(**{**BASE, "name": name}))


@pytest.mark.parametrize("target", ["", "mod", "mod:", ":C", "mod.C", "mod:C.d", "a..b:C", "a-b:C"])
@pytest.mark.parametrize("field", ["target", "config", "report"])
def test_a_bad_import_string_is_refused(field, target):
    message = refused("methods", MethodRecord(**{**BASE, field: target}))
    assert f"{field} should be 'package.module:Attribute', got {target!r}" in message


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("field", "value", "wanted"),
    [
        ("summary", 3, "str, got 3"),
        ("requires", ["numpy"], r"tuple\[str, ...\], got \['numpy'\]"),
        ("requires", ("numpy", 1), "tuple"),
        ("devices", {"cpu"}, "frozenset"),
        ("capabilities", frozenset({1}), "frozenset"),
        ("priority", "high", "int, got 'high'"),
        ("config", 3, r"str \| None"),
    ],
)
def test_a_wrong_type_is_refused(field, value, wanted):
    assert re.search(
        f"renderer 'x': {field} should be .*{wanted}",
        refused("renderers", RendererRecord(**{**RENDERER, field: value})),
    )


@pytest.mark.usefixtures("unchecked")
def test_a_choice_is_checked():
    assert "modality should be" in refused("encoders", EncoderRecord(**BASE, modality="sound"))
    record = RendererRecord(**RENDERER, is_reference_equivalent="no")
    assert "is_reference_equivalent should be" in refused("renderers", record)


def test_a_suffix_needs_its_dot():
    assert "'ply' lacks its dot" in refused("formats", FormatRecord(**BASE, suffixes=("ply",)))


@pytest.mark.parametrize(
    ("facts", "problem"),
    [
        ({}, "has neither markers nor a prefix"),
        ({"prefix": "mine"}, "prefix should be letters, digits and '-', and a colon, got 'mine'"),
        ({"markers": "a.json"}, "markers should be"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_a_capture_format_can_be_recognized(facts, problem):
    assert problem in refused("captures", CaptureRecord(**BASE, **facts))


def test_a_bad_requirement_is_refused():
    assert "'num py' is not a PEP 508" in refused(
        "losses", LossRecord(**BASE, requires=("num py",))
    )


@pytest.mark.parametrize("given", [LossRecord(**BASE), LossRecord, "loss", None])
def test_a_record_of_another_hook_is_refused(given):
    assert "register_renderers yields RendererRecord, got a" in refused("renderers", given)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("api", "cure"),
    [
        (PLUGIN_API - 1, "pip install --upgrade plug"),
        (PLUGIN_API + 1, "pip install --upgrade gaussrep"),
        ("1", "pip install --upgrade gaussrep"),
    ],
)
def test_another_api_is_refused_with_the_cure(api, cure):
    message = refused("losses", LossRecord(**BASE, api=api))
    assert message == (f"loss 'x' uses plugin API {api!r}, this gaussrep uses {PLUGIN_API}: {cure}")


def test_records_are_frozen_and_say_what_they_are():
    assert len({record.noun for record in KINDS.values()}) == len(KINDS)
    with pytest.raises(AttributeError):
        LossRecord(**BASE).name = "y"
