from pathlib import Path

import pytest

from fit_builds import AFTER, Mark, arguments, compare, summarize


def test_times_are_those_of_the_last_three_fifths():
    marks = [Mark(1, 4.0, 3.0), Mark(50, 6.0, 4.5), Mark(100, 8.0, 5.0), Mark(150, 9.0, 5.6)]
    marks += [Mark(200, 10.0, 6.0), Mark(250, 12.0, 7.5)]
    assert summarize(marks) == {
        "start_s": 4.0,
        "start_processor_s": 3.0,
        "step_ms": pytest.approx(1000 * 4 / 150, abs=1e-3),
        "step_processor_ms": pytest.approx(1000 * 2.5 / 150, abs=1e-3),
    }


def test_ratios_are_medians_of_those_within_a_turn():
    turns = [
        {"old": {"load": 1.0, "step_ms": old, "psnr": 40.0}, "new": {"step_ms": new, "psnr": 41.0}}
        for old, new in ((10.0, 5.0), (30.0, 10.0), (8.0, 1.0))
    ]
    assert compare(turns) == {
        "old": {"step_ms": 10.0, "psnr": 40.0},
        "new": {"step_ms": 5.0, "psnr": 41.0},
        "ratios": {"step_ms": 3.0},
    }


def test_older_checkouts_get_their_names_of_settings(tmp_path):
    room = tmp_path / "room"
    assert "init.count=8000" in arguments(AFTER, "room", room)
    older = arguments(tmp_path, "room", room)
    assert older[:2] == ["fit", str(room)]
    assert {"start.count=8000", "strategy.most=12000", "data.size=160"} <= set(older)
    assert arguments(Path(tmp_path), "balls", None)[1] == "synthetic:balls"
