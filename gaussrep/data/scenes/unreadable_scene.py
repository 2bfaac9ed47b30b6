"""Scenes that cannot be used."""

from gaussrep.data.unreadable import UnreadableFileError


class UnreadableSceneError(UnreadableFileError):
    """A file of a scene is missing or damaged, or a scene holds nothing to learn from."""
