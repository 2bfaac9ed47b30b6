# ruff: noqa: RUF001
import json
import re
from functools import partial

import pytest
import torch

MACHINE = {"cpu": "Some CPU", "cores": 2, "gpus": ["Some GPU"]}
ORIGIN = {"machine": MACHINE, "date": "2026-01-02T03:04:05", "command": ["gaussrep", "bench"]}
STEP = {"median_ms": 1234.5}
COST = {
    **ORIGIN,
    "settings": {
        "batch": 32,
        "device": "cpu",
        "precision": "fp32",
        "model": {
            "image_size": 224,
            "patch_size": 16,
            "encoder": {"width": 384, "depth": 12, "heads": 6},
            "decoder": {"width": 512, "depth": 8, "heads": 16},
        },
    },
    "results": [
        {
            "method": "mae", "queries": None, "threads": 2,
            "step": STEP, "images_per_second": 25.92, "peak_mb": 2048.3,
        },
        {
            "method": "gmae", "queries": 147, "threads": 2,
            "step": STEP, "images_per_second": 25.92, "peak_mb": 2048.3, "step_over_mae": 1.004,
            "render": {"median_ms": 17.36}, "render_share": 0.01406,
            "render_at_limit_share": 0.0333,
        },
        {"method": "gmae", "queries": 256, "skipped": "MemoryError"},
    ],
}  # fmt: skip
SCORES = {
    "rows": {
        "GMAE": {"knn": [0.5, 0.6, 0.7], "psnr": [20.0, 21.0, 22.0], "ODS": 0.61234},
        "MAE": {"knn": [0.25]},
    },
    "facts": {"seeds": [0, 1, 2], "budget": "short", "nested": {"a": 1}},
}


@pytest.fixture
def results(script, tmp_path, monkeypatch):
    """A folder of results, to be filled."""
    monkeypatch.setattr(script("tables.markdown"), "RESULTS", tmp_path)
    return lambda name, content: (tmp_path / f"{name}.json").write_text(json.dumps(content))


@pytest.fixture
def page(script):
    """Build a page that holds a mark."""

    def build(name):
        text = f"Before.\n\n<!-- table: {name} -->\n<!-- end -->\n\nAfter."
        return re.sub(r"<!-- .* -->\n\n", "", script("pages").fill(text)).replace(
            "\n<!-- end -->\n", "\n"
        )

    return build


def cells(line):
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_scores_are_means_and_sample_deviations_in_percent_and_decibels(results, page):
    results("cifar10", SCORES)
    before, _, head, rule, gmae, mae, _, caption, _, after = page("cifar10").splitlines()
    assert (before, after) == ("Before.", "After.")
    assert cells(head) == ["method", "kNN", "PSNR, dB", "ODS"]
    assert cells(rule) == ["---"] * 4
    assert cells(gmae) == ["GMAE", "60.0 ± 10.0", "21.00 ± 1.00", "61.2"]
    assert cells(mae) == ["MAE", "25.0", "–", "–"]
    assert caption == "*percent; seeds: 0, 1, 2; budget: short*"


def test_other_scores_stay_shares_of_one(results, page):
    results("edges", {"rows": {"gmae": {"ODS": 0.61234, "AP": 0.5}}, "facts": {"images": 200}})
    lines = page("edges").splitlines()
    assert cells(lines[2]) == ["edges from", "ODS", "AP"]
    assert cells(lines[4]) == ["gmae", "0.612", "0.500"]
    assert "*images: 200*" in lines


def content(score, *values):
    rows = {"gmae": {score: list(values)}, "chance": {score: [0.5, 0.5]}}
    return {"rows": rows, "facts": {"steps": 3000}}


def test_masks_without_and_with_the_border_prior_are_columns(results, page):
    results("figure-ground", content("iou", 0.3, 0.4))
    results("figure-ground-prior", content("iou", 0.6, 0.8))
    lines = page("figure-ground").splitlines()
    assert cells(lines[2]) == ["IoU", "plain", "with the border prior"]
    assert cells(lines[4]) == ["gmae", "0.350 ± 0.071", "0.700 ± 0.141"]
    assert cells(lines[5]) == ["chance", "0.500 ± 0.000", "0.500 ± 0.000"]
    assert "*steps: 3000*" in lines


def test_depth_orders_without_and_with_the_border_prior_are_rows(results, page):
    results("depth-order", content("accuracy", 0.3, 0.4))
    results("depth-order-prior", content("accuracy", 0.6, 0.8))
    lines = page("depth-order").splitlines()
    assert cells(lines[2]) == ["pairs ordered correctly", "all pairs"]
    assert [cells(line) for line in lines[4:7]] == [
        ["gmae", "0.350 ± 0.071"],
        ["gmae, border prior", "0.700 ± 0.141"],
        ["chance", "0.500 ± 0.000"],
    ]


