"""Embeddings of whole data sets."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import torch
from jaxtyping import Float, Int
from torch import Tensor

from gaussrep.building import build
from gaussrep.config import ComponentConfig
from gaussrep.data.config import CropConfig
from gaussrep.data.sample import SampleKey
from gaussrep.errors import DataError, ValueRangeError
from gaussrep.evaluation.config import SampledConfig, without_labels
from gaussrep.methods.method import Method
from gaussrep.methods.sample_random import SAMPLE_SEED
from gaussrep.runtime.console import Progress
from gaussrep.training.loading import MapDataset, make_loader


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
        split: Split of the data set.
        augment: Crop training images at random as in training; otherwise like validation images.

    Returns:
        The data set.

    Raises:
        DataError: The data set has no classes.
    """
    dataset = build("datasets", data if augment else unaugmented(data), split=split)
    if not isinstance(dataset, LabeledDataset) or not dataset.classes:
        raise without_labels(data, split)
    return dataset


def unaugmented(data: ComponentConfig) -> ComponentConfig:
    """Switch off the augmentation of a data set: center crops instead of random ones.

    Args:
        data: Settings of a data set.

    Returns:
        The settings without augmentation; those of a data set that does not crop are unchanged.
    """
    if not isinstance(data, CropConfig):
        return data
    # A square of an image's whole area fits in square images only; others get the center crop.
    return data.model_copy(update={"flip": 0.0, "scale": (1.0, 1.0), "ratio": (1.0, 1.0)})


@dataclass(frozen=True, slots=True)
class Features:
    """Embeddings and classes of samples, on the method's device.

    Attributes:
        pooled: One embedding per sample, float32.
        labels: Their classes; zeros if the data set has none.
    """

    pooled: Float[Tensor, "n d"]
    labels: Int[Tensor, " n"]

    def at(self, indices: Int[Tensor, " chosen"]) -> "Features":
        """Select samples.

        Args:
            indices: Indices of the samples, in the order of the result.

        Returns:
            Their features.
        """
        return Features(self.pooled.index_select(0, indices), self.labels[indices])


@dataclass(frozen=True, slots=True)
class LabeledFeatures:
    """The features of both splits of a data set with classes.

    Attributes:
        train: Of training images, not augmented.
        val: Of validation images.
        classes: Number of classes.
    """

    train: Features
    val: Features
    classes: int

    @property
    def facts(self) -> dict[str, int | float]:
        """Numbers of samples and classes, the width of an embedding, and the accuracy of chance.

        Chance is always to predict the most frequent class of the training split.
        """
        train, width = self.train.pooled.shape
        frequent = self.train.labels.bincount().argmax()
        return {
            "train_samples": train,
            "val_samples": len(self.val.pooled),
            "classes": self.classes,
            "width": width,
            "chance": (self.val.labels == frequent).float().mean().item(),
        }


def labeled_features(method: Method, config: SampledConfig) -> LabeledFeatures:
    """Embed both splits of a data set with classes.

    Args:
        method: In evaluation mode.
        config: Data set, batch size and limit of samples.

    Returns:
        The features.

    Raises:
        DataError: The data set has no classes.
        CapabilityError: The method does not embed.
    """
    train, val = (labeled_split(config.data, split) for split in ("train", "val"))
    return LabeledFeatures(
        extract(method, train, config), extract(method, val, config), len(train.classes)
    )


def extract(method: Method, dataset: MapDataset, config: SampledConfig) -> Features:
    """Embed a data set.

    Args:
        method: In evaluation mode.
        dataset: Any data set that the method takes.
        config: Batch size and limit of samples.

    Returns:
        The features, in the order of the data set.

    Raises:
        CapabilityError: The method does not embed.
        ValueRangeError: An embedding is not finite.
    """
    pooled, labels = [], []
    with torch.no_grad():
        for batch in batches(dataset, config, method.device):
            pooled.append(method.embed(batch).pooled.float())
            none = torch.zeros(len(pooled[-1]), dtype=torch.int64, device=pooled[-1].device)
            labels.append(batch.get("label", none))
    features = Features(torch.cat(pooled), torch.cat(labels))
    if not features.pooled.isfinite().all():
        raise ValueRangeError("some embeddings are not finite; the method's weights are damaged")
    return features


def batches(
    dataset: MapDataset, config: SampledConfig, device: torch.device
) -> Iterator[dict[str, Tensor]]:
    """Load a data set once.

    Args:
        dataset: Not empty.
        config: Batch size, number of workers and limit of samples.
        device: Device of the batches.

    Yields:
        Tensors by name, in the order of the data set.

    Raises:
        DataError: The data set is empty.
    """
    chosen = config.chosen(len(dataset))
    if not chosen:
        raise DataError(f"a split of data set {config.data.type!r} is empty; nothing to measure on")
    starts = range(0, len(chosen), config.batch_size)
    keys = [[SampleKey(i) for i in chosen[start : start + config.batch_size]] for start in starts]
    loader = make_loader(dataset, keys, num_workers=config.num_workers, device=device)
    with Progress("batch", total=len(keys)) as progress:
        for done, batch in enumerate(loader, start=1):
            batch.pop(SAMPLE_SEED)  # an evaluation may draw more than once, from its own seed
            yield {name: values.to(device, non_blocking=True) for name, values in batch.items()}
            progress.update(done)
