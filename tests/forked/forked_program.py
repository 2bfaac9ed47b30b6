"""Run the program `gaussrep` in processes that start with its libraries imported.

Importing torch takes longer than most commands of the tests. Where processes can fork, a command
runs in a copy of a process that imported it once; elsewhere, in a new interpreter. What happens
before torch is imported is tested in new interpreters.
"""

import atexit
import multiprocessing
import os
import subprocess
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

LIBRARIES = ["gaussrep.cli.main", "torch", "numba", "accelerate", "safetensors.torch", "PIL.Image"]
"""Imported once; each process starts as a copy of one that holds them."""
PROGRAM = "from gaussrep.cli.main import main; main()"
SECONDS = 300


def run_gaussrep(
    *arguments: object,
    cwd: str | os.PathLike[str] | None = None,
    env: Mapping[str, str] | None = None,
    before: str = "",
) -> subprocess.CompletedProcess[str]:
    """Run the program `gaussrep`, with warnings as errors if they are errors in this process.

    Args:
        arguments: Of the program.
        cwd: Its working directory.
        env: Its environment; this process's if None.
        before: Python code that runs before the program.

    Returns:
        Its exit code and what it printed.
    """
    command = ["gaussrep", *map(str, arguments)]
    environment = dict(os.environ if env is None else env)
    if sys.platform != "linux":
        python = [sys.executable, "-W", "error", "-c", f"{before}\n{PROGRAM}"]
        return subprocess.run(
            [*python, *command[1:]], cwd=cwd, env=environment, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        output, errors = Path(folder, "output"), Path(folder, "errors")
        given = (command, cwd or Path.cwd(), environment, before, _warnings_are_errors())
        code = run_forked(_run, (*given, output, errors))
        printed = (path.read_text(encoding="utf-8") for path in (output, errors))
        return subprocess.CompletedProcess(command, code, *printed)


def run_forked(function: Callable[..., None], arguments: tuple[Any, ...]) -> int:
    """Call a function in a forked process.

    Args:
        function: Of an importable module.
        arguments: Given to it.

    Returns:
        The exit code of the process; minus a signal's number if that ended it.

    Raises:
        TimeoutError: The process did not end in five minutes.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(LIBRARIES)
    process = context.Process(target=function, args=arguments)
    process.start()
    process.join(timeout=SECONDS)
    if process.is_alive():
        process.kill()
        raise TimeoutError(f"{function.__name__}{arguments} did not end in {SECONDS} seconds")
    assert process.exitcode is not None
    return process.exitcode


def run_main(arguments: list[str]) -> None:
    """Run the program in this process, and end the process with its exit code."""
    from gaussrep.cli.main import main

    sys.argv = arguments
    code: Any = 0
    try:
        main()
    except SystemExit as exit_:
        code = exit_.code or 0
    except BaseException:
        traceback.print_exc()
        code = 1
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 1)


def print_to(output: Path, errors: Path) -> None:
    """Append what this process prints to files."""
    for stream, path in ((1, output), (2, errors)):
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(file, stream)
        os.close(file)


def _warnings_are_errors() -> bool:
    actions = (each[0] for each in warnings.filters if each[1] is None and each[2] is Warning)
    return next(actions, "") == "error"


def _run(
    command: list[str],
    cwd: str | os.PathLike[str],
    environment: Mapping[str, str],
    before: str,
    strict: bool,
    output: Path,
    errors: Path,
) -> None:
    print_to(output, errors)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(cwd)
    paths = environment.get("PYTHONPATH", "").split(os.pathsep)
    sys.path[:0] = ["", *(path for path in paths if path and path not in sys.path)]
    if strict:
        warnings.simplefilter("error")
    exec(before, {})
    run_main(command)
