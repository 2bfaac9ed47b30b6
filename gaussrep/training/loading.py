"""The order of samples, resumable at any step, and loaders of batches in that order."""

import signal
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, default_collate

from gaussrep.data.pieces import Pieces
from gaussrep.data.sample import SampleKey
from gaussrep.errors import DataError
from gaussrep.methods.sample_random import SAMPLE_SEED
from gaussrep.runtime.worker_processes import end_with_parent


@dataclass(frozen=True, slots=True)
class Position:
    """Progress of the training through the data.

    Attributes:
        epoch: The pass over the training split, from 0.
        samples: Number of samples of that pass that all processes together have seen.
    """

    epoch: int = 0
    samples: int = 0


START = Position()
"""The first sample of the first epoch."""


class SampleOrder(ABC):
    """Which samples make which optimizer step, resumable at any step.

    Attributes:
        size: Number of samples in the data set.
    """

    size: int

    @property
    @abstractmethod
    def global_batch(self) -> int:
        """Samples per optimizer step, all processes together."""

    @property
    @abstractmethod
    def steps_per_epoch(self) -> int:
        """Optimizer steps in one whole epoch."""

    @abstractmethod
    def after(self, position: Position) -> Position:
        """Return the position after the step that follows `position`.

        Args:
            position: Before the step.

        Returns:
            The position after the step.
        """

    @abstractmethod
    def remaining_steps(self, position: Position, epochs: int) -> int:
        """Count the optimizer steps from `position` to the end of the last of `epochs`.

        Args:
            position: Position of the next step.
            epochs: Total number of epochs.

        Returns:
            The number of steps.
        """

    @abstractmethod
    def batches(self, rank: int, position: Position = START) -> Iterator[list[SampleKey]]:
        """Yield one rank's batches from `position` on, epoch after epoch without end.

        Args:
            rank: Number of the process, from 0.
            position: Position of the first step.

        Yields:
            The keys of one backward pass.
        """


