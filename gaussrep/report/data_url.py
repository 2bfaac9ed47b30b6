"""Pictures inside a page."""

from base64 import b64encode
from io import BytesIO

from PIL import Image

FEW = 32
"""Pictures of at most so many colors, such as maps of layers, stay exact."""

QUALITY = 90
"""Of all others: a fifth of the bytes of an exact one, and no difference that one sees."""


def data_url(picture: Image.Image) -> str:
    """Write a picture as a URL that holds it.

    Photographs would fill megabytes as PNG and are compressed; the files beside a page are exact.

    Args:
        picture: RGB.

    Returns:
        A `data:` URL.
    """
    buffer = BytesIO()
    if picture.getcolors(FEW):
        picture.save(buffer, kind := "png", optimize=True)
    else:
        picture.save(buffer, kind := "webp", quality=QUALITY)
    return f"data:image/{kind};base64,{b64encode(buffer.getvalue()).decode()}"
