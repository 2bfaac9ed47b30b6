"""Short and qualified names of components."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from packaging.utils import canonicalize_name

from gaussrep.errors import AmbiguousNameError, UnknownNameError
from gaussrep.plugins.component import CORE, Component
from gaussrep.plugins.failure import Origin
from gaussrep.plugins.suggest import suggest


def choose(components: Sequence[Component], noun: str, name: str) -> Component:
    """The component that a name means.

    A short name of the core means the core's component, whoever else uses it.

    Args:
        components: All of one kind.
        noun: What they are called in a message, `"renderer"`.
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
        raise UnknownNameError(f"There is no {noun} {name!r}; {suggest(name, known)}")
    if len(found) > 1:
        who = " and ".join(f"{c.distribution} {c.version}" for c in found)
        cure = " or ".join(repr(c.qualified) for c in found)
        raise AmbiguousNameError(f"The {noun} {name!r} is registered by {who}; write {cure}.")
    return found[0]


def matching(components: Iterable[Component], name: str) -> list[Component]:
    """The components that a short or qualified name could mean.

    Args:
        components: All of one kind.
        name: Short name or `distribution:name`.

    Returns:
        None, one, or several where the name is ambiguous.
    """
    distribution, colon, short = name.rpartition(":")
    found = [component for component in components if component.name == short]
    if colon:
        return [c for c in found if c.distribution == canonicalize_name(distribution)]
    return [c for c in found if c.distribution == CORE] or found


def clashes(components: Iterable[Component]) -> Iterator[tuple[Origin, str]]:
    """Every reuse of a name.

    Args:
        components: All of all kinds.

    Yields:
        The later plugin of each pair, and a sentence that gives both qualified names.
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
        return f"{title} is a name of the core's own; write {other.qualified!r} for this one."
    return (
        f"{title} is also registered by {first.distribution} {first.version}; "
        f"write {other.qualified!r} or {first.qualified!r}."
    )