def test_models_of_two_views_stand_beside_one_view_and_the_center(results, page):
    rows = {"two views": [0.7, 0.8], "true depth": [0.9, 0.9], "one view": [0.5, 0.5]}
    rows |= {"border prior": [0.8, 0.7], "center nearer": [0.6, 0.6]}
    content = {"rows": {row: {"object_object": values} for row, values in rows.items()}}
    results("depth-views", {**content, "facts": {"steps": 1500}})
    assert cells(page("depth-views").splitlines()[4]) == ["two views", "0.750 ± 0.071"]
    lines = page("depth-views-differences").splitlines()
    assert cells(lines[5])[0] == "two views − center nearer"
    assert cells(lines[5])[1].startswith("+0.150 (")


def test_differences_are_paired_by_seed(results, page):
    rows = {
        "GMAE": {"knn": [0.50, 0.52], "psnr": [20.0, 21.0]},
        "MAE": {"knn": [0.49, 0.53], "psnr": [19.0, 20.0]},
        "MAE, normalized target": {"knn": [0.49, 0.51]},
        "random encoder": {"knn": [0.1, 0.2]},
    }
    results("cifar10", {"rows": rows, "facts": {}})
    lines = page("cifar10-differences").splitlines()
    assert cells(lines[2]) == ["difference", "kNN", "PSNR, dB"]
    assert cells(lines[4]) == ["GMAE − MAE", "+0.0 (−12.7 to +12.7)", "+1.00 (+1.00 to +1.00)"]
    assert cells(lines[5]) == ["GMAE − MAE, normalized target", "+1.0 (+1.0 to +1.0) =", "–"]
    (caption,) = (line for line in lines if "2 seeds and its 95 % interval" in line)
    assert "equivalent within 1.5 points" in caption


def test_cost(results, page):
    results("gmae-cost", COST)
    lines = page("gmae-cost").splitlines()
    assert cells(lines[4]) == ["MAE", "–", "1,234", "1", "25.9", "–", "–", "–", "2,048"]
    shown = ["GMAE", "147", "1,234", "1.00", "25.9", "17.4", "1.41%", "3.33%", "2,048"]
    assert cells(lines[5]) == shown
    assert cells(lines[6]) == ["GMAE", "256", *["–"] * 7]
    assert len(cells(lines[2])) == len(shown)
    assert "encoder 384×12×6 and decoder 512×8×16" in lines[8]
    assert "Some CPU, 2 cores; 2026-01-02, 2 threads; `gaussrep bench`" in lines[8]


def test_a_measurement_on_a_gpu_names_the_gpu(results, page):
    settings = {**COST["settings"], "device": "cuda"}
    results("gmae-cost", {**COST, "settings": settings})
    assert "Some GPU; 2026-01-02; `gaussrep" in page("gmae-cost")
    assert "Some CPU" not in page("gmae-cost")


def test_the_published_measurements_of_renderers_are_a_table(page):
    lines = page("render").splitlines()
    assert len({len(cells(line)) for line in lines if line.startswith("|")}) == 1
    assert cells(lines[4])[0] == "b16-n256: 16 × 256 Gaussians, 224×224"


def test_a_second_thread_has_a_speedup_per_pass(results, page):
    def timed(one, two):
        times = [{"min_ms": low, "median_ms": middle} for low, middle in (one, two)]
        speedup = {"min_ms": one[0] / two[0], "median_ms": one[1] / two[1]}
        return {"1": times[0], "2": times[1], "speedup": speedup}

    calls = {
        "forward": timed((20.04, 21), (10.0, 12)),
        "forward+backward": timed((60.0, 66), (33.33, 40)),
        "arithmetic": timed((10.0, 11), (5.0, 5.5)),
    }
    result = {"workload": "b16-n256", **calls}
    results("render-threads", {**ORIGIN, "results": [result]})
    rows = [cells(line) for line in page("render-threads").splitlines()[4:7]]
    assert rows[0] == ["b16-n256", "forward", "20.0 / 21.0", "10.0 / 12.0", "2.00 / 1.75"]
    assert rows[1][1:] == ["forward and backward", "60.0 / 66.0", "33.3 / 40.0", "1.80 / 1.65"]
    assert rows[2][1:] == ["arithmetic", "10.0 / 11.0", "5.0 / 5.5", "2.00 / 2.00"]


def test_turns_are_timed_with_one_thread_and_with_two(script, monkeypatch):
    module, turns = script("threads"), []
    monkeypatch.setattr(module, "TURNS", 2)
    monkeypatch.setattr(module, "CALLS", 3)
    monkeypatch.setattr(module, "time_once", lambda call, device: call())
    first, second = [99.0, 10.0, 30.0, 99.0, 5.0, 10.0], [99.0, 40.0, 30.0, 99.0, 10.0, 40.0]
    times = {"a": iter([*first, *second]), "b": iter([7.0] * 12)}

    def call(name):
        turns.append((name, torch.get_num_threads()))
        return next(times[name])

    before = torch.get_num_threads()
    found = module.by_turns({name: partial(call, name) for name in times})
    torch.set_num_threads(before)
    turn = [(name, threads) for name in "ab" for threads in (1, 2) for _ in range(3)]
    assert turns == turn * 2
    assert found["a"]["1"]["times_ms"] == [10.0, 30.0, 40.0, 30.0]
    assert found["a"]["speedup"] == {"min_ms": 2.0, "median_ms": 3.0}
    assert found["b"]["speedup"] == {"min_ms": 1.0, "median_ms": 1.0}


