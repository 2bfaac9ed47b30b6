"""Embed a folder of images into one file."""

import hashlib
import json
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from safetensors import SafetensorError, safe_open
from torch import Tensor

from gaussrep.data.crops import center_crop
from gaussrep.data.image_files import ImageFiles, UnreadableImageError, list_images, read_image
from gaussrep.data.sample import SampleKey
from gaussrep.embedding.shards import EmbeddingShards, concatenate_shards
from gaussrep.errors import DataError, FormatError
from gaussrep.methods.digest import hash_state_dict
from gaussrep.methods.method import Method
from gaussrep.runtime.plain_files import parse_json, require_plain
from gaussrep.runtime.work_shares import WorkShare
from gaussrep.training.loading import make_loader


class FolderImages:
    """Center crops of images; a damaged image is black and marked as unreadable.

    Args:
        root: Folder of the images.
        names: Paths relative to it.
        size: Side of the result in pixels.
    """

    def __init__(self, root: Path, names: Sequence[str], size: int) -> None:
        self._files = ImageFiles(root, names)
        self._size = size

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, key: SampleKey) -> dict[str, Tensor]:
        """Read one image.

        Args:
            key: Index of the image.

        Returns:
            `image`, float32 [3, size, size] in [0, 1]; `index`, int64; `readable`, bool.
        """
        sample = {"index": torch.tensor(key.index)}
        try:
            image = self._files[key.index]
        except UnreadableImageError:
            black = torch.zeros(3, self._size, self._size)
            return {**sample, "image": black, "readable": torch.tensor(False)}
        pixels = center_crop(image, self._size)
        return {**sample, "image": pixels, "readable": torch.tensor(True)}


@dataclass(frozen=True, slots=True)
class FolderEmbedding:
    """A safetensors file with one tensor, `pooled` [N, D] or `tokens` [N, L, D], float32.

    Attributes:
        file: The file; `names` and `damaged` are JSON lists in its metadata.
        names: Images of its rows, relative to their folder.
        damaged: Images that could not be read; they have no row.
    """

    file: Path
    names: tuple[str, ...]
    damaged: tuple[str, ...]

    @classmethod
    def open(cls, file: str | PathLike[str]) -> "FolderEmbedding":
        """Open an embedding; only its metadata is read.

        Args:
            file: The safetensors file.

        Returns:
            The embedding.

        Raises:
            FormatError: The file is missing, damaged, or something else.
        """
        try:
            require_plain(Path(file))
            with safe_open(file, framework="pt") as tensors:
                metadata = tensors.metadata() or {}
            names, damaged = (_names(parse_json(metadata[key])) for key in ("names", "damaged"))
        except (OSError, SafetensorError, KeyError, ValueError) as error:
            raise FormatError(f"{file} is not the embedding of a folder of images") from error
        return cls(Path(file), names, damaged)

    def load(self) -> Float[Tensor, "n ..."]:
        """Read all embeddings.

        Returns:
            One row per name.

        Raises:
            FormatError: The file holds something else, or values that are not finite.
        """
        try:
            with safe_open(self.file, framework="pt") as tensors:
                (name,) = tensors.keys()
                rows = tensors.get_tensor(name)
        except (OSError, SafetensorError, ValueError) as error:
            raise FormatError(f"{self.file} is not the embedding of a folder of images") from error
        if len(rows) != len(self.names) or not bool(rows.isfinite().all()):
            raise FormatError(
                f"{self.file} is damaged: expected {len(self.names)} rows of finite values, got "
                f"{list(rows.shape)}"
            )
        return rows

    def write(self, parts: Sequence[Path], kind: str) -> None:
        """Write the file from its shards.

        Args:
            parts: Files that hold the rows, in order.
            kind: Name of the tensor, `pooled` or `tokens`.
        """
        metadata = {"names": json.dumps(self.names), "damaged": json.dumps(self.damaged)}
        concatenate_shards(parts, kind, self.file, metadata)


logger = logging.getLogger("gaussrep.embedding")

LONGEST_LIST = 90_000_000
"""Maximum bytes of the list of names; safetensors reads headers of up to 100 MB."""


def embed(
    method: Method,
    folder: str | PathLike[str],
    out: str | PathLike[str],
    *,
    image_size: int,
    tokens: bool = False,
    batch_size: int = 64,
    num_workers: int = 0,
    on_progress: Callable[[int, int], None] | None = None,
) -> FolderEmbedding:
    """Embed the central crop of every image in a folder and its subfolders.

    Finished shards are kept beside the file, in `OUT.parts`, until all are done; a repeated call
    resumes after the last of them. Unreadable images are skipped with a warning.

    Args:
        method: Method in evaluation mode, on the device to compute on.
        folder: Folder of images.
        out: Output safetensors file; overwritten.
        image_size: Side in pixels that the crops are resized to.
        tokens: Write one vector per token, [N, L, D], instead of one per image, [N, D].
        batch_size: Images per forward pass.
        num_workers: Processes that read images; 0 reads in the calling process.
        on_progress: Called with the number of finished images and their total.

    Returns:
        The file of the embeddings, and the names of its images.

    Raises:
        DataError: The folder holds no readable image, or too many for one file; or the file
            cannot be written.
        RunError: The shards beside the file belong to another embedding.
        FormatError: The file's suffix is another one than `.safetensors`.
        CapabilityError: The method does not embed.
    """
    file = Path(out)
    with _write_errors(file):
        job = _Job.open(method, Path(folder), file, image_size, tokens=tokens)
        job.write_missing(WorkShare(), batch_size, num_workers, on_progress)
        return job.join(file)


