"""Pictures beside a page."""

from pathlib import Path

from PIL import Image

from gaussrep.replacing import replacing


def write_png(picture: Image.Image, path: Path) -> None:
    """Write a picture, whole or not at all.

    Args:
        picture: RGB.
        path: The file, overwritten if it exists.
    """
    with replacing(path) as temporary:
        picture.save(temporary, "PNG")
