"""The call that is timed, and the clock."""

import statistics
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any

import torch
from torch import Tensor

from gaussrep.gaussians import Gaussians
from gaussrep.rendering import Renderer, render
from harness.scenes import Scene

LONGEST_MS = 20e3


def one_call(
    scene: Scene, renderer: str | Renderer, *, backward: bool
) -> Callable[[], Sequence[Tensor]]:
    """The call that is timed.

    Args:
        scene: Scene to render.
        renderer: Name or object.
        backward: Whether to compute gradients, too.

    Returns:
        A function that renders, and with `backward` returns the gradients.
    """
    if not backward:
        return lambda: _draw(scene.gaussians, scene, renderer)
    leaves = {name: t.clone().requires_grad_() for name, t in scene.gaussians.tensors()}
    weights: list[Tensor] = []

    def call() -> Sequence[Tensor]:
        drawn = _draw(scene.gaussians.replace(**leaves), scene, renderer, grad=True)
        if not weights:
            generator = torch.Generator().manual_seed(1)
            weights.extend(torch.randn(t.shape, generator=generator).to(t) for t in drawn)
        return torch.autograd.grad(drawn, list(leaves.values()), weights, materialize_grads=True)

    return call


def _draw(
    gaussians: Gaussians, scene: Scene, renderer: str | Renderer, *, grad: bool = False
) -> list[Tensor]:
    with torch.set_grad_enabled(grad):
        out = render(gaussians, scene.cameras, renderer, scene.background)
    return [out.color] if out.features is None else [out.color, out.features]


def time_calls(
    call: Callable[[], object], repeats: int, device: str, longest_ms: float = LONGEST_MS
) -> tuple[float, list[float]]:
    """Time a call again and again, until there are `repeats` times or 20 s have gone by.

    Args:
        call: The function.
        repeats: Largest number of times.
        device: Device type on which it works.
        longest_ms: Another time than 20 s.

    Returns:
        Milliseconds of the first call, and those of the ones that count; if the first takes
        more than 20 s, it counts.
    """
    first = time_once(call, device)
    if first > longest_ms:
        return first, [first]
    times = [time_once(call, device)]
    while len(times) < repeats and sum(times) < longest_ms:
        times.append(time_once(call, device))
    return first, times


def time_stages(call: Callable[[], object], repeats: int) -> dict[str, float]:
    """Time the stages of the `cpu` renderer inside a call.

    Args:
        call: The function, called before.
        repeats: How often to call it.

    Returns:
        Milliseconds per call by stage, means, in the order in which they first ran; empty if
        another renderer draws.
    """
    from gaussrep.kernels.threads import stage_clock

    with stage_clock() as clock:
        for _ in range(repeats):
            call()
    return {stage: total / repeats for stage, total in clock.items()}


def summarize_times(times_ms: Sequence[float]) -> dict[str, Any]:
    """Sum up repeated measurements.

    Args:
        times_ms: At least one time.

    Returns:
        Plain data for JSON: median, smallest, largest and all times.
    """
    return {
        "median_ms": round(statistics.median(times_ms), 3),
        "min_ms": round(min(times_ms), 3),
        "max_ms": round(max(times_ms), 3),
        "times_ms": [round(time, 3) for time in times_ms],
    }


def time_once(call: Callable[[], object], device: str) -> float:
    """Milliseconds that a call takes, its work on the device included.

    Args:
        call: The function.
        device: Device type on which it works.

    Returns:
        Wall-clock time in milliseconds.
    """
    _wait_for(device)
    start = perf_counter()
    result = call()
    _wait_for(device)
    taken = perf_counter() - start
    del result
    return 1e3 * taken


def _wait_for(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()
