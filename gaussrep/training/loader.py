"""Turns lists of sample keys into batches of tensors."""

from collections.abc import Iterable
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from gaussrep.data.sample import SampleKey
from gaussrep.methods.method import Batch
from gaussrep.training.sampler import SampleOrder


@runtime_checkable
class MapDataset(Protocol):
    """What a data set must be able to do."""

    def __len__(self) -> int:
        """Tell how many samples there are."""
        ...

    def __getitem__(self, key: SampleKey, /) -> dict[str, Tensor]:
        """Give one sample; its augmentation is a pure function of the key."""
        ...


@runtime_checkable
class CollatingDataset(MapDataset, Protocol):
    """A data set whose samples are not all of one shape and that joins them itself."""

    def collate(self, samples: list[dict[str, Tensor]], /) -> dict[str, Tensor]:
        """Join samples into a batch."""
        ...


@runtime_checkable
class OrderedDataset(MapDataset, Protocol):
    """A data set that decides the order of its samples, such as the views of a capture."""

    def sample_order(
        self, *, seed: int, batch_size: int, gradient_accumulation_steps: int, world_size: int
    ) -> SampleOrder:
        """Build the order of a run.

        Args:
            seed: The run's seed.
            batch_size: Samples per process and backward pass.
            gradient_accumulation_steps: Backward passes per optimizer step.
            world_size: Number of processes.
        """
        ...


def make_loader(
    dataset: MapDataset,
    batches: Iterable[list[SampleKey]],
    *,
    num_workers: int,
    device: torch.device,
) -> DataLoader[Batch]:
    """Build a loader that gives the data set exactly these batches of keys.

    Args:
        dataset: Takes a `SampleKey` and returns a dict of CPU tensors; these are stacked where it
            does not join them itself.
        batches: The keys of each batch, in order; may be endless.
        num_workers: Processes that load; 0 loads in this one.
        device: Where the batches will go.

    Returns:
        A loader that leaves the global random state alone: it has a generator of its own.
    """
    return DataLoader(
        dataset,  # pyright: ignore[reportArgumentType] - it need not be torch's class
        batch_sampler=batches,
        num_workers=num_workers,
        collate_fn=dataset.collate if isinstance(dataset, CollatingDataset) else None,
        pin_memory=device.type == "cuda",
        generator=torch.Generator(),
    )
