import importlib.util
import os
import signal
import subprocess
import sys
import time

import pytest
from typer.testing import CliRunner

import gaussrep
from gaussrep.cli.builtin import BUILTIN
from gaussrep.cli.main import app
from gaussrep.plugins import companions, registry

LIGHT = """
import sys
from gaussrep.cli.main import main
sys.argv = ["gaussrep", *{arguments!r}]
try:
    main()
finally:
    heavy = ("torch", "numpy", "numba", "pydantic", "timm")
    print("HEAVY", [name for name in heavy if name in sys.modules], file=sys.stderr)
"""
COMMANDS = """
@hookimpl
def register_commands():
    yield CommandRecord(name="hello", summary="Say hello.", target="code_of_hello:hello")
    yield CommandRecord(name="absent", summary="Absent.", target="a:b", requires=("absent-thing",))
    yield CommandRecord(name="noun", summary="No function.", target="code_of_hello:NOUN")
"""
HELLO = {
    "code_of_hello": """
    import typer
    from typing import Annotated
    from gaussrep.errors import DataError

    NOUN = 3

    def hello(name: str, loud: Annotated[bool, typer.Option(help="Shout.")] = False):
        if name == "error":
            raise DataError("no such person")
        if name == "bug":
            raise ZeroDivisionError("bug")
        if name == "sleep":
            import time
            print("sleeping", flush=True)
            time.sleep(60)
        typer.echo(f"hello {name}{'!' if loud else ''}")
    """
}


@pytest.fixture
def hello(site):
    site.add("hello", COMMANDS, modules=HELLO)
    return site


@pytest.fixture
def only_the_core(monkeypatch):
    """An environment without the other distributions."""
    monkeypatch.setenv("GAUSSREP_PLUGINS", "")
    monkeypatch.setattr(companions, "unmet", tuple)
    registry.reset()
    yield
    monkeypatch.undo()
    registry.reset()


def test_help_lists_every_command(site):
    ran = site.run("--help")
    assert ran.returncode == 0
    for name, (_, summary) in BUILTIN.items():
        assert name in ran.stdout
        assert summary in ran.stdout
    assert ran.stderr == ""


def test_version(site):
    ran = site.run("--version")
    assert (ran.returncode, ran.stdout) == (0, f"gaussrep {gaussrep.__version__}\n")


@pytest.mark.parametrize(
    "line", ["--help", "--version", "plugins", "plugins --json", "doctor --help"]
)
def test_help_and_listing_import_nothing_heavy(line):
    code = LIGHT.format(arguments=line.split())
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.returncode == 0
    heavy = ran.stderr.splitlines()[-1]
    assert heavy in ("HEAVY []", "HEAVY ['pydantic']")  # Typer coerces options with pydantic


@pytest.mark.parametrize(
    ("line", "encoding", "shown"),
    [
        ("plugins losses", "cp1252", "l1-ssim"),
        ("settings gmae", "cp1252", "method.mask_ratio"),
        ("--help", "ascii", "doctor"),
        ("error λ", "ascii", "No such command"),
    ],
)
def test_characters_that_a_stream_lacks_end_no_command(line, encoding, shown):
    own = {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    ran = subprocess.run(
        [sys.executable, "-m", "gaussrep", *line.split()],
        env=os.environ | own, capture_output=True, check=False,
    )  # fmt: skip
    text = (ran.stdout + ran.stderr).decode(encoding)
    assert shown in text
    assert "Traceback" not in text


def test_a_replaced_stream_may_lack_reconfigure():
    code = "import io, sys; sys.stdout = io.StringIO(); sys.stderr = None\n"
    code += LIGHT.format(arguments=["--version"]).partition("finally")[0]
    code += "finally:\n    sys.__stdout__.write(sys.stdout.getvalue())"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.stdout == f"gaussrep {gaussrep.__version__}\n"


@pytest.mark.parametrize("name", BUILTIN)
def test_the_help_of_every_command_answers_without_torch(name):
    if importlib.util.find_spec(BUILTIN[name][0].partition(":")[0]) is None:
        pytest.skip("not written yet")
    code = LIGHT.format(arguments=[name, "--help"])
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.returncode == 0
    assert f"gaussrep {name}" in ran.stdout
    assert "torch" not in ran.stderr.splitlines()[-1]


def test_a_usage_error_is_code_2():
    result = CliRunner().invoke(app, ["--nothing"])
    assert result.exit_code == 2
    assert CliRunner().invoke(app, ["plugins", "--nothing"]).exit_code == 2


def test_an_unknown_command_gives_the_nearest(hello):
    ran = hello.run("helo")
    assert ran.returncode == 2
    assert "Did you mean 'hello'" in ran.stderr


@pytest.mark.usefixtures("only_the_core")
def test_names_of_a_plugin_that_is_not_installed_name_its_installation():
    for arguments, name, folder in (
        (["make-rooms", "rooms"], "command 'make-rooms'", "rooms"),
        (["train", "gaussiancross"], "method 'gaussiancross'", "gaussiancross"),
        (["settings", "gmae"], "'gmae'", "gmae"),
    ):
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == 2
        assert f"{name} here; it is in gaussrep-{folder}, which is not" in result.stderr
        assert f"`pip install -e plugins/{folder}` in a clone" in result.stderr


def test_a_command_of_a_plugin_stands_in_the_help_and_is_imported_when_called(hello):
    ran = hello.run("--help")
    assert "Say hello." in ran.stdout
    assert "Commands of plugins" in ran.stdout
    ran = hello.run("hello", "you", "--loud")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "hello you!\n", "")
    assert "Shout." in hello.run("hello", "--help").stdout


