import gzip
import math
import struct
import sys
import zlib
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gaussrep.errors import ConfigError, FormatError
from gaussrep.formats.by_suffix import load, save
from gaussrep.formats.config import SpzConfig
from gaussrep.formats.spz import Spz
from gaussrep.formats.spz_streams import decode_quats, encode_quats
from gaussrep.gaussians import Gaussians

C0 = 0.28209479177387814


def header(version=3, count=1, degree=0, bits=12, flags=0, magic=b"NGSP"):
    return struct.pack("<4sIIBBBB", magic, version, count, degree, bits, flags, 0)


def body(version=3, rest=(), fixed=(4096, -8192, 2048)):
    """One Gaussian, in the frame right, up, back."""
    center = b"".join(struct.pack("<i", value)[:3] for value in fixed)
    if version == 1:
        center = struct.pack("<3e", *(value / 4096 for value in fixed))
    # Rotated by 90 degrees about x: x and w are the square root of one half.
    quats = (
        bytes([round((math.sqrt(0.5) + 1) * 127.5), 128, 127])
        if version < 3
        else struct.pack("<I", 3 << 30 | 511 << 20)
    )
    return b"".join(
        [center, bytes([51]), bytes([255, 0, 128]), bytes([160, 176, 144]), quats, bytes(rest)]
    )


def zstd_spz(parts=None, records=b"", flags=0, change=lambda table: table):
    """Version 4: the streams of `body`, each packed by Zstandard, behind a table of sizes."""
    zstandard = pytest.importorskip("zstandard")
    parts = parts or [body()[start:stop] for start, stop in pairwise((0, 9, 10, 13, 16, 20))]
    packed = [zstandard.ZstdCompressor().compress(part) for part in parts]
    table = change([(len(short), len(part)) for short, part in zip(packed, parts, strict=True)])
    head = struct.pack("<4sIIBBBBI12x", b"NGSP", 4, 1, 0, 12, flags, len(parts), 32 + len(records))
    return b"".join([head, records, *(struct.pack("<QQ", *row) for row in table), *packed])


def spz(version=3, head=None, content=None, tail=b"", **fields):
    head = head or header(version, **fields)
    return gzip.compress(head + (body(version) if content is None else content) + tail, mtime=0)


def frame(number):
    return struct.pack("<III", 0xADBE0003, 4, number)


CAMERA = struct.pack("<II3f", 0xADBE0002, 12, 0, 0, 0)


class TestReading:
    @pytest.mark.parametrize("version", [1, 2, 3])
    def test_a_file_laid_out_by_hand(self, tmp_path, version):
        rest = [64, 128, 192, 0, 255, 128, 129, 127, 160]
        data = gzip.compress(header(version, degree=1) + body(version, rest))
        (tmp_path / "a.spz").write_bytes(data)
        g = load(tmp_path / "a.spz")
        # Right, up, back becomes right, down, front: y and z change their signs.
        assert g.means.tolist() == [[1, 2, -0.5]]
        assert g.opacities.tolist() == pytest.approx([0.2])
        assert g.scales[0].tolist() == pytest.approx([1, math.e, 1 / math.e])
        dc = [(byte / 255 - 0.5) / 0.15 for byte in (255, 0, 128)]
        assert g.sh[0, 0].tolist() == pytest.approx(dc, abs=1e-6)
        # Of degree 1 the bases are -y, z, -x: the first two coefficients change their signs.
        assert g.sh[0, 1].tolist() == [0.5, 0, -0.5]
        assert g.sh[0, 2].tolist() == [1, -127 / 128, 0]
        assert g.sh[0, 3].tolist() == [1 / 128, -1 / 128, 32 / 128]
        half = math.sqrt(0.5)
        tolerance = 1e-6 if version == 3 else 0.01
        assert g.quats[0].tolist() == pytest.approx([half, half, 0, 0], abs=tolerance)

    def test_fractional_bits_are_the_headers(self, tmp_path):
        (tmp_path / "a.spz").write_bytes(spz(bits=4))
        assert load(tmp_path / "a.spz").means.tolist() == [[256, 512, -128]]

    @pytest.mark.parametrize("version", [1, 2, 3])
    def test_a_file_that_is_not_packed(self, tmp_path, version):
        (tmp_path / "a.spz").write_bytes(header(version) + body(version))
        assert load(tmp_path / "a.spz").means.tolist() == [[1, 2, -0.5]]

    def test_version_4(self, tmp_path):
        (tmp_path / "a.spz").write_bytes(zstd_spz())
        (tmp_path / "b.spz").write_bytes(spz())
        new, old = load(tmp_path / "a.spz"), load(tmp_path / "b.spz")
        assert all(torch.equal(getattr(new, name), tensor) for name, tensor in old.tensors())

    def test_version_4_without_zstandard(self, refusal, monkeypatch):
        data = zstd_spz()
        monkeypatch.setitem(sys.modules, "zstandard", None)
        assert 'needs zstandard: pip install "gaussrep[zstd]"' in refusal(data, "a.spz")

    def test_infinite_half_floats_are_impossible(self, refusal):
        broken = struct.pack("<3e", math.inf, 0, 0) + body(1)[6:]
        assert "1 with means that are NaN" in refusal(header(1) + broken, "a.spz")


