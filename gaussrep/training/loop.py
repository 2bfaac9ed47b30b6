"""The training loop: step, measure, log, checkpoint."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack

import torch
from jaxtyping import Float
from torch import Tensor
from torch.utils.data import DataLoader

from gaussrep.checks import defer_finite_checks
from gaussrep.errors import RunError
from gaussrep.methods.method import Batch, StepOutput
from gaussrep.training.callback import Callback, Row
from gaussrep.training.train_state import TrainState


def fit(
    state: TrainState,
    loader: DataLoader[Batch],
    callbacks: Sequence[Callback],
    stop_requested: Callable[[], bool] = lambda: False,
) -> Row:
    """Make optimizer steps until the end of the run; callbacks do everything else.

    Args:
        state: The run; its step and position advance.
        loader: Yields this process's batches from `state.position` on.
        callbacks: Called in this order.
        stop_requested: Whether to stop after the present step. Where any process stops, all do,
            after the same step, and set `state.stopping`.

    Returns:
        The numbers of the last step; empty where none was made, as in a run that was killed after
        its last step, of which the callbacks write what is missing.

    Raises:
        RunError: The loss or the gradient is not finite, or the run is complete.
    """
    is_last = state.step >= state.steps
    if is_last and state.engine.on_main(lambda: state.run.is_finished(state.step)):
        raise RunError(
            f"{state.run.path} is complete at step {state.step}; "
            "to train longer, resume it with more trainer.steps or trainer.epochs"
        )
    row: Row = {}
    with ExitStack() as stack:
        for callback in callbacks:
            callback.on_start(state)
            stack.callback(callback.on_end, state)
        state.method.train()
        batches = iter(loader)
        state.stopping = state.engine.any(stop_requested())
        while state.step < state.steps and not state.stopping:
            row = make_step(state, batches)
            _measure_and_log(callbacks, state, row)
            state.stopping = state.engine.any(stop_requested())
            for callback in callbacks:
                callback.on_step(state, row)
    return row


def make_step(state: TrainState, batches: Iterator[Batch]) -> Row:
    """Make one optimizer step.

    Args:
        state: The run; one step further afterwards.
        batches: Yields `gradient_accumulation_steps` batches or more.

    Returns:
        The step's numbers, means over its samples in all processes.

    Raises:
        RunError: The loss or the gradient is not finite; the weights are those of the previous
            step.
    """
    started = time.perf_counter()
    config, engine = state.config, state.engine
    lr = _set_learning_rates(state)
    state.method.on_step_start(state.step, state.steps)
    losses = _add_gradients(state, batches)
    _check_finite(state, "loss", losses["loss"])
    norm = engine.clip_gradient(config.clip_grad)
    if config.precision != "fp16":  # there, an overflow lowers the loss scale and skips the step
        _check_finite(state, "gradient", norm)
    engine.update()
    state.advance()
    speed = state.order.global_batch / (time.perf_counter() - started)
    row: Row = {"step": state.step, "epoch": state.position.epoch, "lr": lr, **losses}
    return row | {"grad_norm": norm, "samples_per_second": speed}


def _set_learning_rates(state: TrainState) -> float:
    """Set the rates of the step about to be made and return the first optimizer's."""
    rates = [each.set_learning_rate(state.step, state.steps) for each in state.optimizers.values()]
    return rates[0]


def _add_gradients(state: TrainState, batches: Iterator[Batch]) -> dict[str, float]:
    engine = state.engine
    with defer_finite_checks():
        outputs = [
            engine.backward(engine.to_device(next(batches)))
            for _ in range(state.config.gradient_accumulation_steps)
        ]
    means = engine.mean(torch.stack([_scalars(output) for output in outputs]).mean(0))
    return dict(zip(("loss", *sorted(outputs[0].metrics)), means.tolist(), strict=True))


def _scalars(output: StepOutput) -> Float[Tensor, " names"]:
    values = [output.loss, *(output.metrics[name] for name in sorted(output.metrics))]
    return torch.stack([value.detach().float() for value in values])


def _check_finite(state: TrainState, what: str, value: float) -> None:
    if not math.isfinite(value):
        raise RunError(
            f"the {what} became {value} at step {state.step + 1}; {state.run.path} keeps its "
            "last checkpoint; start a new run with a lower trainer.lr or with trainer.clip_grad"
        )


def _measure_and_log(callbacks: Sequence[Callback], state: TrainState, row: Row) -> None:
    for callback in callbacks:
        callback.on_update(state)
    measured: Row = {}
    for callback in callbacks:
        row |= callback.annotate(state)
    for callback in callbacks:
        measured |= callback.measure(state)
    row |= measured
    step = state.step
    if measured or step in (1, state.steps) or step % state.config.log_every == 0:
        for callback in callbacks:
            callback.on_log(state, row)