def test_an_error_of_the_users_is_one_line_and_code_2(hello):
    ran = hello.run("hello", "error")
    assert (ran.returncode, ran.stdout, ran.stderr) == (2, "", "error: no such person\n")


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [(["--debug", "hello", "error"], {}), (["hello", "error"], {"GAUSSREP_DEBUG": "1"})],
)
def test_debug_shows_the_traceback(hello, arguments, environment):
    ran = hello.run(*arguments, **environment)
    assert ran.returncode == 2
    assert "Traceback" in ran.stderr
    assert "in hello" in ran.stderr
    assert ran.stderr.endswith("error: no such person\n")


def test_a_bug_shows_its_traceback(hello):
    ran = hello.run("hello", "bug")
    assert ran.returncode == 1
    assert "ZeroDivisionError: bug" in ran.stderr


def test_a_command_that_cannot_run_here_reports_what_to_install(hello):
    ran = hello.run("absent")
    assert ran.returncode == 2
    assert ran.stderr == (
        "error: command 'absent' of hello 1.0 needs absent-thing: pip install absent-thing\n"
    )
    assert "is not a function" in hello.run("noun").stderr


@pytest.mark.skipif(os.name == "nt", reason="signals of another kind")
def test_ctrl_c_is_code_130(hello):
    environment = {
        "PYTHONPATH": str(hello.folder),
        "GAUSSREP_PLUGINS": "hello",
        "PYTHONUNBUFFERED": "1",
    }
    code = "from gaussrep.cli.main import main; main()"
    with subprocess.Popen(
        [sys.executable, "-c", code, "hello", "sleep"],
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.readline() == "sleeping\n"
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        _, shown = process.communicate(timeout=120)
    assert (process.returncode, shown) == (130, "interrupted\n")


def test_ctrl_c_during_the_imports_is_code_130():
    program = """
import sys
class Stopped:
    def find_spec(self, name, path, target=None):
        if name == "gaussrep.cli.main":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Stopped())
from gaussrep.__main__ import main
main()
"""
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (130, "", "interrupted\n")


def test_a_command_with_the_name_of_a_built_in_is_reported_and_reached_by_its_full_name(site):
    site.add("hello", COMMANDS.replace('"hello"', '"plugins"'), modules=HELLO)
    ran = site.run("--help")
    assert ran.returncode == 0
    (line,) = ran.stderr.splitlines()
    assert "command 'plugins' is also a built-in command; write 'hello:plugins'" in line
    listed = site.run("plugins")
    assert listed.stderr == ""
    assert listed.stdout.count("is also a built-in command") == 1
    assert "write hello:plugins" in listed.stdout
    assert site.run("hello:plugins", "you").stdout == "hello you\n"


def test_commands_of_two_plugins_with_one_name_are_reached_by_their_full_names(hello):
    hello.add("moin", COMMANDS)
    ran = hello.run("--help")
    assert "hello:hello" in ran.stdout
    assert "moin:hello" in ran.stdout
    assert hello.run("hello", "you").returncode == 2
    assert hello.run("moin:hello", "you").stdout.endswith("hello you\n")


def test_completion_knows_every_command(hello):
    ran = hello.run(_GAUSSREP_COMPLETE="complete_bash", COMP_WORDS="gaussrep he", COMP_CWORD="1")
    assert "hello" in ran.stdout
