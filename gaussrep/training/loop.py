"""The training loop: step, measure, log, act."""

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack

import torch
from jaxtyping import Float
from torch import Tensor
from torch.utils.data import DataLoader

from gaussrep.errors import RunError
from gaussrep.methods.method import Batch, StepOutput
from gaussrep.training.callbacks.callback import Callback, Row
from gaussrep.training.schedule import warmup_cosine
from gaussrep.training.training import Training


def fit(training: Training, loader: DataLoader[Batch], callbacks: Sequence[Callback]) -> Row:
    """Make optimizer steps until the run is as long as it should be; callbacks do everything else.

    Args:
        training: What to train and how far it has come.
        loader: Gives this process's batches from `training.position` on.
        callbacks: Called in this order.

    Returns:
        The numbers of the last step.

    Raises:
        RunError: The loss or the gradient is no longer finite, or there is no step left to make.
    """
    if training.step >= training.steps:
        raise RunError(
            f"{training.run.path} is complete at step {training.step}; "
            "to train longer, resume it with more trainer.steps or trainer.epochs"
        )
    row: Row = {}
    with ExitStack() as stack:
        for callback in callbacks:
            callback.on_start(training)
            stack.callback(callback.on_end, training)
        training.method.train()
        batches = iter(loader)
        while training.step < training.steps:
            row = make_step(training, batches)
            _tell(callbacks, training, row)
    return row


def make_step(training: Training, batches: Iterator[Batch]) -> Row:
    """Make one optimizer step.

    Args:
        training: Is one step further afterwards.
        batches: Gives `accumulate` batches.

    Returns:
        The step's numbers, means over its samples in all processes.

    Raises:
        RunError: The loss or the gradient is not finite; the weights are still those of the step
            before.
    """
    started = time.perf_counter()
    config, engine = training.config, training.engine
    lr = learning_rate(training)
    losses = _add_gradients(training, batches)
    _require_finite(training, "loss", losses["loss"])
    norm = engine.clip_gradient(config.clip_grad)
    if config.precision != "fp16":  # there, an overflow lowers the loss scale and skips the step
        _require_finite(training, "gradient", norm)
    engine.update(lr)
    training.advance()
    speed = training.order.global_batch / (time.perf_counter() - started)
    row: Row = {"step": training.step, "epoch": training.position.epoch, "lr": lr, **losses}
    return row | {"grad_norm": norm, "samples_per_second": speed}


def learning_rate(training: Training) -> float:
    """Give the learning rate of the step about to be made."""
    config, steps = training.config, training.steps
    warmup, floor = int(config.warmup * steps), config.min_lr / config.lr
    return config.lr * warmup_cosine(training.step, steps=steps, warmup=warmup, floor=floor)


def _add_gradients(training: Training, batches: Iterator[Batch]) -> dict[str, float]:
    engine = training.engine
    outputs = [
        engine.backward(engine.to_device(next(batches))) for _ in range(training.config.accumulate)
    ]
    means = engine.mean(torch.stack([_scalars(output) for output in outputs]).mean(0))
    return dict(zip(("loss", *sorted(outputs[0].metrics)), means.tolist(), strict=True))


def _scalars(output: StepOutput) -> Float[Tensor, " names"]:
    values = [output.loss, *(output.metrics[name] for name in sorted(output.metrics))]
    return torch.stack([value.detach().float() for value in values])


def _require_finite(training: Training, what: str, value: float) -> None:
    if not math.isfinite(value):
        raise RunError(
            f"the {what} became {value} at step {training.step + 1}; {training.run.path} keeps its "
            "last checkpoint; start a new run with a lower trainer.lr or with trainer.clip_grad"
        )


def _tell(callbacks: Sequence[Callback], training: Training, row: Row) -> None:
    measured: Row = {}
    for callback in callbacks:
        measured |= callback.measure(training)
    row |= measured
    step = training.step
    if measured or step in (1, training.steps) or step % training.config.log_every == 0:
        for callback in callbacks:
            callback.on_log(training, row)
    for callback in callbacks:
        callback.on_step(training, row)
