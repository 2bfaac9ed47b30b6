import re
from math import log10

import pytest
import torch
from PIL import Image

from gaussrep_gmae.report import write_report
from gaussrep_gmae.report.chart import Series, line_chart
from gaussrep_gmae.report.ellipses import draw_ellipses
from gaussrep_gmae.report.measure import measure

LOG = "step,loss,val_loss\n1,0.5,\n2,0.3,\n3,0.2,0.25\n4,0.1,\n"


def test_report_is_one_page_with_everything_in_it(make_method, images, tmp_path):
    (tmp_path / "metrics.csv").write_text(LOG)
    with torch.no_grad():
        report = write_report(make_method().eval(), images, tmp_path, tmp_path)
    html = report.page.read_text(encoding="utf-8")
    assert report.page == tmp_path / "report.html"
    assert len(re.findall(r'src="data:image/png', html)) == 3 * 8
    assert not re.findall(r'(?:src|href)="(?!data:)', html)
    assert html.count("<polyline") == 2
    assert re.search(r"[+-]\d+\.\d dB against", report.summary)
    pictures = sorted(path.name for path in (tmp_path / "report").iterdir())
    assert pictures == ["image-00.png", "image-01.png", "image-02.png", "overview.png"]
    with Image.open(tmp_path / "report" / "overview.png") as overview:
        assert len(overview.convert("RGB").getcolors(1 << 24)) > 100


def test_report_without_a_log_has_no_curve(make_method, images, tmp_path):
    report = write_report(make_method().eval(), images[:1], tmp_path, tmp_path / "out")
    assert "<polyline" not in report.page.read_text(encoding="utf-8")


def test_gain_over_the_mean_visible_colour():
    image = torch.zeros(1, 3, 2, 2)
    image[0, :, 1] = 1.0
    masked = torch.tensor([[[False, False], [True, True]]])
    picture = torch.full((1, 2, 2, 3), 0.9)
    (gain,) = measure(image, picture, masked)
    assert gain.baseline == pytest.approx(0.0)
    assert gain.psnr == pytest.approx(-20 * log10(0.1), rel=1e-4)
    assert gain.decibels == pytest.approx(20, rel=1e-4)


def test_ellipses_show_colour_and_place(make_method, images):
    gaussians = make_method(gaussians=2).gaussians({"image": images}).detach()[0]
    gaussians = gaussians.replace(
        means=torch.tensor([[-0.5, -0.5, 0], [0.5, 0.5, 0]]),
        scales=torch.full((2, 3), 0.1),
        opacities=torch.tensor([1.0, 0.01]),
        colors=torch.tensor([[1.0, 0, 0], [0, 0, 1]]),
    )
    picture = draw_ellipses(gaussians, 80)
    red, green, _ = picture.getpixel((20, 20))
    assert red > 200 > green
    assert picture.getpixel((60, 60)) == (255, 255, 255)


def test_chart_places_points_on_a_log_axis():
    chart = line_chart([Series("loss", [(0.0, 1.0), (10.0, 0.1)], "black")], "step", "loss")
    (x0, y0), (x1, y1) = re.findall(r"([\d.]+),([\d.]+)", re.search(r'points="([^"]+)"', chart)[1])
    assert float(x0) < float(x1)
    assert float(y0) < float(y1)
    assert ">0.1</text>" in chart
    assert ">1</text>" in chart
