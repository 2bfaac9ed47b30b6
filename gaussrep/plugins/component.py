"""Components: records of plugins, and the import of their code."""

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from gaussrep.errors import PluginError, UnavailableError
from gaussrep.plugins.records import RendererRecord
from gaussrep.plugins.requirements import install_line, unmet
from gaussrep.runtime.cuda_driver import missing_cuda

CORE = "gaussrep"
"""The distribution whose short names no other plugin can take."""


@dataclass(frozen=True, slots=True)
class Component:
    """A component of a plugin; its code is imported by `load`.

    Args:
        record: Record by which it was registered; its class is `KINDS[kind]`.
        kind: `"renderers"`, `"losses"`, … a key of `gaussrep.plugins.KINDS`.
        distribution: Normalized name of the distribution that registered it.
        version: That distribution's version.
    """

    record: Any
    kind: str
    distribution: str
    version: str

    @property
    def name(self) -> str:
        """The short name."""
        return self.record.name

    @property
    def qualified(self) -> str:
        """The name that is never ambiguous, `distribution:name`."""
        return f"{self.distribution}:{self.name}"

    @property
    def missing(self) -> tuple[str, ...]:
        """Requirements that are not met here, PEP 508 strings."""
        return unmet(self.record.requires)

    @property
    def install(self) -> str:
        """The line that installs what is missing; empty if nothing is."""
        missing = self.missing
        return (self.record.install or install_line(missing)) if missing else ""

    @property
    def unavailable_reason(self) -> str | None:
        """Why it cannot run here, with the cure, found without importing it; None if it may."""
        if missing := self.missing:
            return f"needs {', '.join(missing)}: {self.install}"
        devices = self.record.devices if isinstance(self.record, RendererRecord) else ()
        if devices == {"cuda"} and (reason := missing_cuda()):
            return f"needs a CUDA device, and {reason}"
        return None

    def load(self) -> Any:
        """Import the component.

        Returns:
            The object that the record's `target` names.

        Raises:
            UnavailableError: If a requirement is not met or a module is missing; the message
                names the install command.
            PluginError: If its module is broken.
        """
        if missing := self.missing:
            raise UnavailableError(f"{self} needs {', '.join(missing)}: {self.install}")
        return self._import(self.record.target)

    def load_config(self) -> Any:
        """Import the class of the component's settings; its requirements need not be met.

        Returns:
            A `gaussrep.config.ComponentConfig` class, or None if it has no settings.

        Raises:
            UnavailableError: If a module is missing.
            PluginError: If its module is broken.
        """
        return self._import(self.record.config) if self.record.config else None

    def load_report(self) -> Any:
        """Import the function behind `gaussrep inspect`, of a method.

        Returns:
            The function, or None if the method has none.

        Raises:
            UnavailableError: If a module is missing.
            PluginError: If its module is broken.
        """
        return self._import(self.record.report) if self.record.report else None

    def _import(self, target: str) -> Any:
        module, _, attribute = target.partition(":")
        try:
            return getattr(import_module(module), attribute)
        except ModuleNotFoundError as error:
            if error.name is None or error.name.partition(".")[0] == module.partition(".")[0]:
                raise PluginError(f"{self} is broken: {error}; it should hold {target}.") from error
            line = install_line([error.name.partition(".")[0].replace("_", "-")])
            raise UnavailableError(f"{self} needs the module {error.name}: {line}") from error
        except (Exception, SystemExit) as error:
            reason = f"{type(error).__name__}: {error}"
            raise PluginError(f"{self} is broken: importing {target} gave {reason}") from error

    def __str__(self) -> str:
        return f"{self.record.noun} '{self.name}' of {self.distribution} {self.version}"
