"""The data set `webdataset`: images in tar shards, in the layout of the library WebDataset."""

import re
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from jaxtyping import Int64

from gaussrep.data.encoded.config import WebDatasetConfig, matching_files
from gaussrep.data.encoded.dataset import EncodedImageDataset, open_images
from gaussrep.data.image_files import MAX_BYTES, SUFFIXES, UnreadableImageError
from gaussrep.data.sample import Split
from gaussrep.errors import DataError
from gaussrep.runtime.plain_files import require_plain

BLOCK = 512
"""Bytes of a block of a tar file (POSIX.1-1988, ustar)."""
META = re.compile(r"__[^/]*__($|/)")
"""Names that WebDataset leaves out."""
LABEL_BYTES = 32
"""Longest file of a label."""
NO_LABEL = -1

IMAGE_FIELDS = tuple(suffix[1:] for suffix in SUFFIXES)
"""Suffixes of images, as WebDataset writes them."""

Place = tuple[int, int]
"""Where the content of a file starts in its shard, and its length."""


@dataclass(frozen=True, slots=True)
class Shard:
    """Index of the images of a shard.

    Attributes:
        path: The shard.
        names: Names of the samples with the suffix of the image, encoded.
        starts: First bytes of the images.
        sizes: Lengths of the images in bytes.
        labels: Classes; `NO_LABEL` if a sample has none.
    """

    path: Path
    names: np.ndarray
    starts: Int64[np.ndarray, " n"]
    sizes: Int64[np.ndarray, " n"]
    labels: Int64[np.ndarray, " n"]


def index_shard(path: Path, fields: tuple[str | None, str]) -> Shard:
    """Find the images of a shard from the headers of its files; nothing is decoded.

    Args:
        path: An uncompressed tar file.
        fields: Suffixes of images, None for that of the only one, and of labels.

    Returns:
        Their names, byte ranges and labels.

    Raises:
        DataError: It is damaged, compressed or missing, a sample has several images, or a label is
            no whole number.
    """
    from webdataset.tariterators import group_by_keys

    try:
        require_plain(path)
        with path.open("rb") as file:
            rows = [
                _row(sample, file, *fields)
                for sample in group_by_keys(_members(file, path.stat().st_size))
            ]
    except (OSError, tarfile.TarError, ValueError, OverflowError, RecursionError) as error:
        reason = str(error.args[0] if error.args else error).partition("\n")[0].rstrip(".")
        raise DataError(
            f"{path}: this shard cannot be read ({reason}); expected an uncompressed tar file of "
            "WebDataset."
        ) from error
    found = [row for row in rows if row is not None]
    names = np.array([name for name, *_ in found], dtype=np.bytes_)
    numbers = np.array([row[1:] for row in found], dtype=np.int64).reshape(-1, 3)
    return Shard(path, names, *np.ascontiguousarray(numbers.T))


def _members(file: BinaryIO, end: int) -> Iterator[dict[str, Any]]:
    """Yield the files of a shard as WebDataset does, with places instead of contents."""
    with tarfile.open(fileobj=file, mode="r:") as archive:
        while (member := archive.next()) is not None:
            archive.members.clear()  # pyright: ignore[reportAttributeAccessIssue] - else it grows
            if member.size < 0 or member.offset_data + member.size > end:
                raise ValueError(f"{member.name!r} ends after the end of the shard")
            if member.isreg() and not member.issparse() and not META.match(member.name):
                place = (member.offset_data, member.size)
                yield {"fname": member.name, "data": place, "__url__": file.name}
        file.seek(archive.offset)
        if file.read(BLOCK).strip(b"\0"):  # tarfile takes a damaged header for the end
            raise ValueError(f"the header at byte {archive.offset} is damaged")


def _row(
    sample: Mapping[str, Any], file: BinaryIO, image_field: str | None, label_field: str
) -> tuple[bytes, int, int, int] | None:
    """Return the name of a sample, the place of its image and its label; None without image."""
    wanted = (image_field,) if image_field else IMAGE_FIELDS
    found = [suffix for suffix in wanted if suffix in sample]
    if len(found) > 1:
        raise ValueError(
            f"the sample {sample['__key__']} has several images, {' and '.join(found)}; choose one "
            "with data.image_field"
        )
    if not found:
        return None
    start, size = sample[found[0]]
    label = NO_LABEL
    if label_field in sample:
        label = _label(file, sample[label_field], sample["__key__"])
    name = f"{sample['__key__']}.{found[0]}".encode("utf-8", "surrogateescape")
    return name, start, size, label


