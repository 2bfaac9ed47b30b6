"""Errors of files that cannot be read."""

from gaussrep.errors import DataError


class UnreadableFileError(DataError):
    """A file is missing or damaged.

    A data-loader worker hands an error on by calling its class with the whole traceback as the
    message; only the sentence at the end of it is kept, so that it reads the same from everywhere.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message.rpartition(f"{type(self).__qualname__}: ")[2].strip())


class UnreadableSceneError(UnreadableFileError):
    """A file of a scene is missing or damaged, or a scene holds nothing to learn from."""
