import numpy as np
import torch
from PIL import Image

from gaussrep.report.images import (
    Panel,
    contact_sheet,
    css_color,
    encode_data_url,
    near_to_far,
    save_png,
)

GAP, TITLE = 8, 36
RED, BLUE = torch.tensor([1.0, 0, 0]), torch.tensor([0, 0, 1.0])


def panel(title, color, size):
    return Panel.from_pixels(title, color.expand(2, 2, 3), size)


def test_rows_may_differ_in_size_and_number():
    first = [panel("a", RED, (20, 10)), panel("b", BLUE, (20, 10))]
    sheet = contact_sheet([first, [panel("c", RED, (60, 30))]])
    assert sheet.size == (60, TITLE + 10 + GAP + TITLE + 30)
    assert sheet.getpixel((25, TITLE + 5)) == (255, 255, 255)
    assert sheet.getpixel((20 + GAP, TITLE)) == (0, 0, 255)
    assert sheet.getpixel((59, sheet.height - 1)) == (255, 0, 0)


def test_repeated_titles_are_drawn_once():
    row = [panel("a", RED, (20, 10))]
    assert contact_sheet([row, row]).height == TITLE + 10 + GAP + 10


def test_a_long_title_is_as_narrow_as_its_panel():
    row = [panel("semantic segmentation", BLUE, (60, 10)), panel("a", BLUE, (60, 10))]
    columns = np.asarray(contact_sheet([row]))[:TITLE].min(axis=(0, 2))
    dark = np.flatnonzero(columns < 200)
    assert 50 < dark[dark < 60 + GAP].max() < 60
    assert dark.max() > 60 + GAP


def test_a_saved_image_loads_unchanged(tmp_path):
    image = Image.linear_gradient("L").convert("RGB")
    save_png(image, tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as loaded:
        assert loaded.convert("RGB").tobytes() == image.tobytes()
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_images_of_few_colors_are_lossless_in_a_page():
    assert encode_data_url(Image.new("RGB", (4, 4))).startswith("data:image/png")
    gradient = Image.linear_gradient("L").convert("RGB")
    assert encode_data_url(gradient).startswith("data:image/webp")


def test_the_palette_is_ordered_by_lightness():
    weights = torch.tensor([0.2126, 0.7152, 0.0722])
    assert ((near_to_far(torch.linspace(-0.1, 1.1, 50)) @ weights).diff() <= 1e-6).all()
    assert [css_color(color) for color in near_to_far(torch.tensor([0.0, 1]))] == [
        "#fde725",
        "#482878",
    ]
