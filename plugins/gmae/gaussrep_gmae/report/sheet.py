"""Panels of several images in one picture, with titles."""

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from gaussrep_gmae.report.panel import SIZE, Panel

GAP = 8
TITLE = 30


def contact_sheet(rows: Sequence[Sequence[Panel]]) -> Image.Image:
    """Lay out panels in rows and columns, with titles wherever they differ from those above.

    Args:
        rows: As many panels in each; at least one row.

    Returns:
        RGB picture on white.
    """
    titles = [[panel.title for panel in row] for row in rows]
    titled = [above != below for above, below in zip([None, *titles], titles, strict=False)]
    width = len(rows[0]) * (SIZE + GAP) - GAP
    height = len(rows) * (SIZE + GAP) - GAP + sum(titled) * TITLE
    sheet = Image.new("RGB", (width, height), "white")
    top = 0
    for row, has_titles in zip(rows, titled, strict=True):
        if has_titles:
            _write_titles(sheet, row, top)
            top += TITLE
        for column, panel in enumerate(row):
            sheet.paste(panel.picture, (column * (SIZE + GAP), top))
        top += SIZE + GAP
    return sheet


def _write_titles(sheet: Image.Image, row: Sequence[Panel], top: int) -> None:
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=18)
    for column, panel in enumerate(row):
        middle = (column * (SIZE + GAP) + SIZE / 2, top + TITLE / 2)
        pen.text(middle, panel.title, fill="#222", font=font, anchor="mm")
