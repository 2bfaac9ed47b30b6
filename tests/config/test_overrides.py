import pytest
from hypothesis import given
from hypothesis import strategies as st

from gaussrep.config.overrides import parse_overrides
from gaussrep.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("-2.5", -2.5),
        ("1e-3", 0.001),
        ("true", True),
        ("null", None),
        ("", None),
        ("cpu", "cpu"),
        ("'3'", "3"),
        ("[1, 2]", [1, 2]),
        ("{a: 1}", {"a": 1}),
        ("a=b", "a=b"),
        ("runs/x y", "runs/x y"),
        ("**/train-*.tar", "**/train-*.tar"),
    ],
)
def test_values_are_yaml(text, value):
    assert parse_overrides([f"a.b={text}"]) == {"a": {"b": value}}


@pytest.mark.parametrize("arguments", [["r=cpu", "r.tile=8"], ["r.tile=8", "r=cpu"]])
def test_a_name_and_a_setting_of_one_component_go_together(arguments):
    assert parse_overrides(arguments) == {"r": {"type": "cpu", "tile": 8}}


def test_later_arguments_win_and_mappings_merge():
    assert parse_overrides(["a=1", "a=2", "m={x: 1}", "m.y=2", "m={z: 3}"]) == {
        "a": 2,
        "m": {"x": 1, "y": 2, "z": 3},
    }
    assert parse_overrides(["a=1", "a.b=2"]) == {"a": {"b": 2}}
    assert parse_overrides(["a.b=2", "a=[1]"]) == {"a": [1]}


@pytest.mark.parametrize("argument", ["a", "=1", "a..b=1", ".a=1", "a.=1", ""])
def test_what_is_no_setting_is_said(argument):
    with pytest.raises(ConfigError, match=r"is not a setting; write it as dotted\.key=value"):
        parse_overrides([argument])


def test_a_value_that_is_no_yaml_is_said():
    with pytest.raises(ConfigError, match=r"the value of a\.b, line 1: "):
        parse_overrides(["a.b=[1, 2"])


key = st.from_regex(r"[a-z]{1,3}", fullmatch=True)


@given(st.lists(key, min_size=1, max_size=4), st.integers())
def test_a_path_leads_to_its_value(keys, value):
    settings = parse_overrides([f"{'.'.join(keys)}={value}"])
    for part in keys:
        settings = settings[part]
    assert settings == value
