import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gaussrep.config.yaml_text import parse_mapping, parse_value, read_yaml, write_yaml
from gaussrep.errors import ConfigError


@pytest.fixture
def file(tmp_path):
    def write(text):
        path = tmp_path / "given.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_a_file_holds_a_mapping(file):
    text = "a: 1\nb:\n  c: [1, 2]\n  d: &x {e: 1e-4}\nf: *x\n"
    assert read_yaml(file(text)) == {
        "a": 1,
        "b": {"c": [1, 2], "d": {"e": 1e-4}},
        "f": {"e": 1e-4},
    }


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "null"])
def test_an_empty_file_holds_nothing(file, text):
    assert read_yaml(file(text)) == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: [1\n", "given.yaml, line 3: "),
        ("a: 1\n b: 2\n", "given.yaml, line 2: mapping values are not allowed here."),
        ("a: 1\n\ta: 2\n", "given.yaml, line 2: "),
        ("a: 1\nb: 2\na: 3\n", "given.yaml, line 3: key 'a' is there twice."),
        ("a: *nothing\n", "given.yaml, line 1: found undefined alias 'nothing'."),
        ("a: !!python/object/apply:os.getcwd []\n", "given.yaml, line 1: could not determine"),
        ("{[1]: 2}\n", "given.yaml, line 1: found unhashable key."),
        ("a: 1\n---\nb: 2\n", "given.yaml, line 2: but found another document."),
        ("a: \x01\n", "given.yaml: unacceptable character"),
        ("a: 2024-13-01\n", "given.yaml: month must be in 1..12"),
        (b"\xff\xfe\xfa", "given.yaml is not a text file"),
        ("- 1\n", "given.yaml should hold keys and values, got [1]."),
        ("cpu\n", "given.yaml should hold keys and values, got 'cpu'."),
    ],
)
def test_what_cannot_be_read_is_reported_with_file_and_line(file, text, message):
    with pytest.raises(ConfigError) as caught:
        read_yaml(file(text))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_folder_are_reported(tmp_path):
    with pytest.raises(ConfigError, match=r"no\.yaml: there is no such file"):
        read_yaml(tmp_path / "no.yaml")
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        read_yaml(tmp_path)


def test_a_merged_key_may_be_given_again():
    text = "base: &b {x: 1, y: 2}\nown: {<<: *b, y: 3}\n"
    assert parse_mapping(text, "here")["own"] == {"x": 1, "y": 3}


@pytest.mark.parametrize("text", ["1e-3", "1E5", "+1e3", "1.e2", ".5e1", "-2.5e-10", "1_0e2"])
def test_numbers_with_exponents_are_numbers(text):
    assert parse_value(text, "here") == float(text)


@pytest.mark.parametrize("text", ["e3", "1e", "1e-", "e", "x1e3", "1e3x"])
def test_text_that_looks_like_a_number_is_text(text):
    assert parse_value(text, "here") == text


scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.sampled_from(["1e-3", "no", "null", "~", "1_000", "0x1", "1:30", "2024-01-01", "<<", "="])
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8
)


@given(st.dictionaries(st.text(), values))
def test_what_is_written_reads_back_the_same(data):
    assert parse_mapping(write_yaml(data), "here") == data


def test_keys_keep_their_order_and_nothing_is_linked():
    shared = [1, 2]
    assert write_yaml({"b": shared, "a": shared}) == "b:\n- 1\n- 2\na:\n- 1\n- 2\n"
    assert math.isnan(parse_mapping(write_yaml({"x": math.nan}), "here")["x"])
