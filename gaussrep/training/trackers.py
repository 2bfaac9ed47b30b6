"""TensorBoard and experiment trackers: metrics, settings and images of a run."""

from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch
from einops import rearrange
from jaxtyping import UInt8
from torch import Tensor

import gaussrep as gr
from gaussrep.checks import defer_finite_checks
from gaussrep.data.sample import SampleKey
from gaussrep.errors import CapabilityError, UnavailableError
from gaussrep.methods.method import Batch, Method
from gaussrep.training import random_state
from gaussrep.training.callback import Callback, Row
from gaussrep.training.config import TrainerConfig
from gaussrep.training.data_places import flat_settings
from gaussrep.training.loading import MapDataset, make_loader
from gaussrep.training.run_folder import RunFolder
from gaussrep.training.train_state import TrainState

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

PACKAGES = {"comet_ml": "comet-ml"}
"""Packages whose name is another one than that of their tracker, which is their module's."""
EXAMPLES = 4
"""Samples of the validation split that are shown."""


Images = dict[str, list[UInt8[np.ndarray, "h w 3"]]]
"""Images by name."""


def other_trackers(config: TrainerConfig) -> list[str]:
    """List the configured trackers besides TensorBoard, which has a callback of its own.

    Args:
        config: Names the trackers.

    Returns:
        Their names.
    """
    return [name for name in config.trackers if name != "tensorboard"]


def require_trackers(config: TrainerConfig) -> None:
    """Check that the packages of the configured trackers are installed.

    Args:
        config: Names the trackers.

    Raises:
        UnavailableError: One is missing.
    """
    for name in other_trackers(config):
        if find_spec(name) is None:
            package = PACKAGES.get(name, name)
            raise UnavailableError(
                f"trainer.trackers names {name}, which is not installed: pip install {package}"
            )


class Examples:
    """Images of the first validation samples next to the method's reconstructions or renderings.

    Args:
        dataset: The validation split.
        seed: The run's seed.
    """

    def __init__(self, dataset: MapDataset, seed: int) -> None:
        self._dataset, self._seed = dataset, seed
        self._step: int | None = None
        self._images: Images = {}

    def draw(self, method: Method, step: int) -> Images:
        """Reconstruct images, or render views; random states stay as they were.

        Args:
            method: In any mode, which it keeps.
            step: Step of the training; a second call for a step returns the images of the first.

        Returns:
            Images by name, the given one on the left of each; none if the method makes none.
        """
        if step != self._step:
            self._step, self._images = step, self._compute(method)
        return self._images

    def _compute(self, method: Method) -> Images:
        count = min(EXAMPLES, len(self._dataset))
        keys = [[SampleKey(index) for index in range(count)]]
        batch = next(iter(make_loader(self._dataset, keys, num_workers=0, device=method.device)))
        batch = {name: values.to(method.device) for name, values in batch.items()}
        was_training = method.training
        method.eval()
        try:
            with torch.no_grad(), random_state.seeded(self._seed, 3):
                return _drawn(method, batch)
        finally:
            method.train(was_training)


class TensorBoard(Callback):
    """Writes each logged number as a scalar to the run's `tensorboard` folder, and images.

    Args:
        examples: Draws the images, wherever the loss on the validation split is measured; None
            draws none.
    """

    def __init__(self, examples: Examples | None = None) -> None:
        self._examples = examples
        self._writer: SummaryWriter | None = None

    def on_start(self, state: TrainState) -> None:
        """Note the first step; repeated steps of a killed run are hidden."""
        self._first = state.step + 1

    def on_log(self, state: TrainState, row: Row) -> None:
        """Write all numbers of the step but `step` itself."""
        writer = self._open(state.run)
        for name, value in row.items():
            if name != "step":
                writer.add_scalar(name, value, state.step)
        if self._examples is not None and "val_loss" in row:
            for name, images in self._examples.draw(state.method, state.step).items():
                stacked = np.stack(images)
                writer.add_images(name, stacked, state.step, dataformats="NHWC")

    def on_end(self, state: TrainState) -> None:
        """Close the file."""
        if self._writer is not None:
            self._writer.close()

    def _open(self, run: RunFolder) -> "SummaryWriter":
        """Open the file at the first numbers, because importing tensorboard is slow."""
        if self._writer is None:
            from torch.utils.tensorboard import SummaryWriter

            self._writer = SummaryWriter(str(run.tensorboard_folder), purge_step=self._first)
        return self._writer


def uses_tensorboard(config: TrainerConfig) -> bool:
    """Check whether a run writes TensorBoard files.

    Args:
        config: `tensorboard` is `auto`, true or false.

    Returns:
        Whether it does.

    Raises:
        UnavailableError: The configuration insists on them and tensorboard is not installed.
    """
    installed = find_spec("tensorboard") is not None
    insists = config.tensorboard is True or "tensorboard" in config.trackers
    if insists and not installed:
        raise UnavailableError(
            'trainer.tensorboard=true needs tensorboard: pip install "gaussrep[tensorboard]"'
        )
    return insists or (installed and config.tensorboard == "auto")


class Trackers(Callback):
    """Sends settings, logged numbers and images to the configured trackers, by Accelerate.

    Args:
        names: Names that Accelerate knows.
        examples: Draws the images, wherever the loss on the validation split is measured; None
            draws none.
    """

    main_process_only: ClassVar[bool] = True

    def __init__(self, names: Sequence[str], examples: Examples | None) -> None:
        self._names, self._examples = names, examples
        self._trackers: Sequence[Any] = ()

    def on_start(self, state: TrainState) -> None:
        """Start the trackers, and send the settings of the run."""
        settings = flat_settings(state.run.read_config().model_dump(mode="json"))
        run = state.run.path.absolute()
        names = {"wandb": {"name": run.name, "dir": str(run)}, "mlflow": {"run_name": run.name}}
        self._trackers = state.engine.start_trackers(
            {name: names.get(name, {}) for name in self._names},
            run,
            {key: _plain(value) for key, value in settings},
        )

    def on_log(self, state: TrainState, row: Row) -> None:
        """Send all numbers of the step, and images if the validation split was measured."""
        numbers = {name: row[name] for name in row if name != "step"}
        for tracker in self._trackers:
            tracker.log(numbers, step=state.step)
        if self._examples is not None and "val_loss" in row:
            self._send_images(self._examples.draw(state.method, state.step), state.step)

    def _send_images(self, images: Images, step: int) -> None:
        for tracker in self._trackers:
            if images and hasattr(tracker, "log_images"):  # no part of Accelerate's base class
                tracker.log_images(dict(images), step=step)


def _plain(value: Any) -> bool | int | float | str:
    return value if isinstance(value, bool | int | float | str) else str(value)


def _drawn(method: Method, batch: Batch) -> Images:
    if not {"image", "images"} & batch.keys():
        return {}
    with defer_finite_checks():
        try:
            made = method.reconstruct(batch).images
            return {"reconstructions": _pairs(batch["image"], made)}
        except CapabilityError:
            pass
        try:
            cameras = method.cameras(batch)
            color = gr.render(method.gaussians(batch), cameras).color[:, 0]
        except CapabilityError:
            return {}
    given = batch["images"][:, 0] if "images" in batch else batch["image"]
    return {"views": _pairs(given, rearrange(color, "b h w c -> b c h w"))}


def _pairs(given: Tensor, made: Tensor) -> list[UInt8[np.ndarray, "h w 3"]]:
    joined = torch.cat([given, made], dim=-1).clamp(0, 1).nan_to_num()
    pixels = (255 * rearrange(joined, "b c h w -> b h w c")).round().byte()
    return list(pixels.cpu().numpy())
