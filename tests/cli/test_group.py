import pytest
import typer

from gaussrep.cli.group import error_reporting
from gaussrep.errors import ConfigError


def test_an_error_of_the_users_is_one_line_and_code_2(capsys):
    with pytest.raises(typer.Exit) as caught, error_reporting():
        raise ConfigError("lr = 'x': expected a number")
    assert caught.value.exit_code == 2
    assert capsys.readouterr() == ("", "error: lr = 'x': expected a number\n")


def test_debug_shows_the_traceback_with_its_cause(capsys):
    with pytest.raises(typer.Exit), error_reporting(debug=True):
        raise ConfigError("bad") from OSError("the cause")
    shown = capsys.readouterr().err
    assert "Traceback" in shown
    assert "OSError: the cause" in shown
    assert shown.endswith("error: bad\n")


def test_ctrl_c_is_code_130(capsys):
    with pytest.raises(typer.Exit) as caught, error_reporting():
        raise KeyboardInterrupt
    assert caught.value.exit_code == 130
    assert capsys.readouterr().err == "interrupted\n"


def test_a_bug_is_not_hidden():
    with pytest.raises(ZeroDivisionError), error_reporting():
        print(1 / 0)


def test_control_characters_of_files_are_written_out(capsys):
    with pytest.raises(typer.Exit), error_reporting():
        raise ConfigError("a\x1b[31mb\u202e: no such file\ntrainer.steps: é")
    assert capsys.readouterr().err == (
        "error: a\\x1b[31mb\\u202e: no such file\ntrainer.steps: é\n"
    )
