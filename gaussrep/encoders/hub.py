"""Downloads from the Hugging Face hub that fail at once if there is no network."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from gaussrep.runtime.console import paused_progress
from gaussrep.trust import LOCAL, require_trusted_weights

PATIENCE = 10.0
"""Seconds to wait for the hub's first answer."""


@contextmanager
def hub_downloads(model: str) -> Iterator[None]:
    """Download from the Hugging Face hub in the body, or from its cache if it is unreachable.

    The hub's client repeats every request for minutes if there is no network. Here the hub is
    asked once, and its client works offline in the body if it does not answer.

    Args:
        model: timm's name of the model, which must be trusted by `trusting` or `--trust`;
            `local-dir:FOLDER` is loaded from the disk, so the hub is not asked.

    Yields:
        Nothing.

    Raises:
        UntrustedError: The model is not trusted, or a run of somebody else names the folder.
        ConnectionError: The hub does not answer, and the body needs a file that the cache does not
            hold.

    Examples:
        >>> from gaussrep.encoders import hub_downloads
        >>> with hub_downloads("local-dir:weights"):
        ...     pass
    """
    require_trusted_weights(model)
    if model.startswith(LOCAL):
        yield
        return
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE or _answers(constants.ENDPOINT):
        with paused_progress():  # the client shows a bar of its own
            yield
        return
    constants.HF_HUB_OFFLINE = True
    try:
        yield
    except Exception as error:  # the client raises many types
        raise ConnectionError(
            f"{constants.ENDPOINT} does not answer, and its cache does not hold the files"
        ) from error
    finally:
        constants.HF_HUB_OFFLINE = False


def _answers(address: str) -> bool:
    """Check that a server answers; a proxy of the environment is used."""
    try:
        with urlopen(Request(address, method="HEAD"), timeout=PATIENCE):
            return True
    except HTTPError:  # an answer, too
        return True
    except (OSError, HTTPException):
        return False
