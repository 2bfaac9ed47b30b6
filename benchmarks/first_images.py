"""Copy the first images of each class: a small data set that everybody makes alike."""

import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

from gaussrep.errors import DataError, GaussrepError


def first_files(source: Path, count: int) -> list[Path]:
    """A number of images of each class, the first by name.

    Raises:
        DataError: There is no class, or one has fewer images.
    """
    classes = sorted(path for path in source.glob("*") if path.is_dir())
    if not classes:
        raise DataError(f"there is no folder of a class in {source}; expected {source}/CLASS/*.jpg")
    each = [sorted(path for path in folder.iterdir() if path.is_file()) for folder in classes]
    for folder, files in zip(classes, each, strict=True):
        if len(files) < count:
            raise DataError(f"{folder} has {len(files)} images, fewer than the requested {count}")
    return [file for files in each for file in files[:count]]


def main(
    source: Annotated[Path, typer.Argument(help="Folder of train/CLASS/*.jpg, test/CLASS/*.jpg.")],
    out: Annotated[Path, typer.Argument(help="Folder to make.")],
    train: Annotated[int, typer.Option(min=1, help="Images per class.")] = 500,
    test: Annotated[int, typer.Option(min=1, help="Images per class.")] = 200,
) -> None:
    """Copy the first images of each class, by name."""
    if out.exists():
        raise DataError(f"{out} exists already; remove it, or give another OUT")
    counts = {"train": train, "test": test}
    for file in [file for split in counts for file in first_files(source / split, counts[split])]:
        copy = out / file.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, copy)


if __name__ == "__main__":
    try:
        typer.run(main)
    except GaussrepError as error:
        sys.exit(f"error: {error}")
