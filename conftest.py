"""What the tests of all distributions share."""

import os
import signal
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import hypothesis
import jaxtyping
import pytest

if find_spec("triton") is None:  # on no index for this platform; its kernels hold no doctests
    collect_ignore_glob = ["gaussrep/rendering/triton/*"]

# The same examples in every run, so that a change and nothing else turns the suite red;
# `--hypothesis-profile=explore` looks for new ones.
hypothesis.settings.register_profile("gaussrep", deadline=None, derandomize=True)
hypothesis.settings.register_profile("explore", deadline=None, derandomize=False, print_blob=True)
hypothesis.settings.load_profile("gaussrep")

# Background jobs of a shell, and their children, ignore Ctrl-C; programs under test must not.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Set how many kill points of commands and how many damaged files are tried."""
    parser.addoption(
        "--kill-points", type=int, default=2, help="of each command that is killed; 0: all"
    )
    parser.addoption("--mutants", type=int, default=20, help="damaged files per reader")


@pytest.fixture
def kill_points(request: pytest.FixtureRequest) -> int:
    """How many kill points of a command to try; 0: all."""
    count: int = request.config.getoption("--kill-points")
    return count


@pytest.fixture
def number_of_mutants(request: pytest.FixtureRequest) -> int:
    """How many damaged files to try per reader."""
    count: int = request.config.getoption("--mutants")
    return count


@pytest.fixture(scope="session", autouse=True)
def user_key(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Sign the runs of tests with a key of their own."""
    before = os.environ.get("XDG_STATE_HOME")
    os.environ["XDG_STATE_HOME"] = str(tmp_path_factory.mktemp("state"))
    yield
    if before is None:
        del os.environ["XDG_STATE_HOME"]
    else:
        os.environ["XDG_STATE_HOME"] = before


@pytest.fixture
def unchecked() -> Iterator[None]:
    """Switch off the run-time shape checks of the test run, as they are off for users."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


@pytest.fixture
def real_data() -> Path:
    """Folder of real data, named by GAUSSREP_DATA; tests that need it skip where it is absent."""
    folder = os.environ.get("GAUSSREP_DATA")
    if folder is None or not Path(folder).is_dir():
        pytest.skip("needs real data: set GAUSSREP_DATA to its folder")
    return Path(folder)
