"""Reading which vertices of a ScanNet scene belong to which object."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int64

from gaussrep.data.scenes.point_cloud import IGNORED
from gaussrep.data.scenes.scannet.raw.label_table import Labels
from gaussrep.data.scenes.unreadable_scene import UnreadableSceneError


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
    """Annotations of a scene that has none.

    Args:
        count: Number of vertices.
    """
    return Annotations(*(np.full(count, IGNORED, np.int64) for _ in range(3)))


def read_annotations(
    segments: Path, aggregation: Path, count: int, table: Mapping[str, Labels]
) -> Annotations:
    """Read the segments of the vertices, and the objects that are made of segments.

    Args:
        segments: `<scene>_vh_clean_2.0.010000.segs.json`.
        aggregation: `<scene>.aggregation.json`.
        count: Number of vertices of the mesh.
        table: Labels by raw category.

    Raises:
        UnreadableSceneError: If a file is damaged or does not belong to the mesh.
    """
    found = no_annotations(count)
    segment_of = np.asarray(_read(segments, "segIndices"))
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
        except (KeyError, TypeError, ValueError) as error:
            raise UnreadableSceneError(
                f"{aggregation}: an object lacks its id, label or segments ({error!r})."
            ) from error
    return found


def _read(path: Path, key: str) -> list[Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))[key]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UnreadableSceneError(f"{path}: cannot be read ({error!r}).") from error
    if not isinstance(content, list):
        raise UnreadableSceneError(f"{path}: {key} is no list.")
    return content
