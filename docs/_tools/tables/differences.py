"""Paired differences between rows of scores, with 95 % intervals over the seeds."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from tables.markdown import ABSENT, RESULTS, table

sys.path.append(str(RESULTS.parent))
from gaussrep.evaluation.intervals import is_equivalent, paired_difference

Cells = Mapping[str, Any]


def differences_table(
    content: Mapping[str, Any],
    pairs: Sequence[tuple[str, str]],
    titles: Mapping[str, str],
    *,
    decimals: int,
    percent: bool,
    margin: float | None = None,
) -> str:
    """Format the differences between rows that were measured with the same seeds.

    Args:
        content: Content of the JSON file, with a list of numbers per row and column.
        pairs: Rows to subtract: the second from the first.
        titles: Title of a column by its name; other columns keep their names.
        decimals: Digits after the decimal point; PSNR has two.
        percent: Whether all but PSNR are shown in points.
        margin: Largest difference that counts as equal; None tests no equivalence.

    Returns:
        Markdown: mean difference and the interval of Student's t.
    """
    rows = content["rows"]
    columns = list(dict.fromkeys(column for first, _ in pairs for column in rows[first]))

    def cell(first: Cells, second: Cells, column: str) -> str:
        if column not in first or column not in second:
            return ABSENT
        in_points = percent and column != "psnr"
        text = _interval(
            first[column],
            second[column],
            100 if in_points else 1,
            2 if column == "psnr" else decimals,
        )
        equal = margin is not None and in_points
        return (
            f"{text} =" if equal and is_equivalent(first[column], second[column], margin) else text
        )

    body = [
        [f"{first} − {second}", *(cell(rows[first], rows[second], column) for column in columns)]
        for first, second in pairs
    ]
    seeds = len(next(iter(rows[pairs[0][0]].values())))
    tested = "" if margin is None else f"; =: equivalent within {100 * margin:g} points (TOST, 5 %)"
    caption = f"mean paired difference of {seeds} seeds and its 95 % interval (Student's t){tested}"
    head = ["difference", *(titles.get(column, column) for column in columns)]
    return table(head, body, f"points; {caption}" if percent else caption)


def _interval(first: Sequence[float], second: Sequence[float], factor: float, decimals: int) -> str:
    found = paired_difference([factor * one for one in first], [factor * one for one in second])
    low, high = (f"{value:+.{decimals}f}" for value in (found.low, found.high))
    return f"{found.mean:+.{decimals}f} ({low} to {high})".replace("-", "−")
