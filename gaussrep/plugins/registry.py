"""The registry of components: the plugin host of this process, made on first use."""

import logging
import os
from functools import cache

from gaussrep.plugins.component import Component
from gaussrep.plugins.failure import PluginFailure
from gaussrep.plugins.manager import PluginHost

logger = logging.getLogger("gaussrep.plugins")

VARIABLE = "GAUSSREP_PLUGINS"
"""Environment variable with the names of the plugins to load, `a,b`; empty loads only the core."""

TRACEBACK_HINT = " (`gaussrep doctor` shows the traceback)"


@cache
def _host() -> PluginHost:
    chosen = os.environ.get(VARIABLE)
    names = None if chosen is None else [name.strip() for name in chosen.split(",")]
    host = PluginHost(only=None if names is None else [name for name in names if name])
    for failure in host.failures:
        logger.warning("%s%s", failure, TRACEBACK_HINT if failure.traceback else "")
    return host


def reset() -> None:
    """Discard the host, so that the next call loads the plugins again; for tests."""
    _host.cache_clear()


def list_components(kind: str | None = None) -> list[Component]:
    """List the installed components, without importing them.

    Args:
        kind: Kind of component, a key of `KINDS`; None for all.

    Returns:
        Components sorted by kind, name and distribution.

    Raises:
        UnknownNameError: If there is no such kind.

    Examples:
        >>> from gaussrep import plugins
        >>> [c.name for c in plugins.list("losses") if c.distribution == "gaussrep"]
        ['cosine', 'l1', 'l1-ssim', 'mse', 'smooth-l1', 'ssim']
    """
    return _host().components(kind)


def failures() -> list[PluginFailure]:
    """List the failures of installed plugins; each was logged as a warning.

    Returns:
        The failures, in the order in which they happened.
    """
    return list(_host().failures)


def find(kind: str, name: str) -> Component:
    """Find a component, without importing it.

    Args:
        kind: Kind of component, a key of `KINDS`.
        name: Short name, or `distribution:name`, which is never ambiguous.

    Returns:
        The component.

    Raises:
        UnknownNameError: If there is none; the message gives the nearest names.
        AmbiguousNameError: If several distributions use that short name.
    """
    return _host().find(kind, name)
