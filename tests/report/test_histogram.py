import re

import pytest
import torch

from gaussrep.report.histogram import Histogram


def test_bins_add_up_and_hold_what_is_outside():
    values = torch.tensor([-1.0, 0.0, 0.01, 0.5, 0.5, 1.0, 7.0])
    histogram = Histogram.of(values, 0.0, 1.0)
    assert sum(histogram.counts) == 7
    assert histogram.counts[0] == 3
    assert histogram.counts[20] == 2
    assert histogram.counts[-1] == 2


def test_bars_are_as_high_as_their_shares():
    bars = re.findall(r'height="([\d.]+)"', Histogram(0.0, 1.0, (1, 3, 0)).draw("x", "y"))
    low, high, none = map(float, bars)
    assert high == pytest.approx(3 * low, rel=0.01)
    assert none == 0.0


def test_a_mark_stands_where_its_value_is():
    histogram = Histogram(0.0, 1.0, (1, 3))
    assert 'class="mark"' not in histogram.draw("x", "y")
    chart = histogram.draw("x", "y", mark=0.5)
    (mark,) = re.findall(r'class="mark" x1="([\d.]+)" x2="\1"', chart)
    assert re.findall(r'<rect x="([\d.]+)"', chart)[1] == mark
