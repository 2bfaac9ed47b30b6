"""Damaged copies of files, as a function of a number."""

import gzip
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Files = Mapping[str, bytes]
Random = np.random.Generator

EXTREMES = (
    b"\0", b"\xff", b"\0" * 4, b"\xff" * 4, b"\xff" * 8, b"\0\0\x80\x7f", b"\0\0\xc0\x7f",
    struct.pack("<d", float("nan")), struct.pack("<d", float("inf")), struct.pack("<d", 1e308),
    struct.pack("<I", 2**31 - 1), struct.pack("<q", 2**62), struct.pack(">I", 2**31 - 1),
)  # fmt: skip
WORDS = (
    b"0", b"-1", b"1e999", b"-1e999", b"1e38", b"1e308", b"NaN", b"inf", b"9" * 30, b"1.5", b"{}",
    b"[]", b"null", b'"', b"true", b"a", b"", b"../../x", b"\xc3\x28", b"[" * 3000, b"*a", b"&a",
)  # fmt: skip
TREES = (
    None, True, 0, -1, 1.5, 1e308, float("nan"), 10**30, "", "x" * 5000, "../x", [], {}, [[]],
    [1, [2]],
)  # fmt: skip


def mutate(files: Files, number: int, name: str) -> Files:
    """Damage one of some files.

    Args:
        files: Contents by name.
        number: Number of the mutant.
        name: Name of the reader, which makes its mutants differ from those of others.

    Returns:
        The files, one of them changed or missing.
    """
    rng = np.random.default_rng([zlib.crc32(name.encode()), number])
    chosen = sorted(files)[rng.integers(len(files))]
    if len(files) > 1 and rng.random() < 0.02:
        return {other: content for other, content in files.items() if other != chosen}
    content = files[chosen]
    for _ in range(1 + int(rng.geometric(0.6)) - 1 or 1):
        content = _changed(content, rng)
    return {**files, chosen: content}


def _changed(content: bytes, rng: Random) -> bytes:
    """Change a content, inside of its packing or tree where it has one."""
    inside = _packing(content)
    if inside is not None and rng.random() < 0.6:
        unpacked, pack = inside
        return pack(_changed(unpacked, rng))
    if content[:1] in b"{[" and rng.random() < 0.5:
        try:
            return json.dumps(_changed_tree(json.loads(content), rng)).encode()
        except (ValueError, RecursionError):
            pass
    return BYTES[rng.integers(len(BYTES))](content, rng)


def _place(content: bytes, rng: Random) -> int:
    """A place, more often in the header."""
    limit = len(content) + 1
    return int(rng.integers(min(limit, 200) if rng.random() < 0.5 else limit))


def _flip(content: bytes, rng: Random) -> bytes:
    changed = bytearray(content or b"\0")
    changed[min(_place(content, rng), len(changed) - 1)] ^= 1 << int(rng.integers(8))
    return bytes(changed)


def _truncate(content: bytes, rng: Random) -> bytes:
    return content[: _place(content, rng)]


def _overwrite(content: bytes, rng: Random) -> bytes:
    at, value = _place(content, rng), EXTREMES[rng.integers(len(EXTREMES))]
    return content[:at] + value + content[at + len(value) :]


def _insert(content: bytes, rng: Random) -> bytes:
    at = _place(content, rng)
    return content[:at] + EXTREMES[rng.integers(len(EXTREMES))] + content[at:]


def _repeat(content: bytes, rng: Random) -> bytes:
    at, size = _place(content, rng), int(rng.integers(1, 64))
    return content[:at] + content[at : at + size] * int(rng.integers(2, 50)) + content[at + size :]


def _exchange(content: bytes, rng: Random) -> bytes:
    one, other = sorted((_place(content, rng), _place(content, rng)))
    size = min(int(rng.integers(1, 16)), other - one)
    parts = content[:one], content[one : one + size], content[one + size : other]
    return parts[0] + content[other : other + size] + parts[2] + parts[1] + content[other + size :]


