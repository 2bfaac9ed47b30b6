"""The core's callbacks: checkpoints, validation, averages, metrics table, progress, collapse."""

import csv
import logging
import math
import shutil
import sys
import time
from collections import defaultdict
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, ClassVar, TextIO

import torch
from safetensors.torch import save_model
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from gaussrep.data.sample import SampleKey
from gaussrep.methods.method import Method, StepOutput
from gaussrep.runtime.atomic_files import atomic_write
from gaussrep.runtime.console import Progress
from gaussrep.training import random_state
from gaussrep.training.callback import Callback, Row
from gaussrep.training.config import EMAConfig
from gaussrep.training.loading import MapDataset, make_loader, validation_batches
from gaussrep.training.metrics_table import Rows, read_rows
from gaussrep.training.train_state import TrainState

logger = logging.getLogger("gaussrep.training")

VALIDATION_BATCH = 256
"""Largest default batch of the validation split; a step's batch is that of all processes."""

COLLAPSE_PATIENCE = 50
"""Steps in a row with a sign of collapse before the warning (design choice): the first ones of a
run may have it."""


class Checkpointing(Callback):
    """Writes a checkpoint before the first step, every `checkpoint_every` steps and after the last.

    A stopped run gets one after its last whole step. Files derived from a checkpoint, such as
    `model.safetensors`, are written after it, and `finished.json` last, after the last step. If a
    run is killed in between, the missing files are written when it is resumed.

    The last `keep_last` stay, and the best: the one with the lowest validation loss among those
    if it was measured; in a run that never measures it, the one with the lowest mean training
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
        """Save and remove checkpoints if it is due."""
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
        """Compute `val_loss` and `val_<metric>`, means over the split, if they are due."""
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
        """Update the average with the new weights."""
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
        """Keep the average until the method can be copied."""
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

    A metric that first appears after the first row gets a new column, empty in the earlier rows. A
    resumed run first drops the rows of steps that it will repeat.
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


class ProgressDisplay(Callback):
    """Shows steps, loss, throughput, memory and remaining time: a bar, or lines in a log."""

    main_process_only: ClassVar[bool] = True

    def on_start(self, state: TrainState) -> None:
        """Print the headline and show the progress."""
        print(headline(state), file=sys.stderr, flush=True)
        self._stack = ExitStack()
        self._progress = self._stack.enter_context(Progress("step", state.steps, state.step))
        self._latest: Row = {}

    def on_step(self, state: TrainState, row: Row) -> None:
        """Show the step, with the latest of each number that is not measured in every step."""
        self._latest |= row
        self._progress.update(state.step, text=format_metrics(state, self._latest))

    def on_end(self, state: TrainState) -> None:
        """Stop showing."""
        self._stack.close()


class CollapseWarning(Callback):
    """Warns once about each sign of collapse that persists for `COLLAPSE_PATIENCE` steps."""

    main_process_only: ClassVar[bool] = True

    def __init__(self) -> None:
        self._in_a_row: dict[str, int] = defaultdict(int)

    def on_step(self, state: TrainState, row: Row) -> None:
        """Count the steps with each sign."""
        for sign in state.method.collapse_signs:
            shown = sign.metric in row and sign.shows(row[sign.metric])
            self._in_a_row[sign.metric] = self._in_a_row[sign.metric] + 1 if shown else 0
            if self._in_a_row[sign.metric] == COLLAPSE_PATIENCE:
                logger.warning(
                    "step %d: %s has been %.3g or so for %d steps: %s; %s",
                    state.step,
                    sign.metric,
                    row[sign.metric],
                    COLLAPSE_PATIENCE,
                    sign.meaning,
                    sign.cure,
                )

    def state_dict(self) -> dict[str, Any]:
        """Return the counts."""
        return {"in_a_row": dict(self._in_a_row)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` returned."""
        self._in_a_row.update(state["in_a_row"])


def headline(state: TrainState) -> str:
    """Describe a run in one line.

    Args:
        state: The run.

    Returns:
        Run folder, method, number of parameters, devices, and sizes of data and steps.
    """
    engine, order = state.engine, state.order
    parameters = sum(parameter.numel() for parameter in state.method.parameters())
    return (
        f"{state.run.path}: {type(state.method).__name__} with {parameters:,} parameters on "
        f"{engine.world_size} x {engine.device.type}, {order.size:,} samples, "
        f"{order.global_batch} per step, {order.steps_per_epoch} steps per epoch"
    )


def format_metrics(state: TrainState, row: Row) -> str:
    """Format the losses, the method's `progress_metrics`, throughput and memory of a step.

    Args:
        state: The run.
        row: The numbers of the step.

    Returns:
        Names and values; columns that the row lacks are left out.
    """
    names = ("loss", "val_loss", *state.method.progress_metrics)
    parts = [f"{name} {_format(row[name])}" for name in names if name in row]
    parts.append(f"{row['samples_per_second']:.3g} samples/s")
    if "memory_gb" in row:
        parts.append(f"{row['memory_gb']:.2g} GB")
    return "  ".join(parts)


def _format(value: int | float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.4g}"


def _numbers(output: StepOutput) -> dict[str, float]:
    return {"loss": output.loss.item()} | {k: v.item() for k, v in output.metrics.items()}
