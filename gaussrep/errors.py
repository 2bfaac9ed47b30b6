"""Errors that a user of gaussrep can cause, subclasses of `GaussrepError`, and interruptions."""

import signal
from pathlib import Path

__all__ = [
    "CapabilityError",
    "ConfigError",
    "DataError",
    "FormatError",
    "GaussrepError",
    "PluginError",
    "RunError",
    "RunInterrupt",
    "ShapeError",
    "UnavailableError",
    "UntrustedError",
    "ValueRangeError",
]


class GaussrepError(Exception):
    """Base of all errors raised on purpose; the command line prints them and exits with code 2."""


class ShapeError(GaussrepError, ValueError):
    """A tensor has the wrong shape, dtype or device; the message names the tensor."""


class ValueRangeError(GaussrepError, ValueError):
    """A value is not finite, degenerate or out of range."""


class ConfigError(GaussrepError, ValueError):
    """A configuration has an unknown key, a value of the wrong type or a missing value."""


class RenamedKeyError(ConfigError):
    """A configuration uses old names of keys; the message gives the new names."""


class PluginError(GaussrepError):
    """A plugin or one of its components is broken."""


class UnknownNameError(PluginError):
    """No component of that kind has this name."""


class AmbiguousNameError(PluginError):
    """Two distributions register the same short name; the message gives both qualified names."""


class UnavailableError(PluginError):
    """A component exists but cannot run here; the message names the install command."""


class UntrustedError(UnavailableError):
    """A component would run code or download weights that the user did not allow."""


class CapabilityError(GaussrepError):
    """A component lacks a capability that a call needs."""


class FormatError(GaussrepError, ValueError):
    """A file is of another format than its suffix, truncated, or has values that are not valid."""


class DataError(GaussrepError):
    """A data set is missing, empty or damaged."""


class RunError(GaussrepError):
    """A run folder is missing, incomplete or already in use."""


class RunInterrupt(KeyboardInterrupt):
    """Ctrl-C or SIGTERM stopped a run.

    Args:
        run: The run's folder.
        step: Step of the latest checkpoint; None if there is none yet.
        steps: Optimizer steps of the whole run.
        signal: The signal.
    """

    def __init__(self, run: Path, step: int | None, steps: int, signal: signal.Signals) -> None:
        saved = "nothing is saved yet" if step is None else f"step {step} of {steps} is saved"
        super().__init__(f"{run}: interrupted; {saved}")
        self.run, self.step, self.steps, self.signal = run, step, steps, signal
