"""Opening one of torchvision's data sets, with errors that say what to do."""

from collections.abc import Callable
from http.client import HTTPException
from typing import TypeVar

from gaussrep.data.labeled_config import DownloadConfig
from gaussrep.errors import DataError

Opened = TypeVar("Opened")


def open_verified(
    opener: Callable[..., Opened], name: str, folder: str, config: DownloadConfig, **which: object
) -> Opened:
    """Open a data set whose files torchvision checks.

    Args:
        opener: torchvision's class.
        name: What the data set is called in messages.
        folder: Name of its folder inside the root.
        config: Where it is, and whether to download it.
        **which: Passed on: which part of the data set.

    Returns:
        The data set.

    Raises:
        DataError: If it is missing, differs from its checksums, or cannot be downloaded.
    """
    try:
        return opener(config.root, download=config.download, **which)
    except (RuntimeError, OSError, HTTPException) as error:
        if config.download:
            reason = str(error).partition("\n")[0].rstrip(".")
            raise DataError(
                f"{config.root}: {name} cannot be downloaded to this folder: {reason}."
            ) from error
        raise DataError(
            f"{config.root}: {name} is missing or damaged; wanted its folder {folder} in this "
            "folder; data.download=true downloads it."
        ) from error
