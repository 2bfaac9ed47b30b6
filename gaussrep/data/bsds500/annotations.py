"""Reading the annotations of one photograph from a BSDS500 MATLAB file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Int64

from gaussrep.data.unreadable import UnreadableFileError


class UnreadableAnnotationsError(UnreadableFileError):
    """A file of annotations is damaged, or does not belong to its photograph."""


@dataclass(frozen=True, slots=True)
class Annotations:
    """What each annotator made of a photograph.

    Args:
        boundaries: True on boundaries between segments, one map for each annotator.
        segments: Numbers of segments, one map for each annotator.
    """

    boundaries: Bool[np.ndarray, "annotators height width"]
    segments: Int64[np.ndarray, "annotators height width"]


def read_annotations(path: Path, height: int, width: int) -> Annotations:
    """Read the file's `groundTruth{i}.Boundaries` and `groundTruth{i}.Segmentation`.

    Args:
        path: A `.mat` file of BSDS500.
        height: Rows of the photograph.
        width: Columns of the photograph.

    Returns:
        At least one annotator's maps.

    Raises:
        UnreadableAnnotationsError: If the file is damaged or is not for such a photograph.
    """
    maps = _read_maps(path)
    for name, found in maps:
        if found.shape != (height, width):
            raise UnreadableAnnotationsError(
                f"{path}: {name} has the shape {found.shape}, wanted that of the photograph, "
                f"{(height, width)}; take both files from the same copy of BSDS500."
            )
    boundaries = [found for name, found in maps if name == "Boundaries"]
    segments = [found for name, found in maps if name == "Segmentation"]
    return Annotations(np.stack(boundaries) > 0, np.stack(segments))


def _read_maps(path: Path) -> list[tuple[str, np.ndarray]]:
    from scipy.io import loadmat

    names = ("Boundaries", "Segmentation")
    try:
        cells: Any = loadmat(path, variable_names=["groundTruth"])["groundTruth"]
        maps = [
            (name, np.asarray(cell[name].item()).astype(np.int64))
            for cell in cells.ravel()
            for name in names
        ]
    except Exception as error:  # a damaged file makes loadmat raise almost anything
        reason = f"{type(error).__name__}: {error}".partition("\n")[0]
        raise UnreadableAnnotationsError(
            f"{path}: these annotations cannot be read ({reason}); take the file anew from BSDS500."
        ) from error
    if not maps:
        raise UnreadableAnnotationsError(f"{path}: this file holds no annotator's maps.")
    return maps
