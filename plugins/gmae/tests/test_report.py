import re
from base64 import b64decode
from io import BytesIO

import pytest
import torch
from PIL import Image

import gaussrep as gr
from gaussrep import plugins
from gaussrep.methods import ReportSamples
from gaussrep.report import Panel
from gaussrep_gmae.report import write_mae_report, write_report

LOG = "step,loss,val_loss\n1,0.5,\n2,0.3,\n3,0.2,0.25\n4,0.1,\n"
MASKED = ["input", "visible", "reconstruction", "completed"]
OVERVIEW = 4
GAP = 8
SIZE = Panel.SIDE
LIGHT = 3e6
"""Bytes of a page on 16 images, at most."""
C0 = 0.28209479177387814
"""Spherical harmonic of degree 0, by which PLY files hold colors."""


def samples(images):
    return ReportSamples(tuple(map(str, range(len(images)))), {"image": images})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("report")


@pytest.fixture
def method(make_method):
    return make_method().eval()


@pytest.fixture
def report(method, images, folder):
    """A report on three images, written once."""
    if not (folder / "report.html").exists():
        (folder / "metrics.csv").write_text(LOG)
        write_report(method, samples(images), folder, folder)
    return (folder / "report.html").read_text(encoding="utf-8")


def test_page_holds_every_panel_of_every_image(report):
    titles = re.findall(r'<img alt="([^"]+)"', report)
    assert len(titles) == 3 * 18
    row = [*MASKED, "from all patches", "20 Gaussians"]
    row += ["layers", titles[7], "edges", "figure mask", "figure", "ground"]
    row += [f"nearest {count}" for count in (1, 1, 1, 2, 5, 10)]
    assert titles[:18] == row
    assert len(report) < 3 / 16 * LIGHT
    assert re.fullmatch(r"depth 0\.\d\d to [01]\.\d\d", titles[7])
    assert {title for title in titles if title.startswith("depth")} == {titles[7]}
    headings = ["Reconstruction of masked patches", "Zero-shot, from all patches"]
    assert re.findall(r"<h3>([^<]+)", report) == [*headings, "Nearest Gaussians only"] * 3


def test_page_needs_no_other_file_and_links_to_its_own(report, folder):
    assert all(source.startswith("data:image/") for source in re.findall(r'src="([^"]*)', report))
    links = re.findall(r' href="([^#"][^"]*)', report)
    expected = [f"report/image-0{i}.{suffix}" for i in range(3) for suffix in ("png", "ply")]
    assert links == expected
    assert all((folder / link).is_file() for link in links)
    without_names = re.sub(r'xmlns(:xlink)?="[^"]*"', "", report)
    assert not re.search(r"https?:|@import|url\((?!#)", without_names)
    assert {path.name for path in (folder / "report").iterdir()} == {
        "overview.png", *(link.removeprefix("report/") for link in links)
    }  # fmt: skip


def test_images_in_the_page_are_those_of_the_sheet(report, folder):
    data = re.findall(r'src="data:image/(?:png|webp);base64,([^"]*)', report)
    shown = [Image.open(BytesIO(b64decode(text))).convert("RGB") for text in data[:18]]
    assert {image.size for image in shown} == {(SIZE, SIZE)}
    sheet = Image.open(folder / "report" / "image-00.png")
    corner = sheet.crop((2 * (SIZE + GAP), 30, 2 * (SIZE + GAP) + SIZE, 30 + SIZE))
    first, second = (torch.frombuffer(bytearray(p.tobytes()), dtype=torch.uint8).float()
                     for p in (shown[2], corner))  # fmt: skip
    assert first.std() > 5
    assert (first - second).abs().mean() < 4


def test_gaussians_load_back(report, folder, method, images):
    with torch.no_grad():
        gaussians = method.gaussians({"image": images})
    for i in range(3):
        loaded = gr.load(folder / "report" / f"image-0{i}.ply")
        for name in ("means", "scales", "quats", "opacities"):
            torch.testing.assert_close(getattr(loaded, name), getattr(gaussians[i], name))
        colors = loaded.sh[:, 0] * C0 + 0.5
        torch.testing.assert_close(colors, gaussians[i].colors)


def test_charts_legend_and_overview(report, folder):
    titles = re.findall(r"</svg><figcaption>([^<]+)", report)
    assert titles == ["Loss", "Scales", "Opacities", "Depths"]
    assert {"training (smoothed)", "validation"} <= set(re.findall(r"<text[^>]*>([^<]+)", report))
    assert re.findall(r'class="layer"[^>]*>(\d+)', report) == [str(i + 1) for i in range(8)]
    with Image.open(folder / "report" / "overview.png") as overview:
        assert overview.width == OVERVIEW * (SIZE + GAP) - GAP
        assert len(overview.convert("RGB").getcolors(1 << 24)) > 100


def test_summary_is_that_of_the_page(method, images, tmp_path):
    report = write_report(method, samples(images[:1]), tmp_path, tmp_path / "out")
    html = report.page.read_text(encoding="utf-8")
    assert report.page == tmp_path / "out" / "report.html"
    (gain,) = re.findall(r"([+-]\d+\.\d) dB against", report.summary)
    assert f"<strong>{gain} dB</strong> PSNR against its mean visible color." in html
    assert report.summary.endswith("dB against its mean visible color.")
    assert "Loss" not in html


@pytest.mark.parametrize("target", ["plain", "normalized"])
def test_report_of_mae(make_method, images, tmp_path, target):
    (tmp_path / "metrics.csv").write_text(LOG)
    method = make_method("mae", target=target).eval()
    html = write_mae_report(method, samples(images), tmp_path, tmp_path).page.read_text(
        encoding="utf-8"
    )
    assert re.findall(r'<img alt="([^"]+)"', html) == 3 * MASKED
    assert re.findall(r"</svg><figcaption>([^<]+)", html) == ["Loss"]
    assert ("borrowed" in html) == (target == "normalized")
    names = sorted(path.name for path in (tmp_path / "report").iterdir())
    assert names == ["image-00.png", "image-01.png", "image-02.png", "overview.png"]


def test_both_methods_show_the_same_patches(make_method, images, report, tmp_path):
    page = write_mae_report(make_method("mae").eval(), samples(images), tmp_path, tmp_path).page
    pattern = r'alt="visible" src="([^"]*)'
    assert re.findall(pattern, page.read_text(encoding="utf-8")) == re.findall(pattern, report)


def test_both_methods_name_their_report():
    assert plugins.find("methods", "gmae").load_report() is write_report
    assert plugins.find("methods", "mae").load_report() is write_mae_report


def test_few_gaussians_have_few_layers(make_method, images, tmp_path):
    method = make_method(queries=3).eval()
    html = write_report(method, samples(images[:1]), tmp_path, tmp_path).page.read_text(
        encoding="utf-8"
    )
    assert re.findall(r'class="layer"[^>]*>(\d+)', html) == ["1", "2", "3"]
