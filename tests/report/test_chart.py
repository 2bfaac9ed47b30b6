import re

from gaussrep.report.chart import Series, line_chart


def test_chart_places_points_on_a_log_axis():
    chart = line_chart([Series("loss", [(0.0, 1.0), (10.0, 0.1)], "black")], "step", "loss")
    (x0, y0), (x1, y1) = re.findall(r"([\d.]+),([\d.]+)", re.search(r'points="([^"]+)"', chart)[1])
    assert float(x0) < float(x1)
    assert float(y0) < float(y1)
    assert ">0.1</text>" in chart
    assert ">1</text>" in chart


def test_a_point_alone_is_a_dot():
    lines = [Series("a", [(0.0, 1.0), (2.0, 0.1)], "black"), Series("b", [(2.0, 0.1)], "red")]
    chart = line_chart(lines, "step", "loss")
    line, dot = (path.split() for path in re.findall(r'points="([^"]+)"', chart))
    assert dot == [line[1], line[1]]
    assert re.findall(r'stroke-width="([^"]+)" stroke-linecap="round"', chart) == ["1.5", "5"]