@dataclass(frozen=True, kw_only=True)
class ShuffledOrder(SampleOrder):
    """One shuffled order per epoch, dealt to optimizer steps, backward passes and ranks.

    Every optimizer step takes the next `global_batch` samples; what is left of an epoch after its
    last full step is dropped. The order depends on the seed and the epoch alone, so a run resumed
    with another number of processes sees the same samples in the same order.

    Attributes:
        size: Number of samples in the data set.
        seed: The run's seed.
        batch_size: Samples per backward pass, all processes together; their shares differ by one
            group at most.
        gradient_accumulation_steps: Backward passes per optimizer step.
        world_size: Number of processes.
        group_size: Consecutive samples of a backward pass that one process gets.
        pieces: Pieces of files that are read in sequence; by default all samples are shuffled
            together.

    Raises:
        DataError: The data set does not fill one optimizer step, or the batch does not give each
            process a group.
    """

    size: int
    seed: int
    batch_size: int
    gradient_accumulation_steps: int = 1
    world_size: int = 1
    group_size: int = 1
    pieces: Pieces | None = None

    def __post_init__(self) -> None:
        if self.size < self.global_batch:
            raise DataError(
                f"the training split holds {self.size} samples, fewer than the {self.global_batch} "
                f"of one step (batch_size {self.batch_size} x gradient_accumulation_steps "
                f"{self.gradient_accumulation_steps}); lower trainer.batch_size"
            )
        if self._groups < self.world_size:
            together = "" if self.group_size == 1 else f", {self.group_size} of them together"
            raise DataError(
                f"a batch of {self.batch_size} samples{together} cannot be divided among "
                f"{self.world_size} processes; raise trainer.batch_size, or start fewer"
            )

    @property
    def global_batch(self) -> int:
        """Samples per optimizer step, all processes together."""
        return self.batch_size * self.gradient_accumulation_steps

    @property
    def steps_per_epoch(self) -> int:
        """Optimizer steps in one whole epoch."""
        return self.size // self.global_batch

    def permutation(self, epoch: int) -> np.ndarray:
        """Compute the order of one epoch.

        Args:
            epoch: From 0.

        Returns:
            Sample indices [size], int64.
        """
        sequence = np.random.SeedSequence(self.seed, spawn_key=(epoch,))
        rng = np.random.default_rng(sequence)
        return rng.permutation(self.size) if self.pieces is None else self.pieces.shuffle(rng)

    def start(self, position: Position) -> Position:
        """Find where the step after `position` starts: there, or at the next epoch's start.

        Args:
            position: Before the step.

        Returns:
            The start of the step.
        """
        if position.samples + self.global_batch <= self.size:
            return position
        return Position(position.epoch + 1)

    def after(self, position: Position) -> Position:
        """Return the position after the step that follows `position`; see the base class."""
        start = self.start(position)
        return Position(start.epoch, start.samples + self.global_batch)

    def remaining_steps(self, position: Position, epochs: int) -> int:
        """Count the optimizer steps that remain; see the base class."""
        in_this_epoch = (self.size - position.samples) // self.global_batch
        return (epochs - position.epoch - 1) * self.steps_per_epoch + in_this_epoch

    def batches(self, rank: int, position: Position = START) -> Iterator[list[SampleKey]]:
        """Yield one rank's batches from `position` on, epoch after epoch without end.

        Args:
            rank: Number of the process, from 0 to `world_size - 1`.
            position: Position of the first step; by default the first sample.

        Yields:
            The rank's share of each backward pass; `gradient_accumulation_steps` such lists make
            one optimizer step.
        """
        first, end = self._share(rank), self._share(rank + 1)
        order, epoch = self.permutation(position.epoch), position.epoch
        while True:
            position = self.start(position)
            if position.epoch != epoch:
                order, epoch = self.permutation(position.epoch), position.epoch
            step = order[position.samples : position.samples + self.global_batch]
            passes = step.reshape(self.gradient_accumulation_steps, self.batch_size)[:, first:end]
            for indices in passes.tolist():
                yield [SampleKey(index, epoch, self.seed) for index in indices]
            position = self.after(position)

    @property
    def _groups(self) -> int:
        return -(-self.batch_size // self.group_size)

    def _share(self, rank: int) -> int:
        """Count the samples of a backward pass that the processes before `rank` get."""
        return min(self.batch_size, self._groups * rank // self.world_size * self.group_size)


def validation_batches(
    size: int, batch_size: int, rank: int, world_size: int
) -> list[list[SampleKey]]:
    """Deal the validation split to the ranks once, in order, including a last smaller batch.

    Args:
        size: Number of samples in the split.
        batch_size: Samples per batch.
        rank: Number of the process, from 0 to `world_size - 1`.
        world_size: Number of processes.

    Returns:
        One rank's batches; together the ranks see every sample once. The keys are those of plain
        indices, whatever the run's seed, so that runs are measured on the same views.
    """
    starts = range(rank * batch_size, size, world_size * batch_size)
    return [
        [SampleKey(index) for index in range(start, min(start + batch_size, size))]
        for start in starts
    ]


@runtime_checkable
class MapDataset(Protocol):
    """A data set that is indexed by sample keys."""

    def __len__(self) -> int:
        """Return the number of samples."""
        ...

    def __getitem__(self, key: SampleKey, /) -> dict[str, Tensor]:
        """Load one sample; its augmentation is a pure function of the key."""
        ...


@runtime_checkable
class CollatingDataset(MapDataset, Protocol):
    """A data set that joins its samples itself, because their shapes differ."""

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
            batch_size: Samples per process and backward pass: each process's equal share of
                `trainer.batch_size`.
            gradient_accumulation_steps: Backward passes per optimizer step.
            world_size: Number of processes.
        """
        ...


@runtime_checkable
class GroupingDataset(MapDataset, Protocol):
    """A data set that combines neighbors in a batch, such as pairs of scenes."""

    @property
    def group_size(self) -> int:
        """Consecutive samples of a batch that one process loads together, from the first on."""
        ...


@runtime_checkable
class StreamedDataset(MapDataset, Protocol):
    """A data set whose files are read piece by piece, such as row groups."""

    def pieces(self) -> Pieces:
        """Return the pieces, in the order of their samples."""
        ...


def make_loader(
    dataset: MapDataset,
    batches: Iterable[list[SampleKey]],
    *,
    num_workers: int,
    device: torch.device,
) -> Iterable[dict[str, Tensor]]:
    """Build a loader of the given batches of keys.

    Args:
        dataset: Takes a `SampleKey` and returns a dict of CPU tensors; these are stacked if it
            does not join them itself. Batches also hold `sample_seed`, see `sample_seeds`.
        batches: The keys of each batch, in order; may be endless.
        num_workers: Processes that load; 0 loads in this one.
        device: Device that the batches will be copied to.

    Returns:
        A loader that leaves the global random state alone: it has a generator of its own.
    """
    if num_workers == 0 and device.type == "cpu":
        return _LoaderHere(dataset, batches)
    return DataLoader(
        _KeyedSamples(dataset),  # pyright: ignore[reportArgumentType] - it need not be torch's
        batch_sampler=batches,
        num_workers=num_workers,
        collate_fn=_SeededCollate(dataset),
        pin_memory=device.type == "cuda",
        worker_init_fn=_start_worker,
        generator=torch.Generator(),
    )


@dataclass(frozen=True)
class _LoaderHere:
    """Loads in this process: for small samples, the overhead of torch's loader dominates."""

    dataset: MapDataset
    batches: Iterable[list[SampleKey]]

    def __iter__(self) -> Iterator[dict[str, Tensor]]:
        samples, join = _KeyedSamples(self.dataset), _SeededCollate(self.dataset)
        for keys in self.batches:
            yield join([samples[key] for key in keys])


@dataclass(frozen=True)
class _KeyedSamples:
    """The samples of a data set with their keys."""

    dataset: MapDataset

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, key: SampleKey) -> tuple[SampleKey, dict[str, Tensor]]:
        return key, self.dataset[key]


class _SeededCollate:
    """Joins samples into a batch and adds their seeds."""

    def __init__(self, dataset: MapDataset) -> None:
        self._join = dataset.collate if isinstance(dataset, CollatingDataset) else default_collate

    def __call__(self, keyed: list[tuple[SampleKey, dict[str, Tensor]]]) -> dict[str, Tensor]:
        keys, samples = zip(*keyed, strict=True)
        batch = self._join(list(samples))
        return {**batch, SAMPLE_SEED: torch.tensor([key.random_seed() for key in keys])}


def _start_worker(worker: int) -> None:
    """Leave Ctrl-C, which all processes get, to the parent process, and end with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()