class TestAxes:
    """The file's numbers are (1, -2, 0.5), turned by 90 degrees about x."""

    def test_a_file_without_record_is_read_by_the_specification(self, tmp_path, caplog):
        (tmp_path / "a.spz").write_bytes(spz())
        assert load(tmp_path / "a.spz").means.tolist() == [[1, 2, -0.5]]
        (line,) = caplog.messages
        assert line.startswith(f"{tmp_path / 'a.spz'}: it does not name its axes; right, up, back")
        assert "axes=ply" in line

    @pytest.mark.parametrize(
        ("axes", "means"), [("ply", [1, -2, 0.5]), ("spz", [1, 2, -0.5])], ids=str
    )
    def test_a_setting_decides_without_a_word(self, tmp_path, caplog, axes, means):
        rest = [64, 128, 192, 0, 255, 128, 129, 127, 160]
        (tmp_path / "a.spz").write_bytes(spz(content=body(rest=rest), degree=1))
        g = load(tmp_path / "a.spz", axes=axes)
        assert g.means.tolist() == [means]
        assert g.sh[0, 1].tolist() == ([-0.5, 0, 0.5] if axes == "ply" else [0.5, 0, -0.5])
        assert caplog.messages == []

    @pytest.mark.parametrize(
        ("number", "means", "quats"),
        [
            # Left or right, down or up, back or front, counted in binary from 1.
            (1, [-1, -2, -0.5], [1, -1, 0, 0]),
            (2, [1, -2, -0.5], [1, -1, 0, 0]),
            (3, [-1, 2, -0.5], [1, 1, 0, 0]),
            (4, [1, 2, -0.5], [1, 1, 0, 0]),
            (5, [-1, -2, 0.5], [1, 1, 0, 0]),
            (6, [1, -2, 0.5], [1, 1, 0, 0]),
            (7, [-1, 2, 0.5], [1, -1, 0, 0]),
            (8, [1, 2, 0.5], [1, -1, 0, 0]),
        ],
    )
    def test_a_record_decides(self, tmp_path, caplog, number, means, quats):
        (tmp_path / "a.spz").write_bytes(spz(flags=2, tail=CAMERA + frame(number)))
        g = load(tmp_path / "a.spz")
        assert g.means.tolist() == [means]
        assert (g.quats[0] / g.quats[0, 0]).tolist() == pytest.approx(quats, abs=1e-6)
        assert caplog.messages == []

    def test_a_record_of_version_4_is_ahead_of_the_table(self, tmp_path):
        (tmp_path / "a.spz").write_bytes(zstd_spz(records=CAMERA + frame(6), flags=2))
        assert load(tmp_path / "a.spz").means.tolist() == [[1, -2, 0.5]]

    def test_a_setting_overrides_a_record(self, tmp_path):
        (tmp_path / "a.spz").write_bytes(spz(flags=2, tail=frame(16)))
        assert load(tmp_path / "a.spz", axes="ply").means.tolist() == [[1, -2, 0.5]]

    @pytest.mark.parametrize(("axes", "number"), [("auto", 4), ("spz", 4), ("ply", 6)])
    def test_written_files_name_their_axes(self, tmp_path, make_scene, caplog, axes, number):
        g = make_scene(4, degree=1)
        save(g, tmp_path / "a.spz", axes=axes)
        data = gzip.decompress((tmp_path / "a.spz").read_bytes())
        assert data[14] == 2
        assert data[-12:] == frame(number)
        stored = int.from_bytes(data[19:22], "little", signed=True) / 4096
        sign = 1 if number == 6 else -1
        assert stored == pytest.approx(sign * g.means[0, 1].item(), abs=1e-3)
        assert (load(tmp_path / "a.spz").means - g.means).abs().max() < 1e-3
        assert caplog.messages == []


