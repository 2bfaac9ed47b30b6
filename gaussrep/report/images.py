"""Images of reports: panels, contact sheets, PNG files, data URLs, and the palette of depth."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import ClassVar

import torch
from jaxtyping import Float
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from gaussrep.runtime.atomic_files import atomic_write

VIRIDIS = ("fde725", "b5de2b", "6ece58", "35b779", "1f9e89", "26828e", "31688e", "3e4989", "482878")
"""Nine colors of viridis (CC0), from its bright end, perceptually uniform in color and in gray."""

_GAP = 8
_TITLE_HEIGHT = 36
_TITLE_SIZE = 28.0  # legible where a sheet of four panels is 400 pixels wide
_TITLE_WIDTH = 0.9  # of the panel; neighboring titles are apart
_FEW_COLORS = 32
_WEBP_QUALITY = 90


@dataclass(frozen=True)
class Panel:
    """An image with a caption.

    Attributes:
        SIDE: Side of a panel in pixels: the image size of GMAE's paper, whose images need no
            resizing.
        title: Caption, a few words.
        image: RGB.
    """

    SIDE: ClassVar[int] = 224

    title: str
    image: Image.Image

    @classmethod
    def from_pixels(
        cls,
        title: str,
        pixels: Float[Tensor, "h w 3"],
        size: tuple[int, int] = (SIDE, SIDE),
    ) -> "Panel":
        """Resize RGB pixels to a panel.

        Args:
            title: Caption.
            pixels: RGB in [0, 1], [H, W, 3]; values outside are clamped.
            size: Width and height of the panel in pixels.

        Returns:
            The panel.
        """
        array = (pixels.clamp(0, 1) * 255).round().byte().cpu().numpy()
        return cls(title, Image.fromarray(array).resize(size, Image.Resampling.BICUBIC))


def contact_sheet(rows: Sequence[Sequence[Panel]]) -> Image.Image:
    """Arrange panels in rows, with titles above a row unless they repeat those of the row above.

    Args:
        rows: At least one row of at least one panel; rows may differ in number and size of panels.

    Returns:
        RGB image with white gaps.
    """
    titles = [[panel.title for panel in row] for row in rows]
    titled = [above != below for above, below in zip([None, *titles], titles, strict=False)]
    heights = [max(panel.image.height for panel in row) for row in rows]
    width = max(sum(panel.image.width + _GAP for panel in row) for row in rows) - _GAP
    height = sum(heights) + _GAP * (len(rows) - 1) + _TITLE_HEIGHT * sum(titled)
    sheet = Image.new("RGB", (width, height), "white")
    top = 0
    for row, row_height, has_titles in zip(rows, heights, titled, strict=True):
        if has_titles:
            _draw_titles(sheet, row, top)
            top += _TITLE_HEIGHT
        left = 0
        for panel in row:
            sheet.paste(panel.image, (left, top))
            left += panel.image.width + _GAP
        top += row_height + _GAP
    return sheet


def _draw_titles(sheet: Image.Image, row: Sequence[Panel], top: int) -> None:
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=_fitting_size(row))
    left = 0
    for panel in row:
        middle = (left + panel.image.width / 2, top + _TITLE_HEIGHT / 2)
        pen.text(middle, panel.title, fill="#222", font=font, anchor="mm")
        left += panel.image.width + _GAP


def _fitting_size(row: Sequence[Panel]) -> float:
    """Return the largest size at which every title is narrower than its panel."""
    largest = ImageFont.load_default(size=_TITLE_SIZE)
    fits = [panel.image.width / max(1, largest.getlength(panel.title)) for panel in row]
    return _TITLE_SIZE * min(1, _TITLE_WIDTH * min(fits))


def save_png(image: Image.Image, path: Path) -> None:
    """Save an image as PNG, atomically.

    Args:
        image: RGB.
        path: The file; overwritten if it exists.
    """
    with atomic_write(path) as temporary:
        image.save(temporary, "PNG")


def encode_data_url(image: Image.Image) -> str:
    """Encode an image as a `data:` URL.

    Images of at most 32 colors, such as layer maps, are lossless PNG; all others are WebP, a fifth
    of the size.

    Args:
        image: RGB.

    Returns:
        The URL.
    """
    buffer = BytesIO()
    if image.getcolors(_FEW_COLORS):
        image.save(buffer, kind := "png", optimize=True)
    else:
        image.save(buffer, kind := "webp", quality=_WEBP_QUALITY)
    return f"data:image/{kind};base64,{b64encode(buffer.getvalue()).decode()}"


def near_to_far(fractions: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape 3"]:
    """Map an ordered quantity to viridis, near bright and far dark.

    Args:
        fractions: 0, the nearest, to 1, the farthest; values outside are clamped.

    Returns:
        RGB in [0, 1].
    """
    colors = torch.tensor([list(bytes.fromhex(color)) for color in VIRIDIS]) / 255
    place = fractions.cpu().clamp(0, 1) * (len(VIRIDIS) - 1)
    below = place.floor().long().clamp(max=len(VIRIDIS) - 2)
    return torch.lerp(colors[below], colors[below + 1], (place - below)[..., None])


def css_color(color: Float[Tensor, " 3"]) -> str:
    """Format a color for CSS.

    Args:
        color: RGB in [0, 1].

    Returns:
        A string such as `#fde725`.
    """
    return "#" + bytes((color * 255).round().int().tolist()).hex()
