import re

import pytest

from gaussrep.report.curve import log_curve, loss_curve

LINES = {"color_loss": ("color", "red"), "depth_loss": ("depth", "blue")}


@pytest.fixture
def write_log(tmp_path):
    def write(text):
        (tmp_path / "metrics.csv").write_text(text)
        return tmp_path

    return write


def heights(svg):
    """From the top, of each point of each line."""
    lines = re.findall(r'points="([^"]+)"', svg)
    return [[float(point.split(",")[1]) for point in line.split()] for line in lines]


def test_a_run_that_logged_nothing_has_no_curve(tmp_path, write_log):
    assert loss_curve(tmp_path) == []
    assert loss_curve(write_log("step,lr\n1,0.1\n")) == []


def test_a_line_per_column_that_is_there(write_log):
    run = write_log("step,color_loss,depth_loss\n1,1,\n2,0.1,0.1\n3,0.1,1\n")
    (figure,) = log_curve(run, "Parts", LINES)
    assert figure.title == "Parts"
    color, depth = heights(figure.svg)
    assert color == [depth[1], depth[0], depth[0]]


def test_values_that_no_logarithm_shows_are_left_out(write_log):
    run = write_log("step,color_loss\n1,0\n2,nan\n3,inf\n4,-1\n5,0.5\n6,0.25\n")
    (figure,) = log_curve(run, "Parts", LINES)
    assert len(heights(figure.svg)[0]) == 2


def test_training_is_smoothed_and_validation_is_not(write_log):
    rows = "".join(f"{i},{1 + i % 2},{1 + i % 2}\n" for i in range(60))
    (figure,) = loss_curve(write_log("step,loss,val_loss\n" + rows))
    smooth, rough = heights(figure.svg)
    assert len(set(smooth[1:])) == 1
    assert len(set(rough)) == 2