def embed_share(
    method: Method,
    folder: str | PathLike[str],
    out: str | PathLike[str],
    share: WorkShare,
    *,
    image_size: int,
    tokens: bool = False,
    batch_size: int = 64,
    num_workers: int = 0,
    on_progress: Callable[[int, int], None] | None = None,
) -> int:
    """Compute a share of the shards of `embed`, which joins the shards of all shares.

    Args:
        method: As for `embed`.
        folder: As for `embed`.
        out: As for `embed`; it is not written.
        share: The share of the shards to make.
        image_size: As for `embed`.
        tokens: As for `embed`.
        batch_size: As for `embed`.
        num_workers: As for `embed`.
        on_progress: Called with the number of finished images of the share and their total.

    Returns:
        Number of shards that are still missing, of all shares.

    Raises:
        DataError: The folder holds no image, or too many for one file; or a shard cannot be
            written.
        RunError: The shards beside the file belong to another embedding.
        FormatError: The file's suffix is another one than `.safetensors`.
        CapabilityError: The method does not embed.
    """
    file = Path(out)
    with _write_errors(file):
        job = _Job.open(method, Path(folder), file, image_size, tokens=tokens)
        job.write_missing(share, batch_size, num_workers, on_progress)
        return sum(not part.exists() for part in job.parts.files)


@contextmanager
def _write_errors(file: Path) -> Iterator[None]:
    """Convert disk errors to one sentence."""
    try:
        yield
    except OSError as error:
        raise DataError(f"cannot write {file}: {error.strerror or error}") from error


@dataclass(frozen=True, slots=True)
class _Job:
    """The embedding of a folder and its shards."""

    method: Method
    root: Path
    names: Sequence[str]
    size: int
    parts: EmbeddingShards
    kind: str

    @classmethod
    def open(
        cls, method: Method, root: Path, file: Path, image_size: int, *, tokens: bool
    ) -> "_Job":
        if file.suffix.lower() != ".safetensors":
            raise FormatError(f"{file}: embeddings are safetensors, name it *.safetensors.")
        names = list_images(root)
        _require_short(names, root)
        kind = "tokens" if tokens else "pooled"
        plan = {
            "weights": hash_state_dict(method),
            "names": _digest(names),
            "size": image_size,
            "kind": kind,
        }
        parts = EmbeddingShards.open(file.with_name(f"{file.name}.parts"), len(names), plan)
        return cls(method, root, names, image_size, parts, kind)

    def write_missing(
        self,
        share: WorkShare,
        batch_size: int,
        num_workers: int,
        on_progress: Callable[[int, int], None] | None,
    ) -> None:
        parts = share.of(list(self.parts.files.items()))
        steps = [
            (part, chunk)
            for part, all_of_part in parts
            if not part.exists()
            for chunk in _chunks(all_of_part, batch_size)
        ]
        total = sum(len(all_of_part) for _, all_of_part in parts)
        done = total - sum(len(chunk) for _, chunk in steps)
        report = on_progress or _ignore
        report(done, total)
        keys = [[SampleKey(index) for index in chunk] for _, chunk in steps]
        images, device = FolderImages(self.root, self.names, self.size), self.method.device
        loader = make_loader(images, keys, num_workers=num_workers, device=device)
        rows: list[Tensor] = []
        indices: list[int] = []
        for (part, chunk), batch in zip(steps, loader, strict=True):
            readable = batch["readable"]
            indices += batch["index"][readable].tolist()
            if readable.any():
                rows.append(self._embed(batch["image"][readable]))
            if chunk[-1] == self.parts.files[part][-1]:
                self.parts.write(part, self.kind, rows, indices)
                rows, indices = [], []
            done += len(chunk)
            report(done, total)

    @torch.no_grad()
    def _embed(self, images: Tensor) -> Tensor:
        embedding = self.method.embed({"image": images.to(self.method.device)})
        values = embedding.tokens if self.kind == "tokens" else embedding.pooled
        return values.float().cpu()

    def join(self, file: Path) -> FolderEmbedding:
        return _joined(self.parts, self.names, self.root, file, self.kind)


def _ignore(done: int, total: int) -> None:
    pass


def _joined(
    parts: EmbeddingShards, names: Sequence[str], root: Path, file: Path, kind: str
) -> FolderEmbedding:
    found = {part: parts.readable(part) for part in parts.files}
    readable = [index for indices in found.values() for index in indices]
    damaged = sorted(set(range(len(names))) - set(readable))
    for index in damaged:
        _warn(root / names[index])
    if not readable:
        parts.remove()
        raise DataError(f"{root}: none of the {len(names)} images here can be read")
    whole = FolderEmbedding(
        file, tuple(names[i] for i in readable), tuple(names[i] for i in damaged)
    )
    whole.write([part for part, indices in found.items() if indices], kind)
    parts.remove()
    return whole


def _warn(path: Path) -> None:
    try:
        read_image(path)
    except UnreadableImageError as error:
        logger.warning("left out: %s", error)
    else:
        logger.warning("left out: %s: this image could not be read, but now it can", path)


def _require_short(names: Sequence[str], root: Path) -> None:
    length = len(json.dumps(json.dumps(names)))
    if length > LONGEST_LIST:
        raise DataError(
            f"{root}: the names of its {len(names)} images take {length} bytes, more than the "
            f"{LONGEST_LIST} that one file can hold; embed its subfolders one by one"
        )


def _digest(names: Sequence[str]) -> str:
    return hashlib.blake2b(os.fsencode("\n".join(names)), digest_size=16).hexdigest()


def _chunks(indices: range, size: int) -> list[range]:
    return [indices[start : start + size] for start in range(0, len(indices), size)]


def _names(content: Any) -> tuple[str, ...]:
    if not (isinstance(content, list) and all(isinstance(name, str) for name in content)):
        raise ValueError("not a list of names")
    return tuple(content)
