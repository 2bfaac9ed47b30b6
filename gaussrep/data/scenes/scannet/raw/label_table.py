"""From ScanNet's raw categories to the labels of its benchmarks."""

import csv
from dataclasses import dataclass
from pathlib import Path

from gaussrep.data.scenes.point_cloud import IGNORED
from gaussrep.data.scenes.scannet.classes import NYU40_IDS
from gaussrep.data.scenes.scannet.classes200 import CATEGORY_IDS
from gaussrep.errors import DataError

FILE = "scannetv2-labels.combined.tsv"


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels of one category.

    Args:
        of20: Label in the benchmark of 20 classes, or `IGNORED`.
        of200: Label in ScanNet200, or `IGNORED`.
    """

    of20: int = IGNORED
    of200: int = IGNORED


def read_label_table(path: Path) -> dict[str, Labels]:
    """Read `scannetv2-labels.combined.tsv`.

    Args:
        path: The file; its columns `raw_category`, `id` and `nyu40id` are read.

    Returns:
        Labels by raw category; the first row of a category counts.

    Raises:
        DataError: If the file is missing or lacks a column.
    """
    labels20 = {number: label for label, number in enumerate(NYU40_IDS)}
    labels200 = {number: label for label, number in enumerate(CATEGORY_IDS)}
    table: dict[str, Labels] = {}
    try:
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
                of20 = labels20.get(int(row["nyu40id"]), IGNORED)
                of200 = labels200.get(int(row["id"]), IGNORED)
                table.setdefault(row["raw_category"], Labels(of20, of200))
    except OSError as error:
        raise DataError(
            f"{path}: cannot be read: {error.strerror}; it is part of the ScanNet release."
        ) from error
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"{path}: wanted rows with the columns id, raw_category and nyu40id ({error!r})."
        ) from error
    return table
