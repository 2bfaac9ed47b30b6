"""The training loop: step, measure, log, checkpoint."""

import logging
import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

import psutil
import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep.checks import defer_finite_checks
from gaussrep.errors import RunError, ValueRangeError
from gaussrep.methods.method import Batch, StepOutput
from gaussrep.methods.sample_random import SAMPLE_SEED
from gaussrep.runtime.collector import resume_collector
from gaussrep.training import random_state
from gaussrep.training.callback import Callback, Row
from gaussrep.training.module_tensors import list_buffers
from gaussrep.training.train_state import TrainState

logger = logging.getLogger("gaussrep.training")

_STEPS = 1
"""Stream of the random numbers of steps; that of initial weights is 0."""


def run_steps(
    state: TrainState,
    loader: Iterable[Batch],
    callbacks: Sequence[Callback],
    stop_requested: Callable[[], bool] = lambda: False,
) -> Row:
    """Make optimizer steps until the end of the run; callbacks do everything else.

    Args:
        state: The run; its step and position advance.
        loader: Yields this process's batches from `state.position` on.
        callbacks: Called in this order.
        stop_requested: Whether to stop after the current step. If any process stops, all do, after
            the same step, and set `state.stopping`.

    Returns:
        The numbers of the last step; empty if none was made, as in a run that was killed after
        its last step, of which the callbacks write what is missing.

    Raises:
        RunError: The loss or the gradient was not finite in too many steps in a row, or the run is
            complete.
    """
    resume_collector()
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
            _check_skipped(state)
            state.stopping = state.engine.any(stop_requested())
            for callback in callbacks:
                callback.on_step(state, row)
    return row


def make_step(state: TrainState, batches: Iterator[Batch]) -> Row:
    """Make one optimizer step; skip it if the loss or the gradient is not finite.

    A skipped step counts and takes its samples, but weights, buffers and optimizers stay as they
    were. With fp16, an overflow of the gradient also lowers the loss scale.

    Args:
        state: The run; one step further afterwards.
        batches: Yields `gradient_accumulation_steps` batches or more.

    Returns:
        The step's numbers, means over its samples in all processes.
    """
    started = time.perf_counter()
    config, engine = state.config, state.engine
    lr = _set_learning_rates(state)
    random_state.seed_all(state.seed, _STEPS, state.step, engine.rank)
    state.method.on_step_start(state.step, state.steps)
    buffers = [
        (each, each.clone()) for each in list_buffers(state.method) if each.is_floating_point()
    ]
    losses = _add_gradients(state, batches)
    norm = engine.clip_gradient(config.clip_grad)
    what = "gradient" if math.isfinite(losses["loss"]) else "loss"
    is_finite = what == "gradient" and math.isfinite(norm)
    if is_finite or config.precision == "fp16":  # whose loss scale skips the step itself
        engine.update()
    else:
        engine.discard()
    if not is_finite:
        for buffer, before in buffers:
            buffer.copy_(before)
    state.advance()
    state.skipped.count(None if is_finite else what)
    if state.skipped.in_a_row == 1 and engine.is_main:
        logger.warning("step %d changes no weight: its %s is not finite", state.step, what)
    speed = state.order.global_batch / (time.perf_counter() - started)
    row: Row = {"step": state.step, "epoch": state.position.epoch, "lr": lr, **losses}
    if state.skipped.total:
        row["skipped_steps"] = state.skipped.total
    return row | {"grad_norm": norm, "samples_per_second": speed}


def _set_learning_rates(state: TrainState) -> float:
    """Set the rates of the step about to be made and return the first optimizer's."""
    rates = [each.set_learning_rate(state.step, state.steps) for each in state.optimizers.values()]
    return rates[0]


def _add_gradients(state: TrainState, batches: Iterator[Batch]) -> dict[str, float]:
    engine = state.engine
    outputs, weights = [], []
    state.skipped.reason = ""
    with _noted(state), defer_finite_checks():
        for _ in range(state.config.gradient_accumulation_steps):
            batch = engine.to_device(next(batches))
            weights.append(_weight(state, batch))
            with _noted(state):
                outputs.append(engine.backward(batch, weights[-1]))
    if state.skipped.reason:
        return {"loss": math.nan}
    names = "loss", *sorted(outputs[0].metrics)
    if engine.world_size == 1 and weights == [1]:
        values = _scalars(outputs[0]).tolist()
    else:
        pairs = zip(weights, outputs, strict=True)
        weighted = [weight * _scalars(output) for weight, output in pairs]
        values = engine.mean(torch.stack(weighted).mean(0)).tolist()
    return dict(zip(names, values, strict=True))


def _weight(state: TrainState, batch: Batch) -> float:
    """Return the number of samples in a batch, divided by the mean number over processes."""
    mean = state.order.global_batch / state.config.gradient_accumulation_steps
    return len(batch[SAMPLE_SEED]) * state.engine.world_size / mean


@contextmanager
def _noted(state: TrainState) -> Iterator[None]:
    """Note what a check finds in the body, so that the step is skipped, and go on."""
    try:
        yield
    except ValueRangeError as error:
        if state.engine.world_size > 1 or state.config.precision == "fp16":
            raise  # other processes, or the loss scale, need the gradient
        state.skipped.reason = str(error)


def _scalars(output: StepOutput) -> Float[Tensor, " names"]:
    values = [output.loss, *(output.metrics[name] for name in sorted(output.metrics))]
    return torch.stack([value.detach().float() for value in values])


def _check_skipped(state: TrainState) -> None:
    skipped = state.skipped
    is_all = skipped.total == state.step == state.steps
    if skipped.in_a_row <= state.config.max_skipped_steps and not is_all:
        return
    steps = "at step" if skipped.in_a_row == 1 else f"in {skipped.in_a_row} steps in a row, up to"
    reason = f" ({skipped.reason})" if skipped.reason else ""
    raise RunError(
        f"the {skipped.what} was not finite {steps} {state.step}{reason}; {state.run.path} keeps "
        "its last checkpoint; start a new run with a lower trainer.lr or with trainer.clip_grad"
    )


def _measure_and_log(callbacks: Sequence[Callback], state: TrainState, row: Row) -> None:
    if not state.skipped.in_a_row:
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
        row["memory_gb"] = _memory_gb(state.engine.device)
        for callback in callbacks:
            callback.on_log(state, row)


def _memory_gb(device: torch.device) -> float:
    """Measure the peak of allocated tensors on a CUDA device, elsewhere the resident memory."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 1e9
    return psutil.Process().memory_info().rss / 1e9
