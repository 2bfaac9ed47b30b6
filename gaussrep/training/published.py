"""Published runs: in an installed package, or on the Hugging Face Hub. Never imports torch.

`models:NAME` is a run in an installed package, which lists it as an entry point of the group
`gaussrep.models`: the entry's name is that of a folder in the package that it names. `hf:USER/NAME`
is a repository of the Hub, `hf:USER/NAME@REVISION` one of its branches, tags or commits.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib.metadata import entry_points
from importlib.util import find_spec
from os import PathLike
from pathlib import Path

from gaussrep.errors import RunError, UnavailableError
from gaussrep.plugins.companions import install_advice
from gaussrep.plugins.requirements import unmet

INSTALLED, HUB = "models:", "hf:"
GROUP = "gaussrep.models"
HUGGING_FACE_HUB = "huggingface_hub>=1.0"
"""Requirement of the extra `hub`."""
FILES = ("config.yaml", "versions.json", "README.md", "*.safetensors")
"""Patterns of the files of a published run."""


def is_published(reference: str | PathLike[str]) -> bool:
    """Check whether a reference names a published run.

    Args:
        reference: A folder, or a published run.

    Returns:
        Whether it starts with `models:` or `hf:`.
    """
    return os.fspath(reference).startswith((INSTALLED, HUB))


def installed_models() -> dict[str, Path]:
    """List the runs of installed packages; their code is not run.

    Returns:
        Folders by name.
    """
    folders = {}
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        spec = find_spec(entry.module)
        for package in (spec and spec.submodule_search_locations) or ():
            folders[entry.name] = Path(package) / entry.name
    return folders


def find_published(reference: str | PathLike[str]) -> Path:
    """Find the folder of a published run; a run on the Hub is downloaded.

    Args:
        reference: `models:NAME`, `hf:USER/NAME` or `hf:USER/NAME@REVISION`.

    Returns:
        A folder that must not be written to.

    Raises:
        UnavailableError: The package `huggingface_hub` is missing.
        RunError: No installed package has a model of this name; or the Hub, or its cache if
            there is no network, has no such repository.
    """
    text = Path(reference).as_posix()
    if text.startswith(HUB):
        repository, _, revision = text.removeprefix(HUB).partition("@")
        return _download(repository, revision or None)
    name, models = text.removeprefix(INSTALLED), installed_models()
    if name not in models:
        known = ", ".join(models) or "none"
        raise RunError(
            f"no installed package has the model {name!r}, there are {known}; some are in "
            f"gaussrep-models: {install_advice('models')}"
        )
    return models[name]


def published_name(reference: str | PathLike[str]) -> str:
    """Name a published run, for the files of its scores and reports.

    Args:
        reference: `models:NAME`, `hf:USER/NAME` or `hf:USER/NAME@REVISION`.

    Returns:
        Its last part without the revision.
    """
    return Path(reference).as_posix().rpartition(":")[2].rpartition("/")[2].partition("@")[0]


def require_hub(reference: str) -> None:
    """Check that the Hub's client is installed.

    Args:
        reference: The run that needs it, for the message.

    Raises:
        UnavailableError: It is not.
    """
    if unmet([HUGGING_FACE_HUB]):
        raise UnavailableError(
            f'{reference} needs {HUGGING_FACE_HUB}: pip install "gaussrep[hub]".'
        )


def require_target(target: str) -> None:
    """Check that a run can be published at a place, before it is written.

    Args:
        target: `hf:USER/NAME`, or a new folder.

    Raises:
        RunError: It is a folder that exists, or the name of an installed model.
        UnavailableError: It is on the Hub, whose client is missing.
    """
    if target.startswith(HUB):
        require_hub(target)
    elif is_published(target) or Path(target).exists():
        raise RunError(
            f"{target} is there already, or no folder; give a new folder, or hf:USER/NAME"
        )


@contextmanager
def hub_errors(message: str) -> Iterator[None]:
    """Convert errors of the Hub's client to one sentence.

    Args:
        message: Start of the sentence: what could not be done.

    Yields:
        Nothing; call the client in the body.

    Raises:
        RunError: The body failed.
    """
    try:
        yield
    except Exception as error:  # its HTTP library, and so the classes of errors, differ by version
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise RunError(f"{message}: {reason}") from error


@lru_cache
def _download(repository: str, revision: str | None) -> Path:
    """Download once per process, so that all parts of a command read the same commit."""
    require_hub(f"{HUB}{repository}")
    from huggingface_hub import snapshot_download

    with hub_errors(f"{HUB}{repository} cannot be read"):
        return Path(
            snapshot_download(
                repository, revision=revision, allow_patterns=list(FILES), library_name="gaussrep"
            )
        )