class TestRemarks:
    @pytest.mark.parametrize(
        ("fields", "words"),
        [
            ({"flags": 0x90}, "its flags 0x90 are unknown"),
            (
                {"flags": 2, "tail": frame(4) + struct.pack("<III", 0xADBE0001, 4, 0)},
                "its record 0xadbe0001 of 4 bytes is unknown",
            ),
        ],
    )
    def test_what_is_not_applied_is_named_in_one_line(self, tmp_path, caplog, fields, words):
        (tmp_path / "a.spz").write_bytes(spz(**fields))
        load(tmp_path / "a.spz", axes="spz")
        (line,) = caplog.messages
        assert words in line

    @pytest.mark.parametrize("flags", [0, 1])
    def test_the_flag_of_antialiasing_is_read(self, tmp_path, caplog, flags):
        (tmp_path / "a.spz").write_bytes(spz(flags=flags))
        assert load(tmp_path / "a.spz", axes="spz").antialiased == bool(flags)
        assert caplog.messages == []

    def test_coarse_centers_are_named(self, tmp_path, make_scene, caplog):
        g = make_scene(3).replace(means=torch.tensor([[500_000.0, 0, 0], [0, 1, 0], [0, 0, 1]]))
        save(g, tmp_path / "a.spz")
        (line,) = caplog.messages
        assert "steps of 1/16 in place of 1/4096, because 1 of 3 are more than 2048" in line


@pytest.fixture(params=["isal", "zlib"])
def library(request, monkeypatch):
    """The library that unpacks gzip."""
    if request.param == "zlib":
        monkeypatch.setitem(sys.modules, "isal.isal_zlib", None)
    else:
        pytest.importorskip("isal")


@pytest.mark.usefixtures("library")
class TestBothLibraries:
    @pytest.mark.parametrize("version", [2, 3])
    @pytest.mark.parametrize("degree", [0, 3])
    def test_what_was_written_is_read_in_order_and_side_by_side(
        self, tmp_path, make_scene, version, degree
    ):
        scene = make_scene(20_000, degree=degree)
        save(scene, tmp_path / "a.spz", version=version)
        whole = load(tmp_path / "a.spz", axes="spz")
        with Spz(SpzConfig(axes="spz")).open_rows(tmp_path / "a.spz") as rows:
            parts = rows.collect()
        assert (whole.means - scene.means).abs().max() < 1 / 4096
        for (name, tensor), (_, other) in zip(whole.tensors(), parts.tensors(), strict=True):
            assert torch.equal(tensor, other), name


