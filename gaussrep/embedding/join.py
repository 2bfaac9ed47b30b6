"""Many tensors on the disk, one after the other in one file; never all of them in memory."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from safetensors import safe_open

from gaussrep.replacing import replacing

ALIGNMENT = 8
"""safetensors wants the data to start at a multiple of this many bytes."""


def join_tensors(parts: Sequence[Path], name: str, out: Path, metadata: Mapping[str, str]) -> None:
    """Concatenate float32 tensors of several safetensors files along their first axis.

    Rows lie one after the other in the format, so the data is copied part by part.

    Args:
        parts: Files that each hold a tensor of that name; their other axes are the same.
        name: Name of the tensor, there and in the result.
        out: File to write, whole or not at all; overwritten.
        metadata: Strings to put into the file's header.
    """
    shapes = [_shape(part, name) for part in parts]
    shape = [sum(rows for rows, *_ in shapes), *shapes[0][1:]]
    length = 4
    for side in shape:
        length *= side
    tensor = {"dtype": "F32", "shape": shape, "data_offsets": [0, length]}
    header = json.dumps({"__metadata__": dict(metadata), name: tensor}).encode()
    header += b" " * (-len(header) % ALIGNMENT)
    with replacing(out) as temporary, temporary.open("wb") as stream:
        stream.write(len(header).to_bytes(8, "little") + header)
        for part in parts:
            with safe_open(part, framework="np") as tensors:
                stream.write(tensors.get_tensor(name).astype("<f4", order="C").tobytes())


def _shape(part: Path, name: str) -> list[int]:
    with safe_open(part, framework="np") as tensors:
        return tensors.get_slice(name).get_shape()
