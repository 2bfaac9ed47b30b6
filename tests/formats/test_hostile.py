"""Damaged files of every format load, or are refused in one sentence; nothing else happens."""

import io
import struct
import zipfile

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gaussrep.errors import FormatError
from gaussrep.formats.by_suffix import load, save
from gaussrep.formats.spz_container import SpzHeader, write_spz
from gaussrep.formats.spz_unpacking import open_spz
from gaussrep.gaussians import Gaussians

NAMES = ["a.splat", "a.spz", "a.glb", "a.gltf", "a.ply", "a.compressed.ply", "a.sog", "a.usda"]
NAMES += ["a.usdc", "a.usdz", "meta.json"]
WORDS = [b"\0", b"\xff" * 4, b"-1", b"1e999", b"NaN", b"99999999999", b"{}", b"[]", b"null", b'"']


@pytest.fixture(scope="module")
def valid(tmp_path_factory):
    """A small file of every format."""
    folder = tmp_path_factory.mktemp("valid")
    scene = Gaussians(
        means=torch.rand(3, 3),
        quats=torch.rand(3, 4) + 0.1,
        scales=torch.rand(3, 3) + 0.1,
        opacities=torch.rand(3),
        sh=torch.rand(3, 4, 3),
    )
    for name in NAMES:
        save(scene, folder / name)
    return {name: (folder / name).read_bytes() for name in NAMES}


def check(path, data):
    path.write_bytes(data)
    message = None
    try:
        g = load(path)
        assert all(bool(tensor.isfinite().all()) for _, tensor in g.tensors())
        assert bool((g.scales > 0).all())
    except FormatError as error:
        message = str(error)
    assert message is None or (message.startswith(str(path)) and "\n" not in message)


def unpack_spz(content):
    source = open_spz(io.BytesIO(content))
    header, streams = source.header, source.in_order()
    parts = [
        stream.read(size * header.count) for size, stream in zip(header.sizes, streams, strict=True)
    ]
    return header, b"".join(parts)


@st.composite
def damages(draw):
    """Places, lengths and words of up to four changes, and whether the end is cut off."""
    change = st.tuples(st.floats(0, 1), st.integers(0, 6), st.sampled_from(WORDS) | st.binary())
    return draw(st.lists(change, min_size=1, max_size=4)), draw(st.floats(0, 1) | st.none())


def damaged(data, damage):
    changes, cut = damage
    for share, length, word in changes:
        start = int(share * len(data))
        data = data[:start] + word + data[start + length :]
    return data if cut is None else data[: int(cut * len(data))]


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=150)
@given(damage=damages())
def test_a_damaged_file(tmp_path_factory, valid, name, damage):
    check(tmp_path_factory.getbasetemp() / name, damaged(valid[name], damage))


@pytest.mark.parametrize("share", [0.3, 0.9, 0.999])
@pytest.mark.parametrize("name", [name for name in NAMES if name != "meta.json"])
def test_a_truncated_file_is_refused(refusal, valid, name, share):
    data = valid[name]
    assert refusal(data[: min(int(share * len(data)), len(data) - 3)], name)


@settings(max_examples=150)
@given(damage=damages(), version=st.sampled_from([2, 3]))
def test_damage_below_the_checksum(tmp_path_factory, valid, damage, version):
    """SPZ's streams are damaged and packed again, so that the checksum is right."""
    header, body = unpack_spz(valid["a.spz"])
    content, header = io.BytesIO(), SpzHeader(version, header.count, header.degree, 12)
    write_spz(content, header, [io.BytesIO(damaged(body, damage))])
    check(tmp_path_factory.getbasetemp() / "a.spz", content.getvalue())


@settings(max_examples=150)
@given(damage=damages())
def test_damage_of_unpacked_spz(tmp_path_factory, valid, damage):
    header, body = unpack_spz(valid["a.spz"])
    head = struct.pack("<4sIIBBBB", b"NGSP", 3, header.count, header.degree, 12, 0, 0)
    check(tmp_path_factory.getbasetemp() / "a.spz", damaged(head + body, damage))


@settings(max_examples=150)
@given(damage=damages())
def test_damage_of_spz_4(tmp_path_factory, valid, damage):
    zstandard = pytest.importorskip("zstandard")
    header, body = unpack_spz(valid["a.spz"])
    streams, place = [], 0
    for size in header.sizes:
        streams.append(body[place : place + header.count * size])
        place += header.count * size
    packed = [zstandard.ZstdCompressor().compress(stream) for stream in streams]
    head = struct.pack(
        "<4sIIBBBBI12x", b"NGSP", 4, header.count, header.degree, 12, 0, len(streams), 32
    )
    sizes = [
        struct.pack("<QQ", len(short), len(stream))
        for short, stream in zip(packed, streams, strict=True)
    ]
    data = b"".join([head, *sizes, *packed])
    (tmp_path_factory.getbasetemp() / "a.spz").write_bytes(data)
    assert load(tmp_path_factory.getbasetemp() / "a.spz").count == 3
    check(tmp_path_factory.getbasetemp() / "a.spz", damaged(data, damage))


@settings(max_examples=150)
@given(damage=damages(), level=st.integers(0, 2), degree=st.integers(0, 3))
def test_damage_of_ksplat(tmp_path_factory, make_ksplat, damage, level, degree):
    """The bytes that mean something are less than 100 of the headers, which are damaged apart."""
    data = make_ksplat(level, degree)
    path = tmp_path_factory.getbasetemp() / "a.ksplat"
    check(path, damaged(data, damage))
    named = damaged(data[:44] + data[4096:4138], (damage[0], None))[:86].ljust(86, b"\0")
    check(path, named[:44] + data[44:4096] + named[44:] + data[4138:])


@settings(max_examples=150)
@given(damage=damages(), place=st.integers(0, 7))
def test_damage_below_the_checksums_of_sog(tmp_path_factory, valid, damage, place):
    path = tmp_path_factory.getbasetemp() / "a.sog"
    with zipfile.ZipFile(io.BytesIO(valid["a.sog"])) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    name = list(files)[place]
    files[name] = damaged(files[name], damage)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    check(path, content.getvalue())


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_file(tmp_path, name):
    with pytest.raises(FormatError, match="cannot be read: No such file"):
        load(tmp_path / name)


@pytest.mark.parametrize("name", NAMES)
def test_a_full_disk_leaves_the_old_file(tmp_path, make_scene, monkeypatch, name):
    path = tmp_path / name
    save(make_scene(), path)
    before = path.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(FormatError, match="No space left on device"):
        save(make_scene(5), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path] or name == "meta.json"
