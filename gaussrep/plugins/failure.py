"""Failures of plugins, recorded so that everything else works."""

from dataclasses import dataclass
from traceback import format_exception

from gaussrep.errors import PluginError


@dataclass(frozen=True, slots=True)
class Origin:
    """The distribution of a plugin.

    Args:
        distribution: Normalized name of the installed distribution.
        version: Its version.
        entry_point: Name of the entry point.
    """

    distribution: str
    version: str
    entry_point: str = ""


@dataclass(frozen=True, slots=True)
class PluginFailure:
    """A failure of one plugin; the rest of the program works without it.

    Args:
        distribution: Normalized name of the distribution.
        version: Its version.
        entry_point: Name of the entry point.
        phase: Phase of the failure: `select` (by `GAUSSREP_PLUGINS`), `metadata`, `import`, `hook`
            (an unknown hook), `call` (of a hook), `record`, or `name`. The last is not a defect:
            two plugins use one name, and both are available by their qualified names.
        error: The error in one line.
        traceback: The full traceback; empty if the plugin raised nothing.
    """

    distribution: str
    version: str
    entry_point: str
    phase: str
    error: str
    traceback: str = ""

    @classmethod
    def from_message(cls, origin: Origin, phase: str, sentence: str) -> "PluginFailure":
        """Record a failure that gaussrep found.

        Args:
            origin: The plugin.
            phase: Phase of the failure.
            sentence: The error and its cure.

        Returns:
            The failure.
        """
        line = " ".join(sentence.split())
        return cls(origin.distribution, origin.version, origin.entry_point, phase, line)

    @classmethod
    def from_exception(
        cls, origin: Origin, phase: str, doing: str, error: BaseException
    ) -> "PluginFailure":
        """Record an exception.

        Args:
            origin: The plugin.
            phase: Phase of the failure.
            doing: Name of the failed action, `"import"`.
            error: The exception.

        Returns:
            The failure; with the traceback, unless gaussrep raised the exception on purpose.
        """
        if isinstance(error, PluginError):
            return cls.from_message(origin, phase, str(error))
        line = " ".join(f"{doing} failed: {type(error).__name__}: {error}".split())
        trace = "".join(format_exception(error))
        return cls(origin.distribution, origin.version, origin.entry_point, phase, line, trace)

    @property
    def is_defect(self) -> bool:
        """Whether the plugin is broken, and does not only share a name with another."""
        return self.phase != "name"

    def __str__(self) -> str:
        plugin = f"plugin {self.distribution} {self.version}".rstrip()
        return f"{plugin}: {self.error}"
