import struct

import pytest

from gaussrep.errors import FormatError
from gaussrep.formats.by_suffix import load, save
from gaussrep.formats.config import KsplatConfig
from gaussrep.formats.ksplat import Ksplat

C0 = 0.28209479177387814


def put(place, code, *values):
    """A change of the main header at a place below 4096, of the section's behind."""

    def change(header, section):
        part, at = (header, place) if place < 4096 else (section, place - 4096)
        struct.pack_into(code, part, at, *values)

    return change


class TestReading:
    @pytest.mark.parametrize("level", [0, 1, 2])
    def test_a_file_laid_out_by_hand(self, tmp_path, make_ksplat, level):
        (tmp_path / "a.ksplat").write_bytes(make_ksplat(level))
        g = load(tmp_path / "a.ksplat")
        wanted = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
        if level:  # buckets are 5 wide
            wanted = [[10, 17.5, 32.5], [10, 20, 30], [-7.5, -20, -32.5]]
        assert g.means.tolist() == wanted
        assert g.scales[2].tolist() == [0.5, 0.25, 2]
        assert g.quats[1].tolist() == [1, 0, 0, 0.5]
        assert g.opacities.tolist() == pytest.approx([0.2] * 3)
        assert g.colors[0].tolist() == pytest.approx([1, 0, 0.2])

    @pytest.mark.parametrize("level", [0, 1, 2])
    @pytest.mark.parametrize("degree", [1, 2, 3])
    def test_harmonics_are_by_band_and_channel(self, tmp_path, make_ksplat, level, degree):
        (tmp_path / "a.ksplat").write_bytes(make_ksplat(level, degree))
        g = load(tmp_path / "a.ksplat")
        assert g.sh_degree == degree
        assert g.sh[0, 0].tolist() == pytest.approx([0.5 / C0, -0.5 / C0, -0.3 / C0])
        numbers = (g.sh[2, 1:] + 2) * 100 if level == 2 else g.sh[2, 1:]
        wanted = [[0, 3, 6], [1, 4, 7], [2, 5, 8]]
        wanted += [[9 + base, 14 + base, 19 + base] for base in range(5)]
        wanted += [[24 + base, 31 + base, 38 + base] for base in range(7)]
        for row, numbers_wanted in zip(numbers.tolist(), wanted, strict=False):
            assert row == pytest.approx(numbers_wanted, abs=1e-4)

    def test_a_range_of_harmonics_that_is_not_named(self, tmp_path, make_ksplat):
        (tmp_path / "a.ksplat").write_bytes(make_ksplat(2, 1, put(36, "<ff", 0, 0)))
        assert load(tmp_path / "a.ksplat").sh[0, 1, 0] == -1.5

    def test_no_gaussians_with_harmonics(self, tmp_path, make_ksplat):
        def empty(header, section):
            struct.pack_into("<I", header, 16, 0)
            struct.pack_into("<I", section, 0, 0)

        (tmp_path / "a.ksplat").write_bytes(make_ksplat(0, 2, empty))
        assert load(tmp_path / "a.ksplat").count == 0

    def test_strict_reading(self, tmp_path, make_ksplat):
        data = make_ksplat()
        (tmp_path / "a.ksplat").write_bytes(data.replace(struct.pack("<f", 7), b"\xff" * 4))
        with pytest.raises(FormatError, match="1 impossible Gaussians of 3"):
            Ksplat(KsplatConfig(strict=True)).read(tmp_path / "a.ksplat")


class TestRefusal:
    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (put(0, "B", 1), "version 1.1"),
            (put(1, "B", 0), "version 0.0"),
            (put(20, "<H", 3), "compression level 3"),
            (put(4, "<I", 2**32 - 1), "headers of 4294967295 sections"),
            (put(4, "<I", 0), "its sections hold 0 Gaussians"),
            (put(16, "<I", 4), "its sections hold 3 Gaussians, its header 4"),
            (put(4096, "<I", 2**32 - 1), "a section of 4294967295 Gaussians"),
            (put(4096 + 12, "<I", 2**32 - 1), "the file is truncated: a section"),
            (put(4096 + 36, "<I", 2**32 - 1), "the file is truncated: a section"),
            (put(4096 + 40, "<H", 4), "SH of degree 4"),
            (put(4096 + 8, "<I", 1), "a Gaussian is in bucket 2, a section has 2"),
        ],
    )
    def test_of_damaged_headers(self, refusal, make_ksplat, change, words):
        assert words in refusal(make_ksplat(1, 0, change), "a.ksplat")

    def test_of_a_truncated_file(self, refusal, make_ksplat):
        data = make_ksplat(2, 1)
        assert "its header is not whole" in refusal(data[:4000], "a.ksplat")
        assert "headers of 1 sections" in refusal(data[:5000], "a.ksplat")
        assert "a section of 3 Gaussians" in refusal(data[:-80], "a.ksplat")


def test_it_is_not_written(tmp_path, make_scene):
    with pytest.raises(FormatError, match="no format writes"):
        save(make_scene(), tmp_path / "a.ksplat")
    with pytest.raises(FormatError, match=r"is not written; write \.splat"):
        Ksplat().write(make_scene(), tmp_path / "a.ksplat")
