"""Errors of files that cannot be read."""

from gaussrep.errors import DataError


class UnreadableFileError(DataError):
    """A file is missing or damaged.

    Data-loader workers re-raise an error by calling its class with the whole traceback as the
    message. Only the last sentence is kept, so the message is the same from every process.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message.rpartition(f"{type(self).__qualname__}: ")[2].strip())


class UnreadableSceneError(UnreadableFileError):
    """A file of a scene is missing or damaged, or a scene holds nothing to learn from."""