def _label(file: BinaryIO, place: Place, key: str) -> int:
    start, size = place
    file.seek(start)
    text = file.read(min(size, LABEL_BYTES + 1))
    if not re.fullmatch(rb"\s*\d{1,9}\s*", text):
        raise ValueError(f"the label of {key} is not a whole number")
    return int(text)


class TarShards:
    """The images of tar shards, read by number.

    Args:
        root: Folder below which names are given.
        shards: The shards.

    Attributes:
        labels: Classes of the images; None if no sample has one.
        class_names: Always empty.
        piece_ends: Number of images up to the end of each shard.

    Raises:
        DataError: If some samples have labels and others not.
    """

    class_names: tuple[str, ...] = ()

    def __init__(self, root: Path, shards: list[Shard]) -> None:
        self._root, self._shards = root, shards
        self.piece_ends = np.cumsum([len(shard.starts) for shard in shards])
        labels = np.concatenate([shard.labels for shard in shards])
        lacking = int((labels == NO_LABEL).sum())
        if 0 < lacking < len(labels):
            raise DataError(f"{root}: {lacking:,} of {len(labels):,} samples have no label.")
        self.labels = None if lacking else labels

    def __len__(self) -> int:
        return int(self.piece_ends[-1])

    def name(self, number: int) -> str:
        """Return the name of an image.

        Args:
            number: Number of the image.

        Returns:
            Its shard below the folder, and its name there.
        """
        shard, row = self._place(number)
        name = shard.names[row].decode("utf-8", "surrogateescape")
        return f"{shard.path.relative_to(self._root).as_posix()}/{name}"

    def content(self, number: int) -> bytes:
        """Read the encoded bytes of an image.

        Args:
            number: Number of the image.

        Returns:
            JPEG, PNG or another format.

        Raises:
            UnreadableImageError: If the shard is gone or shorter now.
        """
        shard, row = self._place(number)
        start, size = int(shard.starts[row]), int(shard.sizes[row])
        try:
            require_plain(shard.path)
            with shard.path.open("rb") as file:
                file.seek(start)
                content = file.read(min(size, MAX_BYTES))
        except OSError as error:
            raise UnreadableImageError(f"{shard.path}: {error.strerror}.") from error
        if len(content) < size:
            raise UnreadableImageError(
                f"{self._root / self.name(number)}: this image is cut off; the shard has changed "
                "or the image is too large."
            )
        return content

    def _place(self, number: int) -> tuple[Shard, int]:
        which = int(np.searchsorted(self.piece_ends, number, side="right"))
        first = int(self.piece_ends[which - 1]) if which else 0
        return self._shards[which], number - first


@lru_cache(maxsize=1)
def _images(
    root: Path,
    files: tuple[Path, ...],
    stamps: tuple[tuple[int, int], ...],
    fields: tuple[str | None, str],
) -> TarShards:
    """Index shards once for both of their splits, until a time or a size changes."""
    return TarShards(root, [index_shard(path, fields) for path in files])


def open_shards(config: WebDatasetConfig, split: Split = "train") -> EncodedImageDataset:
    """Open images in tar shards; only their headers are read until an image is loaded.

    A sample is the files of one shard that follow each other and share their name up to the first
    dot, as WebDataset groups them. Only its image and its label are read.

    Args:
        config: Folder, patterns and crops.
        split: Split of the data set.

    Returns:
        The images, with labels if the samples have some.

    Raises:
        DataError: If a shard is missing or damaged, or there is no image.
    """
    setting = "val_files" if split == "val" and config.val_files else "train_files"
    files = matching_files(config.root, getattr(config, setting), f"data.{setting}")
    stamps = tuple((status.st_mtime_ns, status.st_size) for status in map(Path.stat, files))
    images = _images(config.root, tuple(files), stamps, (config.image_field, config.label_field))
    return open_images(images, config, split, divides=config.val_files is None)
