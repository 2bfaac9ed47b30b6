"""Hints that a command adds to errors of its settings: the list of settings, and cures."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Guidance:
    """Cures of common mistakes in the settings of one command.

    Args:
        listing: The command that lists all settings, `gaussrep settings gmae`.
        missing: Cure for a required key that is not given, by its dotted path.
        own_data: Settings for a folder of the user's, with `{root}` for its path; empty if no
            folder of images fits the command.
    """

    listing: str
    missing: Mapping[str, str] = field(default_factory=dict)
    own_data: str = ""

    def cure_of_missing(self, key: str) -> str:
        """Return what to do about a missing key.

        Args:
            key: Its dotted path.

        Returns:
            The end of a sentence, empty if nothing is known.
        """
        cure = self.missing.get(key)
        return f"; {cure}" if cure else ""

    def cure_of_unknown_data(self, name: str) -> str:
        """Return what to do about a data set that does not exist.

        Args:
            name: Name that was given, perhaps of a folder.

        Returns:
            The end of a sentence, empty where nothing is known.
        """
        cure = f"; for a folder of yours, give {self.own_data.format(root=name)}"
        return cure if self.own_data else ""

    def list_command(self, prefix: str) -> str:
        """Return the command that lists the settings below a dotted path.

        Args:
            prefix: The path; empty for all settings.

        Returns:
            One line for a shell.
        """
        return f"{self.listing} {prefix}".rstrip()
