import pytest

from gaussrep.viewer.controls import escape_markdown


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("room 1", "room 1"),
        ("<img src=x onerror=f()>", r"\<img src\=x onerror\=f\(\)\>"),
        ("{f()}", r"\{f\(\)\}"),
        ("[a](javascript:b)", r"\[a\]\(javascript\:b\)"),
        ("    code", "code"),
        ("a\x1b[31mb", r"a \[31mb"),
        ("one\ntwo", "one\ntwo"),
    ],
)
def test_text_is_shown_as_it_is(text, escaped):
    assert escape_markdown(text) == escaped
