"""The global batch of all processes, for losses that are not means over samples."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import torch
from jaxtyping import Shaped
from torch import Tensor, distributed

_JOINT = ContextVar("joint", default=False)


@contextmanager
def joint_batches() -> Iterator[None]:
    """Let `join_rows` join the rows of all processes in the body.

    Yields:
        Nothing; all processes make the same forward and backward passes in the body.
    """
    token = _JOINT.set(True)
    try:
        yield
    finally:
        _JOINT.reset(token)


def are_joint() -> bool:
    """Whether several processes compute a step together now.

    Returns:
        False in one process, and in evaluations.
    """
    return _JOINT.get()


def join_rows(rows: Shaped[Tensor, "n *shape"]) -> Shaped[Tensor, "m *shape"]:
    """Join the rows that the processes of a training step computed, each for its share.

    A loss of the joined rows is that of the whole batch, and so is its gradient, if a mean over
    points, or a loss of a whole batch such as Lovász-Softmax, would otherwise depend on the number
    of processes. Every process calls it the same number of times in a step.

    Args:
        rows: One row per sample or point of the share; the number may differ between processes.

    Returns:
        The rows of all processes, in the order of the batch. The same rows in one process, and in
        evaluations, where each process computes alone.
    """
    if not _JOINT.get():
        return rows
    count = torch.tensor([len(rows)], device=rows.device)
    counts = [torch.empty_like(count) for _ in range(distributed.get_world_size())]
    distributed.all_gather(counts, count)
    return _Join.apply(rows, [int(each) for each in counts])  # pyright: ignore[reportReturnType]


class _Join(torch.autograd.Function):
    """Rows of all processes; the gradient is that of the sum of the losses of all processes."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, counts: list[int]) -> Tensor:
        padded = rows.new_zeros((max(counts), *rows.shape[1:]))
        padded[: len(rows)] = rows
        parts = [torch.empty_like(padded) for _ in counts]
        distributed.all_gather(parts, padded)
        ctx.first, ctx.count = sum(counts[: distributed.get_rank()]), len(rows)
        return torch.cat([part[:count] for part, count in zip(parts, counts, strict=True)])

    @staticmethod
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride]
        ctx: Any, *grad_outputs: Tensor
    ) -> tuple[Tensor, None]:
        gradient = grad_outputs[0].contiguous().clone()
        distributed.all_reduce(gradient)
        return gradient[ctx.first : ctx.first + ctx.count], None


def with_row_before(rows: Shaped[Tensor, "n *shape"]) -> Shaped[Tensor, "n+1 *shape"]:
    """Prepend the last row of the previous process, cyclically.

    Args:
        rows: The share, at least one row.

    Returns:
        The share with one more row.
    """
    last = join_rows(rows[-1:])
    before = distributed.get_rank() - 1 if _JOINT.get() else -1
    return torch.cat([last[before, None], rows])


@contextmanager
def shared_random_numbers(device: torch.device) -> Iterator[None]:
    """Let all processes of a training step draw the same numbers from torch's CPU generator.

    They are those that the first process draws. Alone nothing changes.

    Args:
        device: Device on which the processes exchange tensors.

    Yields:
        Nothing.
    """
    if not _JOINT.get():
        yield
        return
    own = torch.get_rng_state()
    state = own.to(device)
    distributed.broadcast(state, 0)
    torch.set_rng_state(state.cpu())
    try:
        yield
    finally:
        if distributed.get_rank() > 0:
            torch.set_rng_state(own)
