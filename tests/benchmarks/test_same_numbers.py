import json
import subprocess
import sys

import numpy as np
import pytest


@pytest.fixture
def same(script):
    return script("same_numbers")


@pytest.fixture
def probe(script):
    return script("same_numbers_probe")


@pytest.fixture
def kept(script):
    return script("number_parts")


@pytest.fixture
def part(kept):
    """A part of some float32 numbers, as the probe writes it."""
    return lambda *numbers: kept.array_part(np.array(numbers, np.float32))


def only(rows):
    (row,) = rows
    return row


def test_equal_digests_are_equal(same, part):
    items = {"render": {"parts": {"color": part(0, 1), "alpha": part(1)}}}
    assert same.compare(items, items) == [same.Row("render", "equal")]


def test_a_difference_is_measured(same, part):
    before = {"render": {"parts": {"color": part(0, 1, 2), "alpha": part(1)}}}
    after = {"render": {"parts": {"color": part(0, 1.5, 2.25), "alpha": part(1)}}}
    row = only(same.compare(before, after))
    assert row.status == "differs"
    assert row.notes == ("1 of 2 parts", "color by 0.5, 2 of 3 values")


@pytest.mark.parametrize(
    ("before", "after", "output"),
    [
        ((1.0, np.nan), (1.0, np.nan), "is stored otherwise"),
        ((1.0, np.nan), (np.nan, np.nan), "by inf, 1 of 2 values"),
        ((1.0,), (1.0, 2.0), "has size 2, before 1"),
        ((0.0,), (-0.0,), "is stored otherwise"),
    ],
)
def test_what_has_no_distance_is_reported(same, part, before, after, output):
    assert same.difference(part(*before), part(*after)) == output


def test_thinned_values_give_a_bound(same, part, kept, monkeypatch):
    monkeypatch.setattr(kept, "KEPT", 2)
    assert same.difference(part(0, 0, 0, 0), part(0, 0, 3, 0)) == "by at least 3, 1 of 2 values"
    hidden = same.difference(part(0, 0, 0, 0), part(0, 3, 0, 0))
    assert hidden == "has other bytes, though the values kept are equal"


def test_renamed_parts_are_found_by_content(same, part):
    before = {"train": {"parts": {"step": part(1), "loss": part(2), "lr": part(3)}}}
    after = {"train": {"parts": {"step": part(1), "rate": part(3), "total": part(2)}}}
    row = only(same.compare(before, after))
    assert row == same.Row("train", "equal", ("2 renamed", "loss → total", "lr → rate"))


def test_renamed_parts_with_other_content_are_compared_in_order(same, part):
    before = {"train": {"parts": {"loss": part(2), "lr": part(3)}}}
    after = {"train": {"parts": {"rate": part(3), "total": part(2.5), "more": part(0)}}}
    row = only(same.compare(before, after))
    output = ("2 of 3 parts", "loss → total by 0.5, 1 of 1 values", "more is only in after")
    assert row == same.Row("train", "differs", output)


def test_equal_contents_are_not_counted_twice(same, part):
    before = {"train": {"parts": {"a": part(0), "b": part(0)}}}
    after = {"train": {"parts": {"c": part(0)}}}
    assert only(same.compare(before, after)).notes == ("1 of 2 parts", "b is only in before")


def test_errors_and_missing_items_are_no_equality(same, part, capsys):
    good, bad = {"parts": {"x": part(0)}}, {"error": "KeyError: 'x'"}
    rows = same.compare({"a": good, "b": bad, "c": good}, {"a": bad, "b": bad, "d": good})
    assert [row.status for row in rows] == ["fails", "fails", "only in before", "only in after"]
    assert rows[1].notes == ("before: KeyError: 'x'", "after: KeyError: 'x'")
    assert not same.report(rows)
    assert capsys.readouterr().out.endswith("\n0 of 4 equal\n")
    assert not same.report([])


def test_timings_are_left_out_and_cells_are_exact(kept):
    text = "step,loss,samples_per_second,val_loss\n1,0.50,3.5,\n2,0.25,7.0,0.125\n"
    parts = kept.table_parts(text)
    assert list(parts) == ["column step", "column loss", "column val_loss"]
    other = kept.table_parts(text.replace("0.50", "0.5"))
    assert other["column loss"]["digest"] != parts["column loss"]["digest"]
    assert other["column loss"]["values"] == parts["column loss"]["values"]


def test_an_item_that_raises_costs_only_itself(probe):
    def fails():
        raise ValueError("first line\n╭─ Error ─╮\n│ second line │\n╰─────────╯")

    found = probe.probe([("bad", fails), ("good", dict)])
    assert found == {"bad": {"error": "ValueError: second line"}, "good": {"parts": {}}}


def test_plugins_of_a_checkout_are_registered(same, tmp_path, monkeypatch):
    package = tmp_path / "plugins" / "one"
    package.mkdir(parents=True)
    (tmp_path / "plugins" / "empty").mkdir()
    (package / "pyproject.toml").write_text(
        '[project]\nname = "gaussrep-one"\nversion = "0.2.0"\n'
        '[project.entry-points.gaussrep]\none = "gaussrep_one.plugin"\n'
    )
    monkeypatch.setenv("GAUSSREP_PLUGINS", "another")
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    variables = same.environment(tmp_path, tmp_path / "work")
    assert variables["GAUSSREP_PLUGINS"] == "gaussrep-one"
    assert "elsewhere" not in variables["PYTHONPATH"]
    info = tmp_path / "work" / "metadata" / "gaussrep_one-0.2.0.dist-info"
    assert (info / "entry_points.txt").read_text() == "[gaussrep]\none = gaussrep_one.plugin\n"


def test_files_are_compared_by_the_command(same, part, tmp_path):
    def write(name, value):
        parts = {"x": part(value)}
        content = {"commit": name, "facts": {"torch": name}, "items": {"a": {"parts": parts}}}
        (tmp_path / name).write_text(json.dumps({"before": content}))

    def call(*arguments):
        command = [sys.executable, same.__file__, *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    write("old", 1)
    write("new", 2)
    assert call("old", "old").returncode == 0
    done = call("old", "new", "--out", "result.json")
    assert done.returncode == 1
    assert done.stdout.splitlines()[1:] == [
        "a  differs", "    1 of 1 parts", "    x by 1, 1 of 1 values", "0 of 1 equal"
    ]  # fmt: skip
    assert done.stderr == "warning: torch was old, is new\n"
    assert json.loads((tmp_path / "result.json").read_text())["rows"][0]["status"] == "differs"
    (tmp_path / "other").write_text("[]")
    assert call("other", "new").stderr == "error: other is not a file that --out wrote\n"
    assert call("old", "nowhere").returncode == 1
