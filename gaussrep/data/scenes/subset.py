"""Limited training data: fewer scenes, fewer labeled points."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Int64

from gaussrep.data.scenes.scene import IGNORED, PointCloud, Scene
from gaussrep.data.scenes.scene_files import read_npz
from gaussrep.errors import DataError
from gaussrep.plugins.suggestions import suggest
from gaussrep.runtime.plain_files import read_json, read_plain_text, require_plain


def subset_scenes(
    names: Sequence[str], fraction: float, seed: int, root: Path | None
) -> tuple[str, ...]:
    """Select the scenes of a limited training set.

    Args:
        names: All training scenes.
        fraction: Fraction of the scenes to select, in (0, 1].
        seed: Seed of the random order.
        root: Folder of the data set; `tasks/scenes/<percent>.txt` in it is used if it exists. None
            has no list.

    Returns:
        The selected scenes, in the order of `names`, at least one. Without a list, a smaller
        fraction is a subset of a larger one.

    Raises:
        DataError: If the list is empty or names an unknown scene.
    """
    if fraction == 1:
        return tuple(names)
    listed = None if root is None else root / "tasks" / "scenes" / f"{fraction * 100:g}.txt"
    if listed is not None and listed.is_file():
        chosen = _read_list(listed, names)
    else:
        order = sorted(names, key=lambda name: _draw(name, seed))
        chosen = set(order[: max(1, round(fraction * len(names)))])
    return tuple(name for name in names if name in chosen)


def _read_list(path: Path, names: Sequence[str]) -> set[str]:
    try:
        chosen = set(read_plain_text(path).split())
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: this list of scenes cannot be read ({error}).") from error
    for name in sorted(chosen - set(names)):
        raise DataError(
            f"{path}: this list names the scene {name}, which is not there; {suggest(name, names)}"
        )
    if not chosen:
        raise DataError(f"{path}: this list names no scene.")
    return chosen


def _draw(name: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}/{name}".encode()).digest()


CONVERSION = (
    "write it as JSON, {scene: [point, ...]}, under the same name with the ending .json, and "
    "remove this one"
)


class LabeledPoints:
    """Selects the points that keep their labels.

    Args:
        root: Folder of the data set; `tasks/points/points<count>` in it, as `.json`, `.npz`, or a
            file of torch, is used if it exists. None has no such file.
        count: Labeled points per scene.
        seed: Seed of the random choice, if there is no such file.

    Raises:
        DataError: If the file cannot be read.
    """

    def __init__(self, root: Path | None, count: int, seed: int) -> None:
        self.count = count
        self.seed = seed
        stem = None if root is None else root / "tasks" / "points" / f"points{count}"
        self._path = None if stem is None else _find(stem)
        self._listed = None if self._path is None else _read(self._path)

    def keep(self, scene: Scene) -> Scene:
        """Remove the labels of all other points.

        Args:
            scene: The scene with all of its points, as read.

        Returns:
            The scene with sparse labels and all of its points.

        Raises:
            DataError: If the file does not fit the scene.
        """
        cloud = scene.cloud
        chosen = torch.from_numpy(self._choose(scene.name, cloud))
        labels = torch.full_like(cloud.labels, IGNORED)
        labels[chosen] = cloud.labels[chosen]
        return scene.replace(cloud=cloud.replace(labels=labels), sparse_labels=True)

    def _choose(self, name: str, cloud: PointCloud) -> Int64[np.ndarray, " n"]:
        if self._listed is None:
            labeled = np.flatnonzero(cloud.labels.numpy() != IGNORED)
            digest = hashlib.sha256(f"{self.seed}/{self.count}/{name}".encode()).digest()
            rng = np.random.default_rng(int.from_bytes(digest[:8], "little"))
            return rng.permutation(labeled)[: self.count]
        if name not in self._listed:
            raise DataError(f"{self._path}: this list has no entry for the scene {name}.")
        try:
            chosen = np.asarray(self._listed[name]).astype(np.int64).reshape(-1)
        except (TypeError, ValueError, OverflowError) as error:
            raise DataError(
                f"{self._path}: the points of the scene {name} are not whole numbers ({error})."
            ) from error
        if chosen.size and not (chosen.min() >= 0 and chosen.max() < cloud.count):
            raise DataError(
                f"{self._path}: points {chosen.min()} to {chosen.max()} are listed for the scene "
                f"{name}, which has {cloud.count}."
            )
        return chosen


def _find(stem: Path) -> Path | None:
    places = (stem.with_name(stem.name + ending) for ending in (".json", ".npz", "", ".pth"))
    return next((place for place in places if place.is_file()), None)


def _read(path: Path) -> Mapping[str, Any]:
    try:
        if path.suffix == ".json":
            content = read_json(path)
        elif path.suffix == ".npz":
            content = read_npz(path)
        else:
            require_plain(path)
            content = torch.load(path, weights_only=True)
    except Exception as error:  # damaged files make these readers raise almost anything
        reason = f"{type(error).__name__}: {error}".partition("\n")[0]
        raise DataError(f"{path}: cannot be read safely ({reason}); {CONVERSION}.") from error
    if not isinstance(content, Mapping):
        raise DataError(f"{path}: holds no mapping from scenes to points; {CONVERSION}.")
    return content
