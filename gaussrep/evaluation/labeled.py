"""Data sets with classes."""

from typing import Literal, Protocol, runtime_checkable

from gaussrep.building import build
from gaussrep.config import ComponentConfig
from gaussrep.data.config import CropConfig
from gaussrep.errors import DataError
from gaussrep.training.loader import MapDataset


@runtime_checkable
class LabeledDataset(MapDataset, Protocol):
    """A data set whose samples have a `label`, an index into `classes`."""

    classes: tuple[str, ...]


def labeled_split(
    data: ComponentConfig, split: Literal["train", "val"], *, augment: bool = False
) -> LabeledDataset:
    """Build one split of a data set with classes.

    Args:
        data: Settings of a registered data set.
        split: Which part of it.
        augment: Cut training pictures at random as in training; otherwise as validation pictures.

    Returns:
        The data set.

    Raises:
        DataError: The data set has no classes.
    """
    dataset = build("datasets", data if augment else unaugmented(data), split=split)
    if not isinstance(dataset, LabeledDataset) or not dataset.classes:
        raise DataError(
            f"data set {data.type!r} has no labels for its {split} split, and this evaluation "
            "needs them; name one that has, as in data=cifar10 data.root=FOLDER"
        )
    return dataset


def unaugmented(data: ComponentConfig) -> ComponentConfig:
    """The same data set, whose training pictures are the central squares of whole pictures.

    Args:
        data: Settings of a data set; those of one that does not cut crops stay as they are.
    """
    if not isinstance(data, CropConfig):
        return data
    # A square as large as a picture's whole area fits only where the picture is square; elsewhere
    # the central square is taken.
    return data.model_copy(update={"flip": 0.0, "scale": (1.0, 1.0), "ratio": (1.0, 1.0)})
