"""Measure every cell of a table in a process of its own, and record the reasons of failures."""

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from gaussrep import plugins
from gaussrep.errors import DataError, UnavailableError
from gaussrep.rendering.dispatch import get_renderer
from harness.measure import Cell, Measurement
from harness.processes import BenchmarkError, run_in_subprocess
from harness.scenes import make_scene
from harness.timing import summarize_times
from harness.workloads import TILED, Workload

DENSE_LIMIT = 4e9
PASSES = {False: "forward", True: "forward+backward"}


@dataclass(frozen=True)
class Table:
    """The cells to measure.

    Args:
        workloads: Scenes.
        renderers: Names of renderers, or `tiled-torch`.
        threads: Numbers of threads.
        repeats: How often to time each cell.
        limit_s: A cell that takes longer is stopped, and is not tried with less threads or with
            gradients.
    """

    workloads: Sequence[Workload]
    renderers: Sequence[str]
    threads: Sequence[int]
    repeats: int
    limit_s: float
    _given_up: dict[tuple[str, str], str] = field(default_factory=dict)

    def run(self) -> Iterator[dict[str, Any]]:
        """Measure one cell after the other.

        Yields:
            Plain data for JSON: the cell, and either its times or why it was skipped.
        """
        for cell in self._cells():
            result = self._result(cell)
            names = {"workload": cell.workload.name, "renderer": cell.renderer}
            names |= {"pass": PASSES[cell.backward], "device": cell.device}
            yield {**names, "threads": cell.threads, **result}

    def _cells(self) -> Iterator[Cell]:
        for workload in self.workloads:
            for renderer in self.renderers:
                device = device_of(renderer)
                threads = sorted(self.threads, reverse=True)
                for count in threads if device == "cpu" else threads[:1]:
                    for backward in (False, True):
                        yield Cell(workload, renderer, backward, count, self.repeats, device)

    def _result(self, cell: Cell) -> dict[str, Any]:
        key = cell.workload.name, cell.renderer
        if key not in self._given_up and (reason := _why_not(cell)):
            self._given_up[key] = reason
        if key in self._given_up:
            return {"skipped": self._given_up[key]}
        try:
            return summarize(_measure_apart(cell, self.limit_s), cell.threads)
        except BenchmarkError as error:
            self._given_up[key] = f"{PASSES[cell.backward]}, {cell.threads} threads: {error}"
            return {"skipped": str(error)}


def device_of(renderer: str) -> str:
    """Return the device type on which a renderer is timed: the CPU if it supports it."""
    if renderer == TILED:
        return "cpu"
    return "cpu" if "cpu" in plugins.find("renderers", renderer).record.devices else "cuda"


def _why_not(cell: Cell) -> str | None:
    """Why a cell need not be tried."""
    if cell.renderer == "reference" and cell.workload.dense_pairs > DENSE_LIMIT:
        return (
            f"every pixel would look at every Gaussian: {cell.workload.dense_pairs:.3g} pairs, the "
            f"limit is {DENSE_LIMIT:.3g}"
        )
    try:
        if cell.renderer != TILED:
            get_renderer(cell.renderer)
        if cell.workload.is_real:
            make_scene(cell.workload)
    except (UnavailableError, DataError) as error:
        return str(error)
    return None


def _measure_apart(cell: Cell, limit_s: float) -> Measurement:
    found = run_in_subprocess("harness.measure", cell.to_json(), limit_s)
    return Measurement(**found)


def summarize(measured: Measurement, threads: int = 1) -> dict[str, Any]:
    """Median, spread and rate of a measurement.

    Args:
        measured: Times and memory.
        threads: Threads that were used.

    Returns:
        Plain data for JSON; times in milliseconds, memory in MiB.
    """
    pairs_per_second = measured.pairs / statistics.median(measured.times_ms) * 1e3
    return {
        **summarize_times(measured.times_ms),
        "first_ms": round(measured.first_ms, 3),
        "pairs": measured.pairs,
        "pairs_per_second": round(pairs_per_second),
        "before_mb": round(measured.before_mb, 1),
        "peak_mb": round(measured.peak_mb, 1),
        "stages_ms": {name: round(time, 3) for name, time in measured.stages_ms.items()},
        **_compare_with_core(measured, pairs_per_second / threads),
    }


def _compare_with_core(measured: Measurement, pairs_per_second: float) -> dict[str, Any]:
    if measured.multiply_adds_per_second is None:
        return {}
    return {
        "lanes": measured.lanes,
        "multiply_adds_per_second": round(measured.multiply_adds_per_second),
        "pairs_per_thousand": round(1e3 * pairs_per_second / measured.multiply_adds_per_second, 3),
    }
