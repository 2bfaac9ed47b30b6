"""Pictures beside a page."""

from pathlib import Path

from PIL import Image

from gaussrep.atomic_files import atomic_write


def write_png(picture: Image.Image, path: Path) -> None:
    """Write a picture, whole or not at all.

    Args:
        picture: RGB.
        path: The file, overwritten if it exists.
    """
    with atomic_write(path) as temporary:
        picture.save(temporary, "PNG")
