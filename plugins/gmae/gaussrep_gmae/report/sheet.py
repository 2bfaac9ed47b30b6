"""Panels of several images in one picture, with titles."""

from PIL import Image, ImageDraw, ImageFont

from gaussrep_gmae.report.panels import SIZE, Panel

GAP = 6
TITLE = 26


def contact_sheet(rows: list[list[Panel]]) -> Image.Image:
    """Lay out one image per row, one kind of panel per column.

    Args:
        rows: Panels per image, the same kinds in the same order.

    Returns:
        RGB picture on white.
    """
    width = GAP + len(rows[0]) * (SIZE + GAP)
    height = TITLE + len(rows) * (SIZE + GAP)
    sheet = Image.new("RGB", (width, height), "white")
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(size=15)
    for column, panel in enumerate(rows[0]):
        x = GAP + column * (SIZE + GAP)
        pen.text((x + SIZE / 2, TITLE / 2), panel.title, fill="#222", font=font, anchor="mm")
    for row, shown in enumerate(rows):
        for column, panel in enumerate(shown):
            place = (GAP + column * (SIZE + GAP), TITLE + row * (SIZE + GAP))
            sheet.paste(panel.picture, place)
    return sheet