@pytest.mark.usefixtures("library")
class TestRefusal:
    @pytest.mark.parametrize(
        ("data", "words"),
        [
            (b"", "truncated: its header is not whole"),
            (b"ply\n", "not an SPZ file: it begins neither"),
            (gzip.compress(b"NGSP", mtime=0), "header is not whole"),
            (spz(magic=b"NOPE"), "does not begin with NGSP"),
            (b"NGSP" + bytes(28), "version 0; only 1 to 4"),
            (header(5) + bytes(16), "version 5; only 1 to 4"),
            (header(2) + body(2)[:-1], "end at 35 bytes, it has 34"),
            (header(3, count=2**32 - 1) + body(), "truncated"),
            (spz(head=header(4)), "version 4, which is not gzipped"),
            (spz(count=0), "the header declares 0 Gaussians"),
            (spz(degree=5), "SH of degree 5"),
            (spz(bits=200), "200 fractional bits"),
            (spz(count=2), "2 of them need 40 bytes after unpacking, it has 20"),
            (spz(degree=1), "truncated"),
            (spz()[:-4], "truncated, or too much follows"),
            (spz()[:-12], "truncated"),
            (spz(tail=bytes(2**20 + 1)), "too much follows"),
            (spz(count=2**32 - 1), "would grow from"),
            (spz(flags=2, tail=frame(16)), "axes are number 16"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_of_damaged_files(self, refusal, data, words):
        assert words in refusal(data, "a.spz")

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (lambda table: [(2**40, 9), *table[1:]], "a stream of 1099511627776 bytes at 112"),
            (lambda table: [(18, 2**60), *table[1:]], f"holds {2**60}, expected 9"),
            (lambda table: [(17, 9), *table[1:]], "a stream of the file"),
        ],
    )
    def test_of_a_damaged_table_of_version_4(self, refusal, change, words):
        assert words in refusal(zstd_spz(change=change), "a.spz")

    def test_of_damaged_streams_of_version_4(self, refusal):
        data = zstd_spz()
        assert "header is not whole" in refusal(data[:20], "a.spz")
        assert "declares 5 streams, expected 5" in refusal(data[:100], "a.spz")
        assert "damaged" in refusal(data[:-1], "a.spz")
        more = data[:8] + struct.pack("<I", 2**32 - 1) + data[12:]
        assert "would grow" in refusal(more, "a.spz")
        assert "declares 5 streams, expected 6" in refusal(data[:12] + b"\1" + data[13:], "a.spz")
        assert "a stream of the file is damaged" in refusal(data[:112] + bytes(65), "a.spz")

    def test_of_a_bomb_before_it_is_unpacked(self, refusal):
        bomb = gzip.compress(header(count=5_000_000) + bytes(100_000_000))
        assert len(bomb) < 200_000
        assert "would grow" in refusal(bomb, "a.spz")

    def test_of_flipped_bits_by_the_checksum(self, refusal):
        data = bytearray(spz())
        data[-6] ^= 1
        words = refusal(bytes(data), "a.spz")
        assert "incorrect data check" in words or "Incorrect checksum" in words


class TestWriting:
    @pytest.mark.parametrize("version", [2, 3])
    def test_another_parser_reads_it(self, tmp_path, make_scene, version):
        g = make_scene(7, degree=2)
        save(g, tmp_path / "a.spz", version=version)
        data = gzip.decompress((tmp_path / "a.spz").read_bytes())
        assert data[:16] == header(version, count=7, degree=2, flags=2)
        sizes = [63, 7, 21, 21, 7 * (version + 1), 7 * 24]
        assert len(data) == 16 + sum(sizes) + 12
        streams, place = [], 16
        for size in sizes:
            streams.append(data[place : place + size])
            place += size
        for row in range(7):
            x, y, z = g.means[row].tolist()
            for axis, wanted in enumerate((x, -y, -z)):
                part = streams[0][9 * row + 3 * axis :][:3]
                assert abs(int.from_bytes(part, "little", signed=True) - 4096 * wanted) <= 0.51
            assert streams[1][row] == round(255 * g.opacities[row].item())
            for channel in range(3):
                dc = g.sh[row, 0, channel].item()
                assert streams[2][3 * row + channel] == round((0.15 * dc + 0.5) * 255)
                log = math.log(g.scales[row, channel].item())
                assert streams[3][3 * row + channel] == round(16 * (log + 10))
                # The second and third coefficients of degree 1 belong to z and -x.
                turned = [-1, -1, 1, -1, 1, 1, -1, 1]
                for base, sign in enumerate(turned):
                    stored = streams[5][24 * row + 3 * base + channel]
                    wanted = sign * g.sh[row, base + 1, channel].item()
                    step = 8 if base < 3 else 16
                    assert stored % step == 0
                    assert abs((stored - 128) - 128 * wanted) <= step / 2 + 0.5001

    @pytest.mark.parametrize(("value", "byte"), [(9, 255), (1, 255), (0.97, 255), (-1, 0), (-9, 0)])
    def test_sh_beyond_a_byte_is_clamped(self, tmp_path, make_scene, value, byte):
        g = make_scene(3, 3)
        g.sh[:, 1:] = value
        save(g, tmp_path / "a.spz", axes="ply")
        assert set(gzip.decompress((tmp_path / "a.spz").read_bytes())[-3 * 45 - 12 : -12]) == {byte}

    def test_streams_are_one_gzip_member(self, tmp_path, make_scene):
        """Runs suit the first stream, repetitions the second; readers see neither."""
        g = make_scene(5000, 2).replace(means=torch.ones(5000, 3))
        for number in (1, 2500):
            g = g.replace(sh=g.sh[:number].repeat(5000 // number, 1, 1))
            save(g, tmp_path / "a.spz")
            data = (tmp_path / "a.spz").read_bytes()
            unpacker = zlib.decompressobj(wbits=31)
            content = unpacker.decompress(data)
            assert unpacker.eof
            assert unpacker.unused_data == b""
            assert content[:16] == header(count=5000, degree=2, flags=2)
            assert len(content) == 16 + 5000 * 44 + 12
            assert torch.equal(load(tmp_path / "a.spz").means, g.means)

    def test_the_file_is_the_same_every_time(self, tmp_path, make_scene):
        save(make_scene(), tmp_path / "a.spz")
        save(make_scene(), tmp_path / "b.spz")
        assert (tmp_path / "a.spz").read_bytes() == (tmp_path / "b.spz").read_bytes()

    @pytest.mark.parametrize(("version", "degrees"), [(2, 20.0), (3, 0.3)])
    @pytest.mark.parametrize("degree", [None, 0, 1, 3])
    def test_a_round_trip_loses_less_than_stated(
        self, tmp_path, make_scene, angles, version, degrees, degree
    ):
        g = make_scene(500, degree)
        Spz(SpzConfig(version=version)).write(g, tmp_path / "a.spz")
        back = Spz().read(tmp_path / "a.spz")
        assert (back.means - g.means).abs().max() <= 0.5 / 4096 + 1e-6
        assert (back.scales.log() - g.scales.log()).abs().max() <= 1 / 32 + 1e-5
        assert (back.opacities - g.opacities).abs().max() <= 0.5 / 255 + 1e-6
        dc = (g.colors - 0.5) / C0 if degree is None else g.sh[:, 0]
        assert (back.sh[:, 0] - dc).abs().max() <= 0.5 / 255 / 0.15 + 1e-5
        if degree:
            error = (back.sh[:, 1:] - g.sh[:, 1:]).abs()
            assert error[:, :3].max() <= 4.5 / 128 + 1e-5
            assert error.max() <= 8.5 / 128 + 1e-5
        assert angles(back.quats, g.quats).max() < degrees

    @pytest.mark.parametrize("version", [2, 3, 4])
    def test_what_was_read_is_written_again_unchanged(self, tmp_path, make_scene, version):
        if version == 4:
            pytest.importorskip("zstandard")
        save(make_scene(20_000, degree=3), tmp_path / "a.spz", version=version)
        once = load(tmp_path / "a.spz")
        save(once, tmp_path / "b.spz", version=version)
        twice = load(tmp_path / "b.spz")
        for name, tensor in once.tensors():
            error = (getattr(twice, name) - tensor).abs()
            assert error.max() <= (1e-5 if name == "quats" else 0), name

    @pytest.mark.parametrize("degree", [None, 1, 4])
    def test_version_4_holds_the_numbers_of_version_3(self, tmp_path, make_scene, degree):
        pytest.importorskip("zstandard")
        g = make_scene(300, degree)
        save(g, tmp_path / "new.spz", version=4)
        data = (tmp_path / "new.spz").read_bytes()
        assert data[:4] == b"NGSP"
        assert data[15] == (5 if degree is None else 6)
        assert data[32:44] == frame(4)
        new = load(tmp_path / "new.spz")
        if degree == 4:
            assert (new.sh - g.sh)[:, 9:].abs().max() <= 8.5 / 128 + 1e-5
            g, new = (each.replace(sh=each.sh[:, :16]) for each in (g, new))
        save(g, tmp_path / "old.spz", version=3)
        for name, tensor in load(tmp_path / "old.spz").tensors():
            assert torch.equal(getattr(new, name), tensor), name

    def test_version_4_is_smaller_than_version_3(self, tmp_path):
        pytest.importorskip("zstandard")
        generator = torch.Generator().manual_seed(0)
        count = 5000
        g = Gaussians(
            means=torch.rand(count, 3, generator=generator) * 4 - 2,
            quats=torch.randn(count, 4, generator=generator),
            scales=torch.full((count, 3), 0.1),
            opacities=torch.full((count,), 0.5),
            sh=torch.randn(count, 16, 3, generator=generator) * 0.15,
        )
        for version in (3, 4):
            save(g, tmp_path / f"{version}.spz", version=version)
        sizes = [(tmp_path / f"{version}.spz").stat().st_size for version in (3, 4)]
        assert sizes[1] < sizes[0]

    def test_version_4_without_zstandard(self, tmp_path, make_scene, monkeypatch):
        monkeypatch.setitem(sys.modules, "zstandard", None)
        with pytest.raises(FormatError, match=r"a\.spz: .*needs zstandard: pip install"):
            save(make_scene(), tmp_path / "a.spz", version=4)
        assert list(tmp_path.iterdir()) == []

    def test_far_centers_get_coarser_steps(self, tmp_path, make_scene):
        g = make_scene(3).replace(means=torch.tensor([[3000.0, 0, 0], [0, -0.3, 0], [0, 0, 1]]))
        save(g, tmp_path / "a.spz")
        back = load(tmp_path / "a.spz")
        assert (back.means - g.means).abs().max() <= 0.5 / 2048
        assert gzip.decompress((tmp_path / "a.spz").read_bytes())[13] == 11

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (lambda g: g[:0], "at least one Gaussian"),
            (lambda g: g.replace(means=1e7 * g.means), "centers up to 8388607 units"),
            (lambda g: g.replace(scales=1e4 * g.scales), "scales up to 379 units"),
            (lambda g: g.replace(colors=None, sh=torch.zeros(40, 25, 3)), "degree 4"),
        ],
    )
    def test_what_it_cannot_hold_is_refused(self, tmp_path, make_scene, change, words):
        with pytest.raises(FormatError, match=rf"a\.spz: .*{words}"):
            save(change(make_scene()), tmp_path / "a.spz")
        assert list(tmp_path.iterdir()) == []

    def test_an_unknown_version_is_refused(self, tmp_path, make_scene):
        with pytest.raises(ConfigError, match="version"):
            save(make_scene(), tmp_path / "a.spz", version=5)


class TestQuaternions:
    @settings(max_examples=200)
    @given(
        parts=st.lists(st.floats(-1, 1, width=32), min_size=4, max_size=4),
        version=st.sampled_from([2, 3]),
    )
    def test_a_rotation_comes_back(self, parts, version):
        quats = np.array([parts])
        if np.linalg.norm(quats) < 1e-3:
            quats[:, 0] = 1
        back = decode_quats(encode_quats(quats, version), version)
        cosine = abs((quats / np.linalg.norm(quats) * back).sum() / np.linalg.norm(back))
        assert 2 * math.degrees(math.acos(min(1, cosine))) < (20 if version == 2 else 0.3)

    def test_the_largest_may_be_any_and_of_any_sign(self):
        quats = np.concatenate([np.eye(4), -np.eye(4)])
        back = decode_quats(encode_quats(quats, 3), 3)
        np.testing.assert_allclose(np.abs(back), np.abs(quats), atol=1e-7)

    def test_niantics_layout(self):
        """Two bits say which of x, y, z, w is left out; then the others, sign and nine bits."""
        stored = encode_quats(np.array([[0.6, 0, -0.8, 0]]), 3)
        size = round(0.6 / math.sqrt(0.5) * 511)
        assert struct.unpack("<I", stored.tobytes()) == (1 << 30 | 1 << 9 | size,)
