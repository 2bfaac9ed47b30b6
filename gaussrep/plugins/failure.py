"""What went wrong with a plugin, kept so that everything else goes on."""

from dataclasses import dataclass
from traceback import format_exception

from gaussrep.errors import PluginError


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a plugin comes from.

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
    """One thing that is wrong with one plugin; the rest of the program works without it.

    Args:
        distribution: Normalized name of the distribution.
        version: Its version.
        entry_point: Name of the entry point.
        phase: Where it went wrong: `select` (what `GAUSSREP_PLUGINS` asks for), `metadata`,
            `import`, `hook` (a name that is no hook), `call` (of a hook), `record`, or `name`. The
            last is no defect: two plugins use one name, and both answer to their qualified names.
        error: What is wrong, in one line.
        traceback: The full traceback, empty where the plugin raised nothing.
    """

    distribution: str
    version: str
    entry_point: str
    phase: str
    error: str
    traceback: str = ""

    @classmethod
    def said(cls, origin: Origin, phase: str, sentence: str) -> "PluginFailure":
        """Record a sentence of gaussrep's own.

        Args:
            origin: The plugin.
            phase: Where it went wrong.
            sentence: What is wrong and how to cure it.

        Returns:
            The failure.
        """
        line = " ".join(sentence.split())
        return cls(origin.distribution, origin.version, origin.entry_point, phase, line)

    @classmethod
    def raised(
        cls, origin: Origin, phase: str, doing: str, error: BaseException
    ) -> "PluginFailure":
        """Record an exception.

        Args:
            origin: The plugin.
            phase: Where it went wrong.
            doing: What failed, `"import"`.
            error: What was raised.

        Returns:
            The failure, with the traceback unless gaussrep itself refused something.
        """
        if isinstance(error, PluginError):
            return cls.said(origin, phase, str(error))
        line = " ".join(f"{doing} failed: {type(error).__name__}: {error}".split())
        trace = "".join(format_exception(error))
        return cls(origin.distribution, origin.version, origin.entry_point, phase, line, trace)

    @property
    def is_defect(self) -> bool:
        """Whether the plugin is at fault, and not only its choice of a name."""
        return self.phase != "name"

    def __str__(self) -> str:
        who = f"plugin {self.distribution} {self.version}".rstrip()
        return f"{who}: {self.error}"
