"""Suggestions for misspelled names."""

from collections.abc import Iterable
from difflib import get_close_matches

LISTED = 12


def suggest(given: str, known: Iterable[str]) -> str:
    """Suggest the closest known name for one that does not exist, or list the known names.

    Args:
        given: The name that was given.
        known: The names that exist.

    Returns:
        Half a sentence to follow "There is no such name; ".

    Example:
        >>> suggest("gmea", ["gmae", "gaussiancross"])
        "did you mean 'gmae'?"
        >>> suggest("x", ["mse", "l1"])
        'there are: l1, mse.'
    """
    names = sorted(set(known))
    if close := get_close_matches(given, names, n=1):
        return f"did you mean {close[0]!r}?"
    if not names:
        return "there is none."
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return f"there are: {', '.join(names[:LISTED])}{more}."
