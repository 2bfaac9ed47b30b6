"""Which requirements of a component are not met here, and the line that installs them."""

import re
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from packaging.requirements import Requirement


def unmet(requires: Iterable[str]) -> tuple[str, ...]:
    """Requirements that the installed distributions do not satisfy.

    Args:
        requires: PEP 508 strings. One whose marker does not hold here counts as met; one with
            extras is met only if what the extras need is.

    Returns:
        The unmet ones, as they were given.
    """
    return tuple(text for text in requires if not _is_met(_parse(text), "", frozenset()))


def install_line(requires: Iterable[str]) -> str:
    """The command that installs requirements.

    Args:
        requires: PEP 508 strings.

    Returns:
        One line to paste into a shell.

    Examples:
        >>> install_line(["gsplat>=1.4", "scipy"])
        'pip install "gsplat>=1.4" scipy'
    """
    return " ".join(["pip install", *(_argument(_parse(text)) for text in requires)])


def _parse(text: str) -> "Requirement":
    """Parse a requirement; most components have none, so its parser is imported here."""
    from packaging.requirements import Requirement

    return Requirement(text)


def _argument(requirement: "Requirement") -> str:
    requirement.marker = None
    text = str(requirement)
    return text if re.fullmatch(r"[\w.-]+", text) else f'"{text}"'


def _is_met(requirement: "Requirement", extra: str, seen: frozenset[tuple[str, str]]) -> bool:
    """Whether a requirement made under an extra is met; `seen` holds the extras being checked."""
    if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
        return True
    try:
        installed = distribution(requirement.name)
    except PackageNotFoundError:
        return False
    if not requirement.specifier.contains(installed.version, prereleases=True):
        return False
    for wanted in requirement.extras:
        key = canonicalize_name(requirement.name), canonicalize_name(wanted)
        if key not in seen and not _extra_is_met(installed, wanted, seen | {key}):
            return False
    return True


def _extra_is_met(installed: Distribution, extra: str, seen: frozenset[tuple[str, str]]) -> bool:
    return all(_is_met(part, extra, seen) for part in _only_with(installed, extra))


def _only_with(installed: Distribution, extra: str) -> Iterator["Requirement"]:
    """Requirements of an extra of a distribution."""
    for text in installed.requires or ():
        part = _parse(text)
        if part.marker and not part.marker.evaluate({"extra": ""}):
            yield part
