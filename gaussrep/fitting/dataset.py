"""The data set `capture`: the views of a capture, in shuffled epochs."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from gaussrep.cameras import COEFFICIENTS, CameraModel, Cameras
from gaussrep.data.sample import SampleKey, Split
from gaussrep.fitting.capture import Capture, open_capture
from gaussrep.fitting.capture_config import CaptureDatasetConfig
from gaussrep.fitting.posed_images import PosedImages
from gaussrep.fitting.rng import RngStream, generator
from gaussrep.methods.method import Batch
from gaussrep.training.loading import START, Position, SampleOrder

OPTIONAL = ("alphas", "depths", "masks")
"""What a capture may lack."""


class CaptureDataset:
    """The fitted or the held-out views of a capture.

    A sample holds `index`, `colors` [H, W, 3], `viewmats` [4, 4], `Ks` [3, 3] and, if the
    capture has them, `distortion` [8] or [4], and `alphas`, `depths` and `masks` [H, W].

    Args:
        config: The capture.
        split: `train` for the fitted views, `val` for the held-out ones.
        capture: The capture, already read.

    Attributes:
        capture: The whole capture.
        images: The views of the split; None if there are none.
    """

    def __init__(
        self, config: CaptureDatasetConfig, split: Split, capture: Capture | None = None
    ) -> None:
        self.capture = open_capture(config.capture) if capture is None else capture
        self.images = self.capture.train if split == "train" else self.capture.held_out
        images = self.images
        self._views = _tensors(images) if isinstance(images, PosedImages) else None

    def __len__(self) -> int:
        """Count the views.

        Returns:
            Their number.
        """
        return 0 if self.images is None else self.images.count

    def __getitem__(self, key: SampleKey) -> dict[str, Tensor]:
        """Return a view.

        Args:
            key: Its index.

        Returns:
            The tensors of the view, see the class.
        """
        if self._views is not None:
            sample = {name: views[key.index] for name, views in self._views.items()}
        else:
            assert self.images is not None
            views = _tensors(self.images[[key.index]].read())
            sample = {name: part[0] for name, part in views.items()}
        return {"index": torch.tensor(key.index), **sample}

    def collate(self, samples: list[dict[str, Tensor]]) -> dict[str, Tensor]:
        """Stack samples; see `gaussrep.training.loading.CollatingDataset`.

        Args:
            samples: Views.

        Returns:
            A batch; that of a single view shares its memory with the capture.
        """
        if len(samples) == 1:
            return {name: part[None] for name, part in samples[0].items()}
        return {name: torch.stack([each[name] for each in samples]) for name in samples[0]}

    def sample_order(
        self, *, seed: int, batch_size: int, gradient_accumulation_steps: int, world_size: int
    ) -> "ViewOrder":
        """Build the order of the views; see `gaussrep.training.loading.OrderedDataset`."""
        return ViewOrder(len(self), seed, batch_size, gradient_accumulation_steps, world_size)


def _tensors(images: PosedImages) -> dict[str, Tensor]:
    """The tensors of images and cameras, without those that the capture lacks."""
    optional = {name: getattr(images, name) for name in OPTIONAL}
    present = {name: part for name, part in optional.items() if part is not None}
    return {"colors": images.colors, **images.cameras.tensors(), **present}


def images_of(batch: Batch) -> PosedImages:
    """Return the views of a batch of a `CaptureDataset`.

    Args:
        batch: Samples of the data set, stacked.

    Returns:
        The views, on the batch's device.
    """
    height, width = batch["colors"].shape[1:3]
    lens = batch.get("distortion")
    model: CameraModel = "pinhole"
    if lens is not None:
        model = next(name for name, count in COEFFICIENTS.items() if count == lens.shape[-1])
    cameras = Cameras(batch["viewmats"], batch["Ks"], width, height, model, lens)
    optional = {name: batch.get(name) for name in OPTIONAL}
    return PosedImages(batch["colors"], cameras, **optional)


@dataclass(frozen=True)
class ViewOrder(SampleOrder):
    """Shuffled epochs joined end to end: each view is used once before any is used again.

    Batches may span two epochs; a batch larger than an epoch holds some views twice.

    Attributes:
        size: Number of views.
        seed: The run's seed.
        batch_size: Views per process and backward pass.
        gradient_accumulation_steps: Backward passes per optimizer step.
        world_size: Number of processes.
    """

    size: int
    seed: int
    batch_size: int
    gradient_accumulation_steps: int = 1
    world_size: int = 1

    @property
    def global_batch(self) -> int:
        """Views per optimizer step, all processes together."""
        return self.batch_size * self.gradient_accumulation_steps * self.world_size

    @property
    def steps_per_epoch(self) -> int:
        """Optimizer steps until every view was used."""
        return -(-self.size // self.global_batch)

    def after(self, position: Position) -> Position:
        """Return the position after the step that follows `position`.

        Args:
            position: Before the step.

        Returns:
            The position after it.
        """
        epochs, samples = divmod(position.samples + self.global_batch, self.size)
        return Position(position.epoch + epochs, samples)

    def remaining_steps(self, position: Position, epochs: int) -> int:
        """Count the optimizer steps from `position` to the end of the last of `epochs`.

        Args:
            position: Position in the run.
            epochs: Total number of epochs.

        Returns:
            Number of steps; the last may reach into the next epoch.
        """
        views = (epochs - position.epoch) * self.size - position.samples
        return -(-max(0, views) // self.global_batch)

    def batches(self, rank: int, position: Position = START) -> Iterator[list[SampleKey]]:
        """Yield one rank's batches from `position` on, without end.

        Args:
            rank: The process, from 0.
            position: Where the first step starts.

        Yields:
            The keys of one backward pass.
        """
        keys = self._keys(position)
        while True:
            for _ in range(self.gradient_accumulation_steps):
                views = [next(keys) for _ in range(self.world_size * self.batch_size)]
                yield views[rank * self.batch_size : (rank + 1) * self.batch_size]

    def _keys(self, position: Position) -> Iterator[SampleKey]:
        epoch, first = position.epoch, position.samples
        while True:
            rng = generator(self.seed, RngStream.ORDER, epoch)
            for index in torch.randperm(self.size, generator=rng).tolist()[first:]:
                yield SampleKey(index, epoch, self.seed)
            epoch, first = epoch + 1, 0
