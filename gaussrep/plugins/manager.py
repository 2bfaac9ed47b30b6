"""The plugin host: load every plugin on its own and collect its components."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import EntryPoint

import pluggy
from packaging.utils import canonicalize_name

from gaussrep import __version__
from gaussrep.errors import AmbiguousNameError, PluginError, UnknownNameError
from gaussrep.plugins import builtin, hookspecs
from gaussrep.plugins.companions import missing_companion
from gaussrep.plugins.component import CORE, Component
from gaussrep.plugins.discovery import discover
from gaussrep.plugins.failure import Origin, PluginFailure
from gaussrep.plugins.records import KINDS
from gaussrep.plugins.suggestions import suggest
from gaussrep.plugins.validation import check_record


def resolve_name(components: Sequence[Component], noun: str, name: str) -> Component:
    """Resolve the name of a component.

    A short name of the core is the core's component, even if plugins use it, too.

    Args:
        components: All components of one kind.
        noun: Noun of the kind for messages, `"renderer"`.
        name: Short name or `distribution:name`.

    Returns:
        The component.

    Raises:
        UnknownNameError: If there is none; the message gives the nearest names.
        AmbiguousNameError: If several distributions use that short name.
    """
    found = matching(components, name)
    if not found:
        qualified = ":" in name
        known = (c.qualified if qualified else c.name for c in components)
        listing = f"gaussrep plugins {components[0].kind}" if components else ""
        raise UnknownNameError(f"There is no {noun} {name!r}; {suggest(name, known, listing)}")
    if len(found) > 1:
        who = " and ".join(f"{c.distribution} {c.version}" for c in found)
        cure = " or ".join(repr(c.qualified) for c in found)
        raise AmbiguousNameError(f"The {noun} {name!r} is registered by {who}; write {cure}.")
    return found[0]


def matching(components: Iterable[Component], name: str) -> list[Component]:
    """Find the components that match a short or qualified name.

    Args:
        components: All components of one kind.
        name: Short name or `distribution:name`.

    Returns:
        Zero, one, or several components.
    """
    distribution, colon, short = name.rpartition(":")
    found = [component for component in components if component.name == short]
    if colon:
        return [c for c in found if c.distribution == canonicalize_name(distribution)]
    return [c for c in found if c.distribution == CORE] or found


def clashes(components: Iterable[Component]) -> Iterator[tuple[Origin, str]]:
    """Find names that several distributions use.

    Args:
        components: All components of all kinds.

    Yields:
        The later plugin of each pair, and a sentence with both qualified names.
    """
    users: dict[tuple[str, str], list[Component]] = defaultdict(list)
    for component in components:
        users[component.kind, component.name].append(component)
    for first, *others in users.values():
        for other in others:
            yield Origin(other.distribution, other.version), _reuse(first, other)


def _reuse(first: Component, other: Component) -> str:
    title = f"{other.record.noun} {other.name!r}"
    if first.distribution == CORE:
        return f"{title} is also a name of the core; write {other.qualified!r} for this one."
    return (
        f"{title} is also registered by {first.distribution} {first.version}; "
        f"write {other.qualified!r} or {first.qualified!r}."
    )


HOOKS = tuple(f"register_{kind}" for kind in KINDS)


class PluginHost:
    """Loads plugins, and keeps their components and failures.

    A plugin that raises, exits, misspells a hook or yields an invalid record is recorded as a
    failure and affects nothing else. The core registers by the same hooks; its failures are raised.

    Args:
        only: Names of the entry points or distributions to load; None loads all. The core's own
            components are always there.
    """

    def __init__(self, only: Collection[str] | None = None) -> None:
        self.failures: list[PluginFailure] = []
        self._components: list[Component] = []
        self._manager = pluggy.PluginManager(hookspecs.PROJECT)
        self._manager.add_hookspecs(hookspecs)
        self._manager.register(builtin, CORE)
        self._origins = {CORE: Origin(CORE, __version__)}
        for origin, entry_point in self._find_plugins(only):
            self._load(origin, entry_point)
        for kind in KINDS:
            self._collect(kind)
        for origin, sentence in clashes(self._components):
            self._fail(origin, "name", sentence)

    def components(self, kind: str | None = None) -> list[Component]:
        """List the components.

        Args:
            kind: Kind of component, a key of `KINDS`; None for all.

        Returns:
            Components sorted by kind, name and distribution.

        Raises:
            UnknownNameError: If there is no such kind.
        """
        if kind is not None and kind not in KINDS:
            raise UnknownNameError(
                f"There is no kind of component {kind!r}; {suggest(kind, KINDS)}"
            )
        kinds = list(KINDS)
        chosen = [c for c in self._components if kind in (None, c.kind)]
        return sorted(chosen, key=lambda c: (kinds.index(c.kind), c.name, c.distribution))

    def find(self, kind: str, name: str) -> Component:
        """Find a component.

        Args:
            kind: Kind of component, a key of `KINDS`.
            name: Short name, or `distribution:name`.

        Returns:
            The component.

        Raises:
            UnknownNameError: If there is none.
            AmbiguousNameError: If several distributions use that short name.
        """
        components = self.components(kind)
        try:
            return resolve_name(components, KINDS[kind].noun, name)
        except UnknownNameError as error:
            if advice := missing_companion(kind, name):
                sentence = f"There is no {KINDS[kind].noun} {name!r} here; {advice}."
                raise UnknownNameError(sentence) from None
            if not any(failure.is_defect for failure in self.failures):
                raise
            hint = "Some plugins failed to load; `gaussrep doctor` shows why."
            raise UnknownNameError(f"{error} {hint}") from None

    def _find_plugins(self, only: Collection[str] | None) -> list[tuple[Origin, EntryPoint]]:
        found, unreadable = discover()
        self.failures += unreadable
        if only is None:
            return found
        wanted = {name for given in only for name in (given, canonicalize_name(given))}
        known = {name for origin, _ in found for name in (origin.entry_point, origin.distribution)}
        for name in only:
            if not {name, canonicalize_name(name)} & known:
                sentence = (
                    f"GAUSSREP_PLUGINS names a plugin that is not installed; {suggest(name, known)}"
                )
                self._fail(Origin(name, ""), "select", sentence)
        return [pair for pair in found if {pair[0].entry_point, pair[0].distribution} & wanted]

    def _load(self, origin: Origin, entry_point: EntryPoint) -> None:
        name = f"{origin.distribution}:{origin.entry_point}"
        self._origins[name] = origin
        with self._isolated(origin, "import", "import"):
            plugin = entry_point.load()
            try:
                self._manager.register(plugin, name)
            except Exception:
                if self._manager.has_plugin(name):  # pluggy leaves what it had done
                    self._manager.unregister(name=name)
                raise
            self._check_hooks(origin, plugin)

    def _check_hooks(self, origin: Origin, plugin: object) -> None:
        callers = self._manager.get_hookcallers(plugin)
        if not callers:
            sentence = "it implements no hook; mark its functions with gaussrep.plugins.hookimpl."
            self._fail(origin, "hook", sentence)
        for caller in callers or ():
            if not caller.has_spec():
                sentence = f"there is no hook {caller.name!r}; {suggest(caller.name, HOOKS)}"
                self._fail(origin, "hook", sentence)

    def _collect(self, kind: str) -> None:
        """Call each implementation separately: pluggy's call stops at the first exception."""
        hook = f"register_{kind}"
        for implementation in getattr(self._manager.hook, hook).get_hookimpls():
            origin = self._origins[implementation.plugin_name]
            with self._isolated(origin, "call", hook):
                for record in implementation.function() or ():
                    self._accept(kind, record, origin)

    def _accept(self, kind: str, record: object, origin: Origin) -> None:
        with self._isolated(origin, "record", "reading a record"):
            check_record(kind, record, origin.distribution)
            component = Component(record, kind, origin.distribution, origin.version)
            if any(c.kind == kind and c.qualified == component.qualified for c in self._components):
                raise PluginError(f"{component} is registered twice; the first one counts.")
            self._components.append(component)

    def _fail(self, origin: Origin, phase: str, sentence: str) -> None:
        self.failures.append(PluginFailure.from_message(origin, phase, sentence))

    @contextmanager
    def _isolated(self, origin: Origin, phase: str, doing: str) -> Iterator[None]:
        """Record the exceptions of a plugin; raise those of the core."""
        try:
            yield
        except (Exception, SystemExit) as error:
            if origin.distribution == CORE:
                raise
            self.failures.append(PluginFailure.from_exception(origin, phase, doing, error))