def test_backbones_have_a_column_per_cloud_and_pass(results, page):
    def row(engine, voxels, each, ms):
        return {"engine": engine, "voxels": voxels, "pass": each, "median_ms": ms}

    measured = [row("spconv", 13519, "forward", 800.0), row("ours", 13519, "forward", 450.0)]
    measured += [row("ours", 13519, "backward", 940.0), row("ours", 76111, "forward", 1360.0)]
    settings = {"size": "base", "threads": 2, "repeats": 5}
    results("sparse-unet", {**ORIGIN, "settings": settings, "results": measured})
    lines = page("sparse-unet").splitlines()
    assert cells(lines[2])[:3] == [
        "engine",
        "13,519 voxels: forward",
        "13,519 voxels: forward, training",
    ]
    assert cells(lines[4]) == ["spconv", "0.80 s", *["–"] * 5]
    assert cells(lines[5]) == ["gaussrep kernels", "0.45 s", "–", "0.94 s", "1.36 s", "–", "–"]
    assert "base, float32, 2 threads, median of 5; Some CPU, 2 cores; 2026-01-02" in lines[7]


def test_a_real_room_has_its_baselines(page):
    lines = page("room").splitlines()
    assert cells(lines[2]) == ["views from", "PSNR, dB", "error of depth, m", "fraction kept"]
    names = [cells(line)[0] for line in lines[4:7]]
    assert names == ["GaussianCross", "untrained", "mean color"]


@pytest.mark.parametrize("name", ["rooms", "rooms-ablations"])
def test_segmentation_of_rooms_is_in_percent(results, page, name):
    results(name, {"rows": {"GaussianCross": {"probe": [0.1, 0.12]}}, "facts": {"seeds": [0, 1]}})
    lines = page(name).splitlines()
    assert cells(lines[2]) == ["mIoU", "linear probe"]
    assert cells(lines[4]) == ["GaussianCross", "11.0 ± 1.4"]


def test_a_page_without_marks_is_left_as_it_is(script):
    text = "# A page\n\n<!-- a comment -->\n"
    assert script("pages").fill(text) == text


@pytest.mark.usefixtures("results")
def test_a_table_without_results_and_an_unknown_table_stop_the_build(page):
    with pytest.raises(FileNotFoundError, match=r"cifar10\.json"):
        page("cifar10")
    with pytest.raises(KeyError, match="nothing"):
        page("nothing")


def test_tables_of_the_gpu_wait_for_results(script, results):
    tables = script("tables.gpu")
    assert tables.gpu_speed_table() == tables.gpu_training_table() == tables.UNMEASURED


def test_tables_of_the_gpu(script, results, tmp_path):
    tables = script("tables.gpu")
    (tmp_path / "gpu").mkdir()
    times = {"forward": {"median_ms": 1.5}, "forward+backward": {"median_ms": 4.25}}
    measured = {
        "workload": "n1m",
        "triton": {**times, "peak_mb": 10.5},
        "gsplat": {"skipped": "no nvcc"},
        "difference": {"color": {"max": 1.2e-6}},
    }
    results("gpu/speed", {**ORIGIN, "results": [measured]})
    row = tables.gpu_speed_table().splitlines()[2]
    assert row == "| n1m | 1.50 / 4.25 | – / – | – / – | 10.5 / – | 1e-06 |"
    results("gpu/gmae-step", {**COST, "settings": {**COST["settings"], "size": "base"}})
    probe = {"seconds": 95, "top1": 60.5, "epochs": 12.5, "untrained": 30.0}
    results("gpu/cifar", {**ORIGIN, "results": {"gmae": probe}})
    results("gpu/scene-step", {**ORIGIN, "results": {"step": STEP, "peak_mb": 100.0}})
    text = tables.gpu_training_table()
    assert "| step of GMAE, ViT-Base, fp32, batch 32 | 1,234.5 ms, rendering 1.41% of it" in text
    assert "| 60.5 % after 12.5 epochs, 30.0 % before |" in text
    assert "Some GPU" in text


def test_compiled_kernels(script, results):
    found = {"name": "composite", "warps": 1, "registers": 104, "spilled": 0, "shared": 4096}
    content = {**ORIGIN, "triton": "3.7.0", "results": [{**found, "target": "sm_90"}]}
    results("triton-compile", content)
    lines = script("tables.triton_compile").triton_compile_table().splitlines()
    assert lines[0] == "| kernel | warps | sm_90 |"
    assert lines[2] == "| composite | 1 | 104 / 0 / 4,096 |"
