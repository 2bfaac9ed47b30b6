"""Errors about unreadable files, and the frames that are left out because of them."""

import logging
from functools import cache

from gaussrep.errors import DataError

logger = logging.getLogger("gaussrep.data")
EXAMPLES = 3
"""Maximum number of names in a message."""


class UnreadableFileError(DataError):
    """A file is missing or damaged.

    Data-loader workers re-raise an error by calling its class with the whole traceback as the
    message. Only the last sentence is kept, so the message is the same from every process.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message.rpartition(f"{type(self).__qualname__}: ")[2].strip())


class UnreadableSceneError(UnreadableFileError):
    """A file of a scene is missing or damaged, or a scene holds nothing to learn from."""


class LeftOutFrames:
    """Counts the frames of a scene or capture that cannot be used.

    Args:
        place: Folder or file that lists the frames, for messages.
    """

    def __init__(self, place: object) -> None:
        self._place = place
        self._reasons: dict[str, str] = {}

    def add(self, name: str, reason: object) -> None:
        """Leave out a frame.

        Args:
            name: Name of the frame.
            reason: Why it cannot be used.
        """
        self._reasons[name] = str(reason).rstrip(".")

    @property
    def count(self) -> int:
        """Number of frames left out."""
        return len(self._reasons)

    def warn(self, count: int) -> None:
        """Log one line with the number and the names of the frames, once per process.

        Args:
            count: Number of frames, those left out included.
        """
        if self._reasons:
            _warn_once(f"{self._place}: {self.describe(count)}.")

    def describe(self, count: int) -> str:
        """Describe which frames are left out, and why.

        Args:
            count: Number of frames, those left out included.

        Returns:
            One sentence without a full stop.
        """
        found = [f"{name} ({reason})" for name, reason in self._reasons.items()]
        more = f" and {len(found) - EXAMPLES:,} more" if len(found) > EXAMPLES else ""
        shown = "; ".join(found[:EXAMPLES]) + more
        return f"{len(found):,} of {count:,} frames are left out: {shown}"

    def describe_all(self, count: int) -> str:
        """Describe why none of the frames can be used.

        Args:
            count: Number of frames.

        Returns:
            One sentence.
        """
        name, reason = next(iter(self._reasons.items()))
        return f"{self._place}: none of the {count:,} frames can be used; {name}: {reason}."


@cache
def _warn_once(message: str) -> None:
    logger.warning("%s", message)
