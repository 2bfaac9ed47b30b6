import re

import pytest
import torch
from markupsafe import Markup

import gaussrep as gr
from gaussrep.report.builder import (
    Article,
    ReportPage,
    Row,
    Table,
    Text,
)
from gaussrep.report.charts import Chart
from gaussrep.report.images import Panel


@pytest.fixture
def page():
    panel = Panel.from_pixels("a < b", torch.rand(4, 4, 3), (12, 8))
    gaussians = gr.Gaussians(
        means=torch.zeros(1, 3),
        quats=torch.tensor([[1.0, 0, 0, 0]]),
        scales=torch.ones(1, 3),
        opacities=torch.ones(1),
        colors=torch.ones(1, 3),
    )
    blocks = [
        Text("Views", "heading"),
        Text("1 < 2"),
        Text(Markup("<b>3 dB</b>"), "numbers"),
        Row([panel, panel], [Chart("Scales", "<svg></svg>")], columns=4),
        Table("Scores", ["", "top1"], [["method", "0.5"]]),
        Text(Markup("<canvas></canvas>"), "html"),
    ]
    return ReportPage(
        title="Run & report",
        summary="Summary.",
        facts=[("Image", "64 px")],
        charts=[Chart("Loss", "<svg></svg>")],
        articles=[
            Article("image-00", "first", blocks, gaussians, title="First"),
            Article("image-01", "second", [Row([panel])]),
        ],
        overview=[[panel]],
        css=".own { color: red; }\n",
    )


def test_all_blocks_are_rendered_and_text_is_escaped(page, tmp_path):
    html = page.write(tmp_path).read_text(encoding="utf-8")
    assert "<h1>Run &amp; report</h1>" in html
    assert "<h2>First</h2>" in html
    assert '<p class="note">1 &lt; 2</p>' in html
    assert '<p class="numbers"><b>3 dB</b></p>' in html
    assert html.count("<figcaption>a &lt; b</figcaption>") == 3
    assert re.findall(r"</svg><figcaption>([^<]+)", html) == ["Loss", "Scales"]
    assert "--columns: 4" in html
    assert "<td>0.5</td>" in html
    assert "<canvas></canvas>" in html
    assert html.index(":root") < html.index(".own { color: red; }")
    assert "<script>" not in html


def test_files_beside_the_page_are_linked(page, tmp_path):
    html = page.write(tmp_path).read_text(encoding="utf-8")
    files = {path.name for path in (tmp_path / "report").iterdir()}
    assert files == {"overview.png", "image-00.png", "image-00.ply", "image-01.png"}
    links = re.findall(r'href="(report/[^"]+)"', html)
    assert {link.removeprefix("report/") for link in links} == files - {"overview.png"}
    assert gr.load(tmp_path / "report" / "image-00.ply").count == 1


def test_the_page_refers_to_nothing_else(page, tmp_path):
    html = page.write(tmp_path).read_text(encoding="utf-8")
    assert all(source.startswith("data:image/") for source in re.findall(r'src="([^"]+)"', html))
