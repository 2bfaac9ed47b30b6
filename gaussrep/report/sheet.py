"""Panels of several samples in one picture, with titles."""

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from gaussrep.report.panel import Panel

GAP = 8
TITLE = 30


def contact_sheet(rows: Sequence[Sequence[Panel]]) -> Image.Image:
    """Lay out panels row by row, with titles wherever they differ from those above.

    Args:
        rows: At least one row of at least one panel; rows may differ in number and size of panels.

    Returns:
        RGB picture on white.
    """
    titles = [[panel.title for panel in row] for row in rows]
    titled = [above != below for above, below in zip([None, *titles], titles, strict=False)]
    heights = [max(panel.picture.height for panel in row) for row in rows]
    width = max(sum(panel.picture.width + GAP for panel in row) for row in rows) - GAP
    height = sum(heights) + GAP * (len(rows) - 1) + TITLE * sum(titled)
    sheet = Image.new("RGB", (width, height), "white")
    top = 0
    for row, tall, has_titles in zip(rows, heights, titled, strict=True):
        titles_at = top
        top += TITLE * has_titles
        _paste(sheet, row, top, titles_at if has_titles else None)
        top += tall + GAP
    return sheet


def _paste(sheet: Image.Image, row: Sequence[Panel], top: int, titles_at: int | None) -> None:
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=18)
    left = 0
    for panel in row:
        sheet.paste(panel.picture, (left, top))
        if titles_at is not None:
            middle = (left + panel.picture.width / 2, titles_at + TITLE / 2)
            pen.text(middle, panel.title, fill="#222", font=font, anchor="mm")
        left += panel.picture.width + GAP
