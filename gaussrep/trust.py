"""Trust in names and paths that settings contain. Never imports torch."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from gaussrep.errors import UntrustedError

LOCAL = "local-dir:"
"""Beginning of timm's names of folders."""

_trusted: ContextVar[frozenset[str]] = ContextVar("trusted", default=frozenset())
_confined: ContextVar[Path | None] = ContextVar("confined", default=None)


@contextmanager
def trusting(names: Iterable[str]) -> Iterator[None]:
    """Allow running the code of some repositories and downloading some weights in the body.

    Args:
        names: Names as settings give them, such as `NVlabs/RADIO`, added to those that are trusted
            already.

    Yields:
        Nothing.

    Examples:
        >>> from gaussrep.trust import trusting
        >>> with trusting(["NVlabs/RADIO"]):
        ...     pass
    """
    token = _trusted.set(_trusted.get() | frozenset(names))
    try:
        yield
    finally:
        _trusted.reset(token)


def require_trust(name: str, action: str) -> None:
    """Check that a name is trusted.

    Args:
        name: Name of a repository or of weights.
        action: What the name is and what is done with it, for the message.

    Raises:
        UntrustedError: It is not.

    Examples:
        >>> from gaussrep.trust import require_trust, trusting
        >>> with trusting(["NVlabs/RADIO"]):
        ...     require_trust("NVlabs/RADIO", "is a repository whose code is run")
    """
    if name not in _trusted.get():
        raise UntrustedError(
            f"{name} {action} and was not allowed; if you trust it, add --trust {name} "
            f"(in Python, trust=[{name!r}])"
        )


@contextmanager
def confined(folder: Path | None) -> Iterator[None]:
    """Require trust, in the body, for paths outside an untrusted folder.

    Args:
        folder: The folder; None changes nothing.

    Yields:
        Nothing.
    """
    token = _confined.set(_confined.get() if folder is None else folder)
    try:
        yield
    finally:
        _confined.reset(token)


def require_trusted_path(path: Path) -> None:
    """Check that a path in settings may be read or created.

    Args:
        path: A file or folder; outside of `confined` all may.

    Raises:
        UntrustedError: It is outside of the confined folder, and is not trusted.
    """
    folder = _confined.get()
    if folder is not None and not path.resolve().is_relative_to(folder.resolve()):
        require_trust(str(path), f"is outside of {folder}, a run that was not made here,")


def require_trusted_weights(model: str) -> None:
    """Check that the weights of a timm model may be downloaded or read.

    Args:
        model: timm's name of the model; `local-dir:FOLDER` is read from the disk.

    Raises:
        UntrustedError: They are downloaded, or `confined` to another folder, and not trusted.
    """
    if model.startswith(LOCAL):
        require_trusted_path(Path(model.removeprefix(LOCAL)))
    else:
        require_trust(model, "is downloaded from the Hugging Face hub")
