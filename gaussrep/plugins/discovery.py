"""Discovery of the installed distributions with plugins."""

from collections.abc import Iterator
from importlib.metadata import Distribution, EntryPoint, distributions

from packaging.utils import canonicalize_name

from gaussrep.errors import PluginError
from gaussrep.plugins.failure import Origin, PluginFailure
from gaussrep.plugins.hookspecs import PROJECT


def discover() -> tuple[list[tuple[Origin, EntryPoint]], list[PluginFailure]]:
    """Find the entry points of the group `gaussrep`, in a fixed order.

    The metadata of each distribution is read separately, so one damaged file does not hide the
    plugins of others. Of a distribution that is installed twice, the first on `sys.path` counts.

    Returns:
        Origins and entry points, sorted by distribution and name; and the failures.
    """
    found: dict[str, list[tuple[Origin, EntryPoint]]] = {}
    failures = []
    for installed in distributions():
        if not _has_plugins(installed):
            continue
        origin = Origin("without a name", "")
        try:
            origin = _origin(installed)
            found.setdefault(origin.distribution, list(_entry_points(installed, origin)))
        except Exception as error:
            failures.append(
                PluginFailure.from_exception(origin, "metadata", "reading its metadata", error)
            )
    ordered = (found[name] for name in sorted(found))
    pairs = [pair for pairs in ordered for pair in sorted(pairs, key=lambda pair: pair[1].name)]
    return pairs, failures


def _has_plugins(installed: Distribution) -> bool:
    """Whether the group occurs in the metadata, without parsing it."""
    try:
        return f"[{PROJECT}]" in (installed.read_text("entry_points.txt") or "")
    except UnicodeDecodeError:  # entry points that no tool can read
        return False


def _origin(installed: Distribution) -> Origin:
    if not any(installed.metadata.get_all("Name") or ()):
        raise PluginError(f"{installed.locate_file('')} holds one whose METADATA has no Name.")
    return Origin(canonicalize_name(installed.metadata["Name"]), installed.version)


def _entry_points(installed: Distribution, origin: Origin) -> Iterator[tuple[Origin, EntryPoint]]:
    for entry_point in installed.entry_points.select(group=PROJECT):
        yield Origin(origin.distribution, origin.version, entry_point.name), entry_point
