"""Data sets of scenes with semantic labels."""

from collections.abc import Callable, Iterable, Iterator
from typing import Literal, Protocol, TypeVar, runtime_checkable

import torch
from torch import Tensor

from gaussrep import build
from gaussrep.config import ComponentConfig
from gaussrep.data import IGNORED, SampleKey, SceneConfig
from gaussrep.errors import DataError
from gaussrep.runtime import Progress
from gaussrep.training import make_loader

Item = TypeVar("Item")


@runtime_checkable
class LabeledScenes(Protocol):
    """A data set of scenes whose `labels` are indices into `classes`.

    Attributes:
        classes: Names of the classes.
    """

    classes: tuple[str, ...]

    def __len__(self) -> int:
        """Number of scenes."""
        ...

    def __getitem__(self, key: SampleKey, /) -> dict[str, Tensor]:
        """Read one scene.

        Args:
            key: Index and augmentation seed of the scene.

        Returns:
            Tensors by name.
        """
        ...

    def collate(self, samples: list[dict[str, Tensor]], /) -> dict[str, Tensor]:
        """Join scenes into a batch.

        Args:
            samples: Tensors by name of each scene.

        Returns:
            Tensors by name of the batch.
        """
        ...


def build_labeled_scenes(data: ComponentConfig, split: Literal["train", "val"]) -> LabeledScenes:
    """Build one split of a data set of scenes with classes.

    It reads scenes until one has a label.

    Args:
        data: Settings of a registered data set.
        split: Split of the data set.

    Returns:
        The data set.

    Raises:
        DataError: If it has no scenes, no classes or no labels, or labels beyond its classes.
    """
    dataset = build("datasets", data, split=split)
    if not isinstance(dataset, LabeledScenes) or not dataset.classes:
        raise DataError(
            f"data set {data.type!r} has no classes of points, and this evaluation needs them; "
            "name one that has, as in data=scannet data.root=FOLDER"
        )
    if len(dataset) == 0:
        raise DataError(f"the {split} split of data set {data.type!r} has no scenes")
    if not any((_labels(sample, dataset) != IGNORED).any() for sample in iter_samples(dataset)):
        raise DataError(
            f"no point of the {split} split of data set {data.type!r} has a label, and this "
            "evaluation needs them; check the data set's label files"
        )
    return dataset


def without_views(data: ComponentConfig) -> ComponentConfig:
    """Set the number of views of a data set of scenes to 0, so that no frames are read.

    Args:
        data: Settings of a data set.

    Returns:
        New settings; those of other data sets are unchanged.
    """
    if not isinstance(data, SceneConfig):
        return data
    return data.model_copy(update={"views": 0})


def without_augmentation(data: ComponentConfig) -> ComponentConfig:
    """Disable augmentation, Mix3D and cropping of a data set of scenes.

    Args:
        data: Settings of a data set.

    Returns:
        New settings; those of other data sets are unchanged.
    """
    return data.without_augmentation() if isinstance(data, SceneConfig) else data


def iter_batches(
    dataset: LabeledScenes,
    keys: Iterable[list[SampleKey]],
    num_workers: int,
    device: torch.device,
) -> Iterator[dict[str, Tensor]]:
    """Load batches of scenes.

    Args:
        dataset: Data set with a collate function.
        keys: Scenes of each batch; may be infinite.
        num_workers: Number of loading processes; 0 loads in this process.
        device: Device of the batches.

    Yields:
        Tensors by name.
    """
    for batch in make_loader(dataset, keys, num_workers=num_workers, device=device):
        yield {name: values.to(device, non_blocking=True) for name, values in batch.items()}


def iter_samples(dataset: LabeledScenes) -> Iterator[dict[str, Tensor]]:
    """Read the scenes of a data set in order.

    Args:
        dataset: The data set.

    Returns:
        Tensors by name, one scene after the other.
    """
    return (dataset[SampleKey(index)] for index in range(len(dataset)))


def _labels(sample: dict[str, Tensor], dataset: LabeledScenes) -> Tensor:
    highest, classes = int(sample["labels"].max()), len(dataset.classes)
    if highest >= classes:
        raise DataError(
            f"a scene has the label {highest}, but the {classes} classes go from 0 to "
            f"{classes - 1}; were its labels written for another list of classes?"
        )
    return sample["labels"]


def show_progress(
    items: Iterable[Item], name: str, total: int, note: Callable[[], str] = str
) -> Iterator[Item]:
    """Show the progress of a loop.

    Args:
        items: Items to iterate over.
        name: Name of the items that are counted.
        total: Number of items.
        note: Returns a text to show, such as the current loss.

    Yields:
        The items.
    """
    with Progress(name, total) as progress:
        for done, item in enumerate(items, start=1):
            yield item
            progress.update(done, text=note())
