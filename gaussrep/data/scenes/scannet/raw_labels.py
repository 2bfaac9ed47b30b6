"""Object annotations of raw ScanNet scenes."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int64

from gaussrep.data.scenes.scannet.classes import CATEGORY_IDS, NYU40_IDS
from gaussrep.data.scenes.scene import IGNORED
from gaussrep.data.unreadable import UnreadableSceneError
from gaussrep.errors import DataError
from gaussrep.runtime.plain_files import read_json, require_plain

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
        require_plain(path)
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
            f"{path}: expected rows with the columns id, raw_category and nyu40id ({error!r})."
        ) from error
    return table


@dataclass(frozen=True, eq=False)
class Annotations:
    """Labels of vertices, `IGNORED` where there is none.

    Args:
        labels20: Labels of the 20 classes.
        labels200: Labels of ScanNet200.
        instances: Numbers of the objects.
    """

    labels20: Int64[np.ndarray, " p"]
    labels200: Int64[np.ndarray, " p"]
    instances: Int64[np.ndarray, " p"]


def no_annotations(count: int) -> Annotations:
    """Return annotations of a scene without labels.

    Args:
        count: Number of vertices.

    Returns:
        Labels and instances that are all `IGNORED`.
    """
    return Annotations(*(np.full(count, IGNORED, np.int64) for _ in range(3)))


def read_annotations(
    segments: Path, aggregation: Path, count: int, table: Mapping[str, Labels]
) -> Annotations:
    """Read the objects of a scene and the segments that they consist of.

    Args:
        segments: `<scene>_vh_clean_2.0.010000.segs.json`.
        aggregation: `<scene>.aggregation.json`.
        count: Number of vertices of the mesh.
        table: Labels by raw category.

    Returns:
        Labels and instances of the vertices.

    Raises:
        UnreadableSceneError: If a file is damaged or does not belong to the mesh.
    """
    found = no_annotations(count)
    try:
        segment_of = np.array(_read(segments, "segIndices"), np.int64)
    except (TypeError, ValueError, OverflowError) as error:
        raise UnreadableSceneError(
            f"{segments}: segIndices are not whole numbers ({error})."
        ) from error
    if segment_of.shape != (count,):
        raise UnreadableSceneError(
            f"{segments}: this file holds {segment_of.size} segments for the {count} vertices of "
            "the mesh."
        )
    for group in _read(aggregation, "segGroups"):
        try:
            inside = np.isin(segment_of, np.asarray(group["segments"], np.int64))
            labels = table.get(group["label"], Labels())
            found.labels20[inside] = labels.of20
            found.labels200[inside] = labels.of200
            found.instances[inside] = int(group["id"])
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise UnreadableSceneError(
                f"{aggregation}: an object lacks its id, label or segments ({error!r})."
            ) from error
    return found


def _read(path: Path, key: str) -> list[Any]:
    try:
        content = read_json(path)[key]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UnreadableSceneError(f"{path}: cannot be read ({error!r}).") from error
    if not isinstance(content, list):
        raise UnreadableSceneError(f"{path}: {key} is not a list.")
    return content
