import torch

from gaussrep.report.panel import Panel
from gaussrep.report.sheet import GAP, TITLE, contact_sheet

RED, BLUE = torch.tensor([1.0, 0, 0]), torch.tensor([0, 0, 1.0])


def panel(title, color, size):
    return Panel.of(title, color.expand(2, 2, 3), size)


def test_rows_may_differ_in_size_and_number():
    first = [panel("a", RED, (20, 10)), panel("b", BLUE, (20, 10))]
    sheet = contact_sheet([first, [panel("c", RED, (60, 30))]])
    assert sheet.size == (60, TITLE + 10 + GAP + TITLE + 30)
    assert sheet.getpixel((25, TITLE + 5)) == (255, 255, 255)
    assert sheet.getpixel((20 + GAP, TITLE)) == (0, 0, 255)
    assert sheet.getpixel((59, sheet.height - 1)) == (255, 0, 0)


def test_titles_are_not_said_twice():
    row = [panel("a", RED, (20, 10))]
    assert contact_sheet([row, row]).height == TITLE + 10 + GAP + 10
