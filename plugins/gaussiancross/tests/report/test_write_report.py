import json
import re

import pytest
import torch
from PIL import Image

import gaussrep as gr
from gaussrep import plugins
from gaussrep.errors import DataError
from gaussrep_gaussiancross import losses
from gaussrep_gaussiancross.report import write_report
from gaussrep_gaussiancross.report.write_report import MAX_VIEWS, select_scene
from gaussrep_gaussiancross.scene_batch import cameras_of

LOG = """step,loss,color_loss,depth_loss,semantic_loss,val_loss
1,0.9,0.5,0.2,0.2,
2,0.6,0.3,0.2,0.1,0.7
3,0.5,0.2,0.2,0.1,0.6
"""
VIEW = ["real", "rendered", "depth", "rendered depth", "error", "teacher", "rendered features"]
REST = ["real", "all 256 Gaussians", "the", *2 * ("points", "Gaussians", "features")]
REST += [*3 * ("cosine",), "classes", "k-means, 3 groups"]
PROBE = {
    "evaluation": "semantic-probe",
    "step": 40,
    "scores": {"gaussiancross": {"miou": 0.4321, "macc": 0.5, "all_acc": 0.75}},
}
LIGHT = 3e6
"""Bytes of a page on one scene, at most."""
C0 = 0.28209479177387814
"""Spherical harmonic of degree 0, by which PLY files hold colors."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("report")


@pytest.fixture
def page(method, make_shown, folder):
    """A report on two scenes, written once."""
    if not (folder / "report.html").exists():
        (folder / "metrics.csv").write_text(LOG)
        (folder / "evaluations").mkdir()
        (folder / "evaluations" / "semantic-probe.json").write_text(json.dumps(PROBE))
        write_report(method, make_shown(2), folder, folder)
    return (folder / "report.html").read_text(encoding="utf-8")


def titles_of(page):
    return re.findall(r'<img alt="([^"]+)"', page)


def test_page_holds_every_panel_of_every_scene(page):
    titles, wanted = titles_of(page), [*2 * [*VIEW, "alpha"], *REST]
    assert len(titles) == 2 * len(wanted)
    for title, start in zip(titles, 2 * wanted, strict=True):
        assert title.startswith(start)
    assert re.findall(r"<h2>([^<]+)", page) == ["&lt;room 0&gt;", "&lt;room 1&gt;"]
    assert len(page) < LIGHT


def test_page_needs_no_other_file_and_links_to_its_own(page, folder):
    assert all(source.startswith("data:image/") for source in re.findall(r'src="([^"]*)', page))
    without_names = re.sub(r'xmlns(:xlink)?="[^"]*"', "", page)
    assert not re.search(r"https?:|@import|url\((?!#)|fetch\(", without_names)
    links = re.findall(r' href="([^#"][^"]*)', page)
    assert links == [f"report/scene-0{i}.{suffix}" for i in range(2) for suffix in ("png", "ply")]
    assert {path.name for path in (folder / "report").iterdir()} == {
        "overview.png", *(link.removeprefix("report/") for link in links)
    }  # fmt: skip


def test_numbers_are_those_of_the_whole_scene(method, make_shown, tmp_path):
    shown = make_shown()
    with torch.no_grad():
        field = method.field(shown.batch)
        rendering = method.render(field, cameras_of(shown.batch))
    depths = field.cuboid.normalize_depth(shown.batch["depths"])
    error = losses.depth_error(rendering, depths, field.cuboid.scale[:, 0]).item()
    psnr = losses.psnr(rendering, shown.batch["images"]).mean().item()
    places = [(1.0, 1.0, 0.0), (2.0, 0.0, 1.0)]
    report = write_report(method, shown, tmp_path, tmp_path / "out", places)
    assert f"2 rendered views of 1 scene reach {psnr:.1f} dB" in report.summary
    assert f"off by {error:.2f} m;" in report.summary
    assert report.summary.endswith(
        f" {field.opacity_mask.float().mean():.0%} of the Gaussians are kept."
    )
    assert report.page == tmp_path / "out" / "report.html"
    html = report.page.read_text(encoding="utf-8")
    assert f"{int(field.opacity_mask.sum())} of 256 Gaussians kept" in html
    assert f"{len(shown.batch['points'])} points" in html
    assert sum(title.startswith("cosine") for title in titles_of(html)) == len(places)


def test_gaussians_load_back_in_meters(page, folder, method, make_shown):
    batch = make_shown(2).batch
    for number in range(2):
        with torch.no_grad():
            output = method.gaussians(select_scene(batch, number))[0]
        loaded = gr.load(folder / "report" / f"scene-0{number}.ply")
        for name in ("means", "scales", "opacities"):
            torch.testing.assert_close(getattr(loaded, name), getattr(output, name))
        torch.testing.assert_close(loaded.sh[:, 0] * C0 + 0.5, output.colors)


def test_charts_and_overview(page, folder):
    captions = re.findall(r"</svg><figcaption>([^<]+)", page)
    parts = ["Opacities, all", "Scales, all"]
    assert captions == ["Loss", "Weighted parts of the loss", *parts, *parts]
    legends = ["training (smoothed)", "color", "depth", "features"]
    assert set(legends) <= set(re.findall(r"<text[^>]*>([^<]+)", page))
    assert page.count('id="mark"') == 2
    with Image.open(folder / "report" / "overview.png") as overview:
        assert overview.width == 1384
        assert len(overview.convert("RGB").getcolors(1 << 24)) > 100


def test_scores_of_the_run_are_shown(page):
    assert re.findall(r"<td>([^<]*)", page) == ["gaussiancross", "43.2%", "50.0%", "75.0%"]
    assert "after 40 steps" in page


def test_what_is_not_there_is_left_out(make_method, make_shown, tmp_path):
    shown = make_shown()
    shown.batch["labels"][:] = -1
    shown.batch["depths"][:] = 0
    method = make_method(semantic_weight=0.0).eval()
    html = write_report(method, shown, tmp_path, tmp_path).page.read_text(encoding="utf-8")
    titles = titles_of(html)
    assert titles[5] == "alpha"
    assert titles[-1].startswith("cosine")
    assert html.count("no depth was measured") == 1 + 2
    for words in ("off by", "cosine with the teacher", "<h3>Classes", "Loss", "<table>"):
        assert words not in html


def test_scenes_without_views_are_refused(method, make_shown, tmp_path):
    with pytest.raises(DataError, match=r"set data\.views"):
        write_report(method, make_shown(views=0), tmp_path, tmp_path)


def test_the_method_names_its_report():
    assert plugins.find("methods", "gaussiancross").load_report() is write_report


def test_a_scene_alone_is_a_batch_of_one(make_batch, method):
    batch = make_batch(3)
    alone = select_scene(batch, 1)
    assert torch.equal(alone["points"], batch["points"][batch["scene"] == 1])
    assert alone["scene"].unique().tolist() == [0]
    assert alone["index"].tolist() == [1]
    assert torch.equal(alone["images"], batch["images"][1:2])
    with torch.no_grad():
        together = method.gaussians(batch)[1]
        found = method.gaussians(alone)[0]
    torch.testing.assert_close(found.means, together.means[: found.count])


def test_a_few_of_many_views_are_shown(make_batch):
    batch = make_batch()
    batch["frames"] = torch.arange(18).view(2, 9)
    assert select_scene(batch, 1)["frames"].tolist() == [list(range(9, 9 + MAX_VIEWS))]
