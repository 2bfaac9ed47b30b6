import re
from xml.etree import ElementTree

import pytest
import torch

from gaussrep.report.charts import (
    BINS,
    bin_fractions,
    histogram_chart,
    metrics_charts,
    read_series,
)

STYLES = {"color_loss": ("color", "red"), "depth_loss": ("depth", "blue")}


@pytest.fixture
def write_log(tmp_path):
    def write(text):
        (tmp_path / "metrics.csv").write_text(text)
        return tmp_path

    return write


def texts(svg):
    return [element.text for element in ElementTree.fromstring(svg).iter() if element.text]


def test_bins_hold_all_values_also_those_outside():
    values = torch.tensor([-1.0, 0.0, 0.01, 0.5, 0.5, 1.0, 7.0])
    fractions = bin_fractions(values, 0.0, 1.0)
    assert len(fractions) == BINS
    assert fractions.sum().item() == pytest.approx(1)
    assert (7 * fractions[[0, 20, -1]]).tolist() == pytest.approx([3, 2, 2])


def test_a_histogram_shows_its_label_percent_and_mark():
    values = torch.linspace(0, 1, 100)
    plain = histogram_chart("Opacities", "opacity", values, (0.0, 1.0))
    marked = histogram_chart("Opacities", "opacity", values, (0.0, 1.0), mark=0.3)
    assert plain.title == "Opacities"
    assert "opacity" in texts(plain.svg)
    assert any(text.endswith("%") for text in texts(plain.svg))
    assert 'id="mark"' in marked.svg
    assert 'id="mark"' not in plain.svg


def test_a_chart_is_the_same_in_every_run_and_needs_no_other_file():
    values = torch.linspace(0, 1, 100)
    first, second = (histogram_chart("A", "a", values, (0.0, 1.0)).svg for _ in range(2))
    assert first == second
    assert first.startswith("<svg")
    assert not re.search(r'(href|src)="(?!#)', first)


def test_charts_of_one_page_share_no_clip_path():
    values = torch.linspace(0, 1, 100)
    ids = [
        set(re.findall(r'<clipPath id="([^"]+)"', histogram_chart(t, "a", values, (0.0, 1.0)).svg))
        for t in "AB"
    ]
    assert ids[0]
    assert not ids[0] & ids[1]


def test_a_run_that_logged_nothing_has_no_chart(tmp_path, write_log):
    assert metrics_charts(tmp_path) == []
    assert metrics_charts(write_log("step,lr\n1,0.1\n")) == []


def test_every_logged_column_is_a_series(write_log):
    run = write_log("step,color_loss,depth_loss\n1,1,\n2,0.1,0.1\n3,0.1,1\n")
    assert read_series(run, STYLES) == {
        "color_loss": [(1.0, 1.0), (2.0, 0.1), (3.0, 0.1)],
        "depth_loss": [(2.0, 0.1), (3.0, 1.0)],
    }
    (chart,) = metrics_charts(run, "Parts", STYLES)
    assert chart.title == "Parts"
    assert {"color", "depth", "step"} <= set(texts(chart.svg))


def test_values_without_a_logarithm_are_left_out(write_log):
    run = write_log("step,color_loss\n1,0\n2,nan\n3,inf\n4,-1\n5,0.5\n6,0.25\n")
    assert read_series(run, STYLES) == {"color_loss": [(5.0, 0.5), (6.0, 0.25)]}


def test_training_is_smoothed_and_validation_is_not(write_log):
    rows = "".join(f"{i},{1 + i % 2},{1 + i % 2}\n" for i in range(60))
    series = read_series(write_log("step,loss,val_loss\n" + rows), ("loss", "val_loss"))
    assert {value for _, value in series["loss"][1:]} == {1.5}
    assert {value for _, value in series["val_loss"]} == {1.0, 2.0}
