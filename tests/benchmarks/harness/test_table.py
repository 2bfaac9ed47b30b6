import json
from dataclasses import asdict, replace

import pytest

from gaussrep.kernels.simd import WIDTH
from gaussrep.rendering import dispatch
from gaussrep.runtime.atomic_files import write_json
from harness import table as module
from harness.measure import Cell, Measurement, measure
from harness.processes import BenchmarkError
from harness.report import HEADERS, describe_run, row
from harness.table import Table, device_of, summarize
from harness.workloads import WORKLOADS, Workload

TINY = Workload("tiny", 1, 1, 5, 16, 16, sigma=2.0)
MEASURED = Measurement(
    first_ms=9.0,
    times_ms=[1.0, 4.0, 2.0],
    pairs=1000,
    before_mb=5.0,
    peak_mb=7.0,
    stages_ms={"composite": 1.5},
)


def test_a_cell_is_measured_in_a_process_of_its_own():
    results = list(Table([TINY], ["reference"], [1], repeats=2, limit_s=300.0).run())
    assert [r["pass"] for r in results] == ["forward", "forward+backward"]
    for result in results:
        assert len(result["times_ms"]) == 2
        assert 0 < result["min_ms"] <= result["median_ms"] <= result["max_ms"]
        assert result["pairs"] > 0
        assert 0 < result["before_mb"] <= result["peak_mb"]
        assert len(row(result)) == len(HEADERS)


def test_a_cell_travels_as_json():
    cell = Cell(TINY, "tiled-torch", True, 1, 1)
    assert Cell.from_json(cell.to_json()) == cell
    assert measure(cell).pairs == measure(replace(cell, renderer="reference")).pairs


def test_a_summary():
    found = summarize(MEASURED)
    assert (found["median_ms"], found["min_ms"], found["max_ms"]) == (2, 1, 4)
    assert found["pairs_per_second"] == 500_000
    assert "pairs_per_thousand" not in found


def test_the_rate_is_that_of_the_cores_that_were_used():
    measured = replace(MEASURED, lanes=8, multiply_adds_per_second=1e7)
    assert summarize(measured, threads=2)["pairs_per_thousand"] == 25


def test_the_rate_of_a_core_is_measured_with_the_cpu_renderer():
    found = measure(Cell(TINY, "cpu", False, 1, 1))
    assert found.lanes == WIDTH
    assert found.multiply_adds_per_second > WIDTH * 1e6


@pytest.fixture
def spy(monkeypatch):
    """Keeps the cells that would be measured, and fails those of 2 threads and slow renderers."""
    cells = []

    def fake(cell, limit_s):
        cells.append(cell)
        if cell.renderer == "tiled-torch":
            raise BenchmarkError("stopped after 1 s")
        return MEASURED

    monkeypatch.setattr(module, "_measure_apart", fake)
    return cells


def test_every_workload_with_every_renderer_pass_and_number_of_threads(spy):
    other = replace(TINY, name="other")
    results = list(Table([TINY, other], ["reference"], [1, 2], 1, 1.0).run())
    assert len(results) == len(spy) == 8
    assert [(r["threads"], r["pass"]) for r in results[:3]] == [
        (2, "forward"),
        (2, "forward+backward"),
        (1, "forward"),
    ]


def test_what_takes_too_long_is_not_tried_again(spy):
    results = list(Table([TINY], ["tiled-torch"], [1, 2], 1, 1.0).run())
    assert len(spy) == 1
    assert results[0]["skipped"] == "stopped after 1 s"
    assert {r["skipped"] for r in results[1:]} == {"forward, 2 threads: stopped after 1 s"}
    assert row(results[0])[4] == "skipped"


def test_what_cannot_be_done_is_not_tried(spy, monkeypatch):
    monkeypatch.delenv("GAUSSREP_DATA", raising=False)
    garden = next(Table([WORKLOADS["garden"]], ["tiled-torch"], [1], 1, 1.0).run())
    assert "set GAUSSREP_DATA" in garden["skipped"]
    huge = next(Table([WORKLOADS["n1m"]], ["reference"], [1], 1, 1.0).run())
    assert "2.07e+12 pairs, the limit is 4e+09" in huge["skipped"]
    assert spy == []


def test_a_renderer_that_cannot_run_here_reports_why(spy, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    dispatch._build.cache_clear()
    (forward, backward) = Table([TINY], ["gsplat"], [1, 2], 1, 1.0).run()
    assert "needs" in forward["skipped"]
    assert forward["skipped"] == backward["skipped"]
    assert (device_of("gsplat"), device_of("reference")) == ("cuda", "cpu")


def test_a_process_that_fails_or_hangs_costs_only_its_cell():
    with pytest.raises(BenchmarkError, match=r"UnknownNameError: There is no renderer 'nobody'"):
        module._measure_apart(Cell(TINY, "nobody", False, 1, 1), 300.0)
    with pytest.raises(BenchmarkError, match=r"stopped after 0.01 s"):
        module._measure_apart(Cell(TINY, "reference", False, 1, 1), 0.01)


def test_the_json_reports_what_was_measured_where_and_how(tmp_path):
    results = [{"workload": "tiny", **summarize(MEASURED)}]
    write_json(describe_run(["gaussrep", "bench"], [TINY], results), tmp_path / "out.json")
    found = json.loads((tmp_path / "out.json").read_text())
    assert found["command"] == ["gaussrep", "bench"]
    assert found["workloads"] == {"tiny": asdict(TINY)}
    assert found["results"] == results
    assert found["machine"]["cores"] >= 1
    assert {"cpu", "torch", "numba", "gsplat", "commit", "gpus"} <= found["machine"].keys()
    assert "clipped to the image" in found["definitions"]["pairs"]
    assert list(tmp_path.iterdir()) == [tmp_path / "out.json"]