def _word(content: bytes, rng: Random) -> bytes:
    """Replace a number or word of a text."""
    at = _place(content, rng)
    start = end = at
    separators = b" \t\r\n,:;{}[]()\"'="
    while start > 0 and content[start - 1] not in separators and at - start < 40:
        start -= 1
    while end < len(content) and content[end] not in separators and end - at < 40:
        end += 1
    return content[:start] + WORDS[rng.integers(len(WORDS))] + content[end:]


def _nothing(content: bytes, rng: Random) -> bytes:
    return b"" if rng.random() < 0.5 else rng.bytes(len(content) or 8)


BYTES: tuple[Callable[[bytes, Random], bytes], ...] = (
    _flip, _flip, _truncate, _overwrite, _overwrite, _overwrite, _insert, _repeat, _exchange,
    _word, _word, _word, _nothing,
)  # fmt: skip


def _changed_tree(tree: Any, rng: Random) -> Any:
    """Replace, remove or repeat one entry of a tree."""
    if not isinstance(tree, dict | list) or not tree or rng.random() < 0.15:
        return TREES[rng.integers(len(TREES))]
    keys = list(tree) if isinstance(tree, dict) else range(len(tree))
    key: Any = keys[rng.integers(len(keys))]
    copy: Any = tree.copy()
    if rng.random() < 0.15:
        del copy[key]
    elif rng.random() < 0.1 and isinstance(copy, list):
        copy += [copy[key]] * 3
    else:
        copy[key] = _changed_tree(copy[key], rng)
    return copy


Packing = tuple[bytes, Callable[[bytes], bytes]]


def _packing(content: bytes) -> Packing | None:
    """What is inside of a packed content, and how to pack it again; None where it is not packed."""
    for found in (_gzip, _zlib_variable, _zip, _png):
        try:
            packing = found(content)
        except Exception:  # a mutant that is damaged already
            continue
        if packing is not None:
            return packing
    return None


def _gzip(content: bytes) -> Packing | None:
    if content[:2] != b"\x1f\x8b":
        return None
    return gzip.decompress(content), lambda inside: gzip.compress(inside, mtime=0)


def _zlib_variable(content: bytes) -> Packing | None:
    """The compressed variable of a MATLAB file."""
    if content[:6] != b"MATLAB" or content[128:132] != struct.pack("<I", 15):
        return None

    def pack(inside: bytes) -> bytes:
        packed = zlib.compress(inside)
        return content[:128] + struct.pack("<II", 15, len(packed)) + packed

    return zlib.decompress(content[136:]), pack


def _zip(content: bytes) -> Packing | None:
    """The largest member of an archive, whose checksums are made right again."""
    if content[:2] != b"PK":
        return None
    archive = zipfile.ZipFile(io.BytesIO(content))
    members = {info: archive.read(info) for info in archive.infolist()}
    chosen = max(members, key=lambda info: (len(members[info]) % 7, info.filename))

    def pack(inside: bytes) -> bytes:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as written:
            for info, member in members.items():
                written.writestr(info, inside if info is chosen else member)
        return file.getvalue()

    return members[chosen], pack


def _png(content: bytes) -> Packing | None:
    """The chunks of a PNG, whose checksums are made right again."""
    if content[:8] != b"\x89PNG\r\n\x1a\n":
        return None
    parts, start = [], 8
    while start < len(content):
        (size,) = struct.unpack_from(">I", content, start)
        parts.append(content[start + 4 : start + 8 + size])
        start += size + 12

    def pack(inside: bytes) -> bytes:
        chunks, at = [content[:8]], 0
        for part in parts:
            body = inside[at : at + len(part)]
            at += len(part)
            chunks += [struct.pack(">I", max(0, len(body) - 4)), body]
            chunks.append(struct.pack(">I", zlib.crc32(body)))
        return b"".join(chunks)

    return b"".join(parts), pack
