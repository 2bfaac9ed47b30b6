"""Data sets of scenes with semantic labels."""

import time
from collections.abc import Iterable, Iterator
from typing import Literal, Protocol, runtime_checkable

import torch
from rich.console import Console
from torch import Tensor

from gaussrep.building import build
from gaussrep.config import ComponentConfig
from gaussrep.data import SampleKey
from gaussrep.data.scenes import IGNORED, AugmentConfig, SceneConfig
from gaussrep.errors import DataError
from gaussrep.training.loading import CollatingDataset, make_loader
from gaussrep.training.progress import print_plainly


@runtime_checkable
class LabeledScenes(CollatingDataset, Protocol):
    """A data set of scenes whose `labels` are indices into `classes`."""

    classes: tuple[str, ...]


def labeled_scenes(data: ComponentConfig, split: Literal["train", "val"]) -> LabeledScenes:
    """Build one split of a data set of scenes with classes.

    Scenes are read until one has a label.

    Args:
        data: Settings of a registered data set.
        split: Which part of it.

    Returns:
        The data set.

    Raises:
        DataError: It has no scenes, no classes or no labels, or labels beyond its classes.
    """
    dataset = build("datasets", data, split=split)
    if not isinstance(dataset, LabeledScenes) or not dataset.classes:
        raise DataError(
            f"data set {data.type!r} has no classes of points, and this evaluation needs them; "
            "name one that has, as in data=scannet data.root=FOLDER"
        )
    if len(dataset) == 0:
        raise DataError(f"the {split} split of data set {data.type!r} has no scenes")
    if not any((_labels(sample, dataset) != IGNORED).any() for sample in samples_of(dataset)):
        raise DataError(
            f"no point of the {split} split of data set {data.type!r} has a label, and this "
            "evaluation needs them; look into the data set's files of labels"
        )
    return dataset


def without_views(data: ComponentConfig) -> ComponentConfig:
    """The same data set, of which no frames are read.

    Args:
        data: Settings of a data set; those of one that is not of scenes stay as they are.
    """
    if not isinstance(data, SceneConfig):
        return data
    return data.model_copy(update={"views": 0})


def unaugmented(data: ComponentConfig) -> ComponentConfig:
    """The same data set, whose training scenes are whole and as they were recorded.

    Args:
        data: Settings of a data set; those of one that is not of scenes stay as they are.
    """
    if not isinstance(data, SceneConfig):
        return data
    never = {name: {"probability": 0.0} for name in AugmentConfig.model_fields}
    changes = {"augment": AugmentConfig.model_validate(never), "mix3d": 0.0, "max_points": None}
    return data.model_copy(update=changes)


def batches_of(
    dataset: CollatingDataset,
    keys: Iterable[list[SampleKey]],
    workers: int,
    device: torch.device,
) -> Iterator[dict[str, Tensor]]:
    """Load batches of scenes.

    Args:
        dataset: Gives the scenes, and joins them.
        keys: The scenes of each batch; may be endless.
        workers: Processes that load; 0 loads in this one.
        device: Where the batches should be.

    Yields:
        Tensors by name.
    """
    for batch in make_loader(dataset, keys, num_workers=workers, device=device):
        yield {name: values.to(device, non_blocking=True) for name, values in batch.items()}


def samples_of(dataset: LabeledScenes) -> Iterator[dict[str, Tensor]]:
    """Read scene after scene."""
    return (dataset[SampleKey(index)] for index in range(len(dataset)))


def _labels(sample: dict[str, Tensor], dataset: LabeledScenes) -> Tensor:
    highest, classes = int(sample["labels"].max()), len(dataset.classes)
    if highest >= classes:
        raise DataError(
            f"a scene has the label {highest}, but the {classes} classes go from 0 to "
            f"{classes - 1}; were its labels written for another list of classes?"
        )
    return sample["labels"]


SECONDS = 10.0
"""Time between two lines; what is done sooner prints none."""


class Ticker:
    """Prints how far something has come, on stderr.

    Args:
        what: What goes on.
        total: Number of steps.
    """

    def __init__(self, what: str, total: int) -> None:
        self._what, self._total = what, total
        self._last = time.monotonic()

    def tick(self, done: int, note: str = "") -> None:
        """Print a line if the last one was long ago.

        Args:
            done: Steps made so far.
            note: What else to say.
        """
        if time.monotonic() - self._last < SECONDS:
            return
        self._last = time.monotonic()
        line = f"{self._what}: {done}/{self._total}  {note}".rstrip()
        print_plainly(Console(stderr=True), line)
