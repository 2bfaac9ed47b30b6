from PIL import Image

from gaussrep.report.data_url import data_url
from gaussrep.report.write_png import write_png


def test_a_picture_comes_back(tmp_path):
    picture = Image.linear_gradient("L").convert("RGB")
    write_png(picture, tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as found:
        assert found.convert("RGB").tobytes() == picture.tobytes()
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_few_colors_stay_exact_in_a_page():
    assert data_url(Image.new("RGB", (4, 4))).startswith("data:image/png")
    assert data_url(Image.linear_gradient("L").convert("RGB")).startswith("data:image/webp")
