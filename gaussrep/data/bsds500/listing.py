"""Which photographs and annotations a copy of BSDS500 holds."""

from pathlib import Path

from gaussrep.data.image_file import SUFFIXES
from gaussrep.errors import DataError

PLACES = (".", "data", "BSDS500/data", "BSR/BSDS500/data")
"""Where the data may lie under the root; the archive BSR_bsds500.tgz has it in the last."""


def list_pairs(root: Path, split: str) -> list[tuple[Path, Path]]:
    """Pair each photograph with its annotations.

    Args:
        root: Folder of the data or of the published archive.
        split: Name of the subfolders.

    Returns:
        Photographs and MATLAB files, sorted by name.

    Raises:
        DataError: If a folder is missing or empty, or a file has no partner.
    """
    data = _data_folder(root)
    images = _by_stem(data / "images" / split, SUFFIXES)
    annotations = _by_stem(data / "groundTruth" / split, (".mat",))
    for stem in sorted(images.keys() ^ annotations.keys()):
        if stem in images:
            lacks = data / "groundTruth" / split / f"{stem}.mat"
            raise DataError(f"{images[stem]}: this photograph's annotations, {lacks}, are missing.")
        lacks = data / "images" / split / f"{stem}.jpg"
        raise DataError(f"{annotations[stem]}: the photograph for these, {lacks}, is missing.")
    if not images:
        raise DataError(f"{data / 'images' / split}: this folder holds no picture.")
    return [(images[stem], annotations[stem]) for stem in sorted(images)]


def _data_folder(root: Path) -> Path:
    for place in PLACES:
        if (root / place / "images").is_dir() and (root / place / "groundTruth").is_dir():
            return root / place
    raise DataError(
        f"{root}: wanted the folder of BSDS500 that holds the folders images and groundTruth."
    )


def _by_stem(folder: Path, suffixes: tuple[str, ...]) -> dict[str, Path]:
    try:
        return {
            path.stem: path
            for path in folder.iterdir()
            if path.name.lower().endswith(suffixes) and not path.name.startswith(".")
        }
    except OSError as error:
        raise DataError(f"{folder}: cannot be read: {error.strerror}.") from error
