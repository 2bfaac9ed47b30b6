"""Encoded images, and tar shards of them."""

import io
import tarfile

import numpy as np
from PIL import Image


def png(number: int) -> bytes:
    """A small image that its number tells apart from others."""
    stream = io.BytesIO()
    pixels = np.random.default_rng(number).integers(0, 255, (12, 10, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def write_tar(path, files: dict[str, bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


def labeled(numbers) -> dict[str, bytes]:
    """Samples of WebDataset: an image and a class."""
    files = {}
    for number in numbers:
        files[f"{number:04}.png"] = png(number)
        files[f"{number:04}.cls"] = f"{number % 3}\n".encode()
    return files
