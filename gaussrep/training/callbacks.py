"""The core's callbacks: checkpoints, metrics table, TensorBoard, validation, averaged weights."""

import csv
import math
import shutil
import time
from collections import defaultdict
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar, TextIO

import numpy as np
import torch
from safetensors.torch import save_model
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from gaussrep.atomic_files import atomic_write
from gaussrep.data.sample import SampleKey
from gaussrep.errors import UnavailableError
from gaussrep.methods.method import Method, StepOutput
from gaussrep.training import random_state
from gaussrep.training.callback import Callback, Row
from gaussrep.training.config import EMAConfig, TrainerConfig
from gaussrep.training.loading import MapDataset, make_loader, validation_batches
from gaussrep.training.metrics_table import Rows, read_rows
from gaussrep.training.trackers import Examples
from gaussrep.training.train_state import TrainState

VALIDATION_BATCH = 256
"""Largest default batch of the validation split; a step's batch is that of all processes."""


class Checkpointing(Callback):
    """Writes a checkpoint before the first step, every `checkpoint_every` steps and after the last.

    A run that is stopped gets one after its last whole step. Files that are made from a checkpoint,
    such as `model.safetensors`, follow it; after the last step, `finished.json` follows them. A run
    that was killed in between gets what is missing when it is resumed.

    The last `keep_last` stay, and the best: the one with the lowest validation loss among those
    where it was measured; in a run that never measures it, the one with the lowest mean training
    loss since the previous checkpoint.

    Args:
        others: The other callbacks by name, whose states are saved too.
    """

    def __init__(self, others: Mapping[str, Callback]) -> None:
        self._others = others
        self._best: dict[str, int | float] | None = None
        self._loss_sum, self._loss_count = 0.0, 0
        self._saved_at = 0.0

    def on_start(self, state: TrainState) -> None:
        """Save a new run at step 0, so that it can be resumed whenever it is killed."""
        self._saved_at = time.monotonic()
        if state.engine.is_main:
            for leftover in state.run.checkpoints_folder.glob(".*.tmp"):
                shutil.rmtree(leftover)
        if state.step == 0:
            self._save(state)
        elif state.step == state.steps:  # killed after its last checkpoint
            self._publish(state)

    def on_step(self, state: TrainState, row: Row) -> None:
        """Save and remove checkpoints where it is due."""
        if not state.skipped.in_a_row:
            self._loss_sum += row["loss"]
            self._loss_count += 1
        elif state.step < state.steps and not state.stopping:
            return  # the weights may be those that spoil the loss: keep the checkpoints before
        if state.step % state.config.checkpoint_every == 0 or state.step == state.steps:
            score = self._score(state, row)
            self._loss_sum, self._loss_count = 0.0, 0
            if score is not None and score < (self._best["loss"] if self._best else math.inf):
                self._best = {"step": state.step, "loss": score}
            self._save(state)
        elif state.stopping or self._is_overdue(state):
            self._save(state)

    def state_dict(self) -> dict[str, Any]:
        """Return step and loss of the best checkpoint, and the losses since the last one."""
        return {"best": self._best, "losses": (self._loss_sum, self._loss_count)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` returned."""
        self._best = state["best"]
        self._loss_sum, self._loss_count = state.get("losses", (0.0, 0))  # older ones lack it

    def _score(self, state: TrainState, row: Row) -> float | None:
        if state.config.validate_every:
            return row.get("val_loss")
        return self._loss_sum / self._loss_count if self._loss_count else None

    def _is_overdue(self, state: TrainState) -> bool:
        minutes = state.config.checkpoint_minutes
        if minutes is None:
            return False
        return state.engine.any(time.monotonic() - self._saved_at >= 60 * minutes)

    def _save(self, state: TrainState) -> None:
        self._saved_at = time.monotonic()
        state.save({**self._others, "checkpointing": self}, self._best)
        self._publish(state)

    def _publish(self, state: TrainState) -> None:
        if state.engine.is_main:
            state.write_weights()
            state.method.export(state.run.path)
            for other in self._others.values():
                other.on_checkpoint(state, state.run.path)
            self._remove_old(state)
            if state.step == state.steps:
                state.run.set_finished(state.step)
        state.engine.wait()

    def _remove_old(self, state: TrainState) -> None:
        found = {step: at for step, at in state.run.checkpoints().items() if step <= state.step}
        kept = set(list(found)[-state.config.keep_last :])
        if self._best is not None:
            kept.add(int(self._best["step"]))
        for step in found.keys() - kept:
            shutil.rmtree(found[step])


class Validation(Callback):
    """Measures the loss on held-out samples, every `validate_every` steps and after the last.

    Random numbers in the method are the same every time, and the run's own random states stay as
    they were, so measuring does not change training.

    Args:
        dataset: The validation split, not empty.
        seed: The run's seed.
    """

    def __init__(self, dataset: MapDataset, seed: int) -> None:
        self._dataset = dataset
        self._seed = seed

    def measure(self, state: TrainState) -> Row:
        """Compute `val_loss` and `val_<metric>`, means over the split, where they are due."""
        if state.step % state.config.validate_every and state.step != state.steps:
            return {}
        state.method.eval()
        with torch.no_grad(), random_state.seeded(self._seed, state.engine.rank):
            sums = self._sums(state)
        state.method.train()
        totals: dict[str, float] = defaultdict(float)
        for part in state.engine.gather(sums):
            for name, value in part.items():
                totals[name] += value
        return {f"val_{name}": total / len(self._dataset) for name, total in totals.items()}

    def _sums(self, state: TrainState) -> dict[str, float]:
        engine, config = state.engine, state.config
        batch_size = config.validation_batch_size or min(config.batch_size, VALIDATION_BATCH)
        size, processes = len(self._dataset), engine.world_size
        batches = validation_batches(size, batch_size, engine.rank, processes)
        counts = [len(keys) for keys in batches]
        if engine.shards_weights:  # all processes gather the weights equally often
            further = len(validation_batches(size, batch_size, 0, processes)) - len(batches)
            batches, counts = batches + [[SampleKey(0)]] * further, counts + [0] * further
        loader = make_loader(
            self._dataset, batches, num_workers=config.num_workers, device=engine.device
        )
        sums: dict[str, float] = defaultdict(float)
        for count, batch in zip(counts, loader, strict=True):
            with engine.autocast():
                output = state.method.validation_loss(engine.to_device(batch))
            for name, value in _numbers(output).items():
                sums[name] += count * value
        return dict(sums)


class EMA(Callback):
    """Exponential moving average of the weights, kept in `model-ema.safetensors`.

    The average starts at the weights after the first step; buffers are those of the method. A
    parameter that the method replaces, as densification does, starts a new average. Read it back
    with `load_run(run, weights="ema")`.

    Args:
        config: The decay.
    """

    main_process_only: ClassVar[bool] = True

    def __init__(self, config: EMAConfig) -> None:
        self._decay = config.decay
        self._saved: dict[str, Any] | None = None

    def on_start(self, state: TrainState) -> None:
        """Copy the method, and restore the average of a resumed run."""
        average = get_ema_multi_avg_fn(self._decay)
        self._model = AveragedModel(state.method, multi_avg_fn=average)
        if self._saved is not None:
            self._model.load_state_dict(self._saved)
        self._averaged = list(state.method.parameters())

    def on_update(self, state: TrainState) -> None:
        """Average the new weights in."""
        self._start_at_replaced(state.method)
        self._model.update_parameters(state.method)

    def on_checkpoint(self, state: TrainState, folder: Path) -> None:
        """Write the averaged weights."""
        with atomic_write(folder / "model-ema.safetensors") as temporary:
            save_model(self._model.module, str(temporary))

    def state_dict(self) -> dict[str, Any]:
        """Return the average and the number of updates."""
        return dict(self._model.state_dict())

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Keep the average until the method is there to copy."""
        self._saved = state

    def _start_at_replaced(self, method: Method) -> None:
        present = list(method.parameters())
        averages = self._model.module.parameters()
        for average, parameter, before in zip(averages, present, self._averaged, strict=True):
            if parameter is not before:
                average.data = parameter.detach().clone()
        self._averaged = present


class MetricsCsv(Callback):
    """Appends each logged step to the run's `metrics.csv`.

    A number that appears later than the first row gets a new column, empty in the rows before. A
    resumed run first drops the rows of steps that it will make again.
    """

    def on_start(self, state: TrainState) -> None:
        """Drop the rows past the step that the run is resumed from."""
        self._file = state.run.metrics_file
        self._columns: list[str] = []
        if self._file.exists():
            self._columns, rows = read_rows(self._file)
            self._rewrite([row for row in rows if int(row["step"]) <= state.step])

    def on_log(self, state: TrainState, row: Row) -> None:
        """Append a row and flush it."""
        if new := [name for name in row if name not in self._columns]:
            rows = read_rows(self._file)[1] if self._columns else []
            self._columns += new
            self._rewrite(rows)
        with self._file.open("a", newline="", encoding="utf-8") as stream:
            self._writer(stream).writerow(row)

    def _rewrite(self, rows: Rows) -> None:
        with atomic_write(self._file) as new, new.open("w", newline="", encoding="utf-8") as stream:
            writer = self._writer(stream)
            writer.writeheader()
            writer.writerows(rows)

    def _writer(self, stream: TextIO) -> csv.DictWriter:
        return csv.DictWriter(stream, self._columns, lineterminator="\n")


class TensorBoard(Callback):
    """Writes each logged number as a scalar to the run's `tensorboard` folder, and images.

    Args:
        examples: Draws the images, wherever the loss on the validation split is measured; None
            draws none.
    """

    def __init__(self, examples: Examples | None = None) -> None:
        self._examples = examples

    def on_start(self, state: TrainState) -> None:
        """Open a file, and hide steps of a killed run that will be made again."""
        from torch.utils.tensorboard import SummaryWriter

        folder = state.run.tensorboard_folder
        self._writer = SummaryWriter(str(folder), purge_step=state.step + 1)

    def on_log(self, state: TrainState, row: Row) -> None:
        """Write all numbers of the step but `step` itself."""
        for name, value in row.items():
            if name != "step":
                self._writer.add_scalar(name, value, state.step)
        if self._examples is not None and "val_loss" in row:
            for name, images in self._examples.draw(state.method, state.step).items():
                stacked = np.stack(images)
                self._writer.add_images(name, stacked, state.step, dataformats="NHWC")

    def on_end(self, state: TrainState) -> None:
        """Close the file."""
        self._writer.close()


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


def _numbers(output: StepOutput) -> dict[str, float]:
    return {"loss": output.loss.item()} | {k: v.item() for k, v in output.metrics.items()}
