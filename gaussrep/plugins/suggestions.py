"""Suggestions for misspelled names."""

from collections.abc import Iterable
from difflib import SequenceMatcher

LISTED = 12
"""Maximum number of names in a message."""
CLOSE = 0.6
"""Lowest similarity of a suggestion, a ratio of difflib; its own default."""
NEARLY = 0.1
"""How much less similar than the nearest name a further suggestion may be."""
SUGGESTED = 3
"""Maximum number of suggestions."""


def near_names(given: str, known: Iterable[str]) -> list[str]:
    """Find the known names that a misspelled one may mean.

    Args:
        given: The name that was given.
        known: The names that exist.

    Returns:
        Up to three names that are about equally similar to it, the nearest first.

    Examples:
        >>> near_names("wamup", ["warmup", "width"])
        ['warmup']
    """
    ratios = {name: SequenceMatcher(None, given, name).ratio() for name in set(known)}
    limit = max(CLOSE, max(ratios.values(), default=0) - NEARLY)
    near = sorted((-ratio, name) for name, ratio in ratios.items() if ratio >= limit)
    return [name for _, name in near[:SUGGESTED]]


def suggest(given: str, known: Iterable[str], listing: str = "") -> str:
    """Suggest the closest known names for one that does not exist, or list the known names.

    Args:
        given: The name that was given.
        known: The names that exist.
        listing: The command that lists all of them.

    Returns:
        Half a sentence to follow "There is no such name; ".

    Examples:
        >>> suggest("gmea", ["gmae", "gaussiancross"])
        "did you mean 'gmae'?"
        >>> suggest("x", ["mse", "l1"])
        'there are: l1, mse.'
    """
    names = sorted(set(known))
    if near := near_names(given, names):
        return did_you_mean(near)
    if not names:
        return "there is none."
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    lists = f"; {listing} lists all" if more and listing else ""
    return f"there are: {', '.join(names[:LISTED])}{more}{lists}."


def did_you_mean(names: Iterable[str]) -> str:
    """Ask which of some names was meant.

    Args:
        names: At least one name.

    Returns:
        A question.

    Examples:
        >>> did_you_mean(["steps", "epochs"])
        "did you mean 'steps' or 'epochs'?"
    """
    return f"did you mean {' or '.join(map(repr, names))}?"
