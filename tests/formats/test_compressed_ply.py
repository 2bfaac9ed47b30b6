import math
import struct

import pytest
import torch

from gaussrep.errors import FormatError
from gaussrep.formats.by_suffix import load, save

C0 = 0.28209479177387814
ENDS = [f"{end}_{name}" for name in ("x", "y", "z") for end in ("min", "max")]
SCALE_ENDS = [f"{end}_scale_{name}" for name in ("x", "y", "z") for end in ("min", "max")]
COLOR_ENDS = [f"{end}_{name}" for name in ("r", "g", "b") for end in ("min", "max")]
BOUNDS = dict(zip(ENDS, [-1, 1, 0, 10, 5, 5], strict=True))
BOUNDS |= dict(zip(SCALE_ENDS, [0, 1, -2, 2, -1, -1], strict=True))
COLORS = dict(zip(COLOR_ENDS, [0, 2, -1, 1, 0, 1], strict=True))
PACKED = ("packed_position", "packed_rotation", "packed_scale", "packed_color")


def vector(x, y, z):
    return x << 21 | y << 11 | z


def rotation(largest, *three):
    a, b, c = three
    return largest << 30 | a << 20 | b << 10 | c


ROW = (
    vector(2047, 0, 1000),
    rotation(0, 1023, 0, 512),
    vector(0, 1023, 77),
    255 << 24 | 0 << 16 | 51 << 8 | 204,
)


def compressed(rows=(ROW,), chunks=None, rest=None, count=None, bounds=None, order="<"):
    """A file laid out with struct alone."""
    bounds = bounds or BOUNDS | COLORS
    chunks = [bounds] * math.ceil(len(rows) / 256) if chunks is None else chunks
    encoding = {"<": "binary_little_endian", ">": "binary_big_endian"}[order]
    lines = ["ply", f"format {encoding} 1.0", f"element chunk {len(chunks)}"]
    lines += [f"property float {name}" for name in bounds]
    lines += [f"element vertex {count or len(rows)}"]
    lines += [f"property uint {name}" for name in PACKED]
    if rest:
        lines += [f"element sh {len(rest)}"]
        lines += [f"property uchar f_rest_{place}" for place in range(len(rest[0]))]
    data = "\n".join([*lines, "end_header", ""]).encode()
    data += b"".join(struct.pack(f"{order}{len(bounds)}f", *chunk.values()) for chunk in chunks)
    data += b"".join(struct.pack(f"{order}4I", *row) for row in rows)
    return data + b"".join(bytes(row) for row in rest or ())


@pytest.fixture
def read(tmp_path):
    def read(data, name="a.compressed.ply"):
        (tmp_path / name).write_bytes(data)
        return load(tmp_path / name)

    return read


@pytest.mark.parametrize("name", ["a.compressed.ply", "a.ply"])
@pytest.mark.parametrize("order", ["<", ">"])
def test_a_file_laid_out_by_hand(read, name, order):
    rest = [[0, 255, 128, *[127] * 6]]
    g = read(compressed(rest=rest, order=order), name)
    assert g.means[0].tolist() == pytest.approx([1, 0, 5])
    logs = [0, 2, -1]
    assert g.scales[0].tolist() == pytest.approx([math.exp(value) for value in logs])
    assert g.opacities[0].item() == pytest.approx(0.8)
    colors = [2, -1, 0.2]
    assert (g.sh[0, 0] * C0 + 0.5).tolist() == pytest.approx(colors)
    # Red's three come first. The ends of a byte stand for -4 and 4, the rest for middles of steps.
    red = [-4, 4, (128.5 / 256 - 0.5) * 8]
    assert g.sh[0, 1:, 0].tolist() == pytest.approx(red)
    assert g.sh[0, 1:, 1:].flatten().tolist() == pytest.approx([(127.5 / 256 - 0.5) * 8] * 6)


@pytest.mark.parametrize("largest", range(4))
def test_the_largest_component_may_be_any(read, largest):
    three = [300, 600, 800]
    g = read(compressed([(0, rotation(largest, *three), 0, 0)]))
    wanted = [(value / 1023 - 0.5) * math.sqrt(2) for value in three]
    wanted.insert(largest, math.sqrt(1 - sum(value**2 for value in wanted)))
    assert g.quats[0].tolist() == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize("order", ["<", ">"])
def test_infinite_bounds_are_those_of_flat_gaussians(read, order):
    """The first fraction is 0, the end -inf; the second is 1, the end 2."""
    flat = BOUNDS | COLORS | {"min_scale_x": -math.inf, "min_scale_y": -math.inf}
    scales = read(compressed(bounds=flat, order=order)).scales[0].tolist()
    assert 0 < scales[0] < 1e-30
    assert scales[1:] == pytest.approx([math.exp(2), math.exp(-1)])


def test_colors_without_bounds_are_in_the_unit_interval(read):
    g = read(compressed(bounds=BOUNDS))
    assert (g.sh[0, 0] * C0 + 0.5).tolist() == pytest.approx([1, 0, 0.2], abs=1e-6)


def test_every_256_have_bounds_of_their_own(read):
    other = BOUNDS | COLORS | {"min_x": 100.0, "max_x": 200.0}
    rows = [(vector(0, 0, 0), *ROW[1:])] * 300
    g = read(compressed(rows, chunks=[BOUNDS | COLORS, other]))
    assert g.means[:, 0].unique_consecutive(return_counts=True)[1].tolist() == [256, 44]
    assert g.means[[255, 256], 0].tolist() == [-1, 100]


def test_a_scene_without_gaussians(read):
    assert read(compressed([])).count == 0


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (compressed()[:-1], "truncated: 1 vertices"),
        (compressed(rest=[[0] * 9])[:-1], "truncated: 1 rows of sh"),
        (compressed(count=10**12), "packed Gaussians need 3906250000 chunks"),
        (compressed(chunks=[]), "need 1 chunks of 256, the file has 0"),
        (compressed([ROW] * 257, chunks=[BOUNDS | COLORS]), "need 2 chunks"),
        (compressed(rest=[[0] * 9] * 2), "2 rows of sh do not fit 1"),
        (compressed(rest=[[0] * 8]), "element sh has 8 properties f_rest_"),
        (compressed().replace(b"uint packed_scale", b"float packed_scale"), "packed_scale"),
        (compressed().replace(b"uint packed_scale", b"uint other"), "lacks packed_scale"),
        (
            compressed().replace(b"min_scale_y", b"least"),
            "chunk of a compressed PLY file lacks min_s",
        ),
        (compressed().replace(b"max_g", b"most_"), "lacks max_g"),
        (compressed().replace(b"element chunk", b"element piece"), "has an element 'chunk'"),
        (compressed().replace(b"binary_little_endian", b"ascii"), "is binary"),
        (compressed(bounds=BOUNDS | {"max_x": math.nan}), "1 with means that are NaN"),
        (
            compressed(bounds=BOUNDS | {"max_scale_y": 1e4}),
            "1 with scales that are NaN or infinite",
        ),
    ],
)
def test_damaged_files_are_refused(refusal, data, words):
    assert words in refusal(data, "a.compressed.ply")


def fields(word, widths):
    """Fractions of the fields of a word, the highest bits first."""
    first, found = 32, []
    for width in widths:
        first -= width
        found.append((word >> first & (1 << width) - 1) / ((1 << width) - 1))
    return found


class TestWriting:
    def test_another_parser_reads_it(self, tmp_path, make_scene):
        """The only chunk of a file; Gaussians are found again by their opacity."""
        g = make_scene(6, degree=1).replace(opacities=torch.arange(6) / 255 * 50)
        save(g, tmp_path / "a.compressed.ply")
        head, _, data = (tmp_path / "a.compressed.ply").read_bytes().partition(b"end_header\n")
        names = [f"{end}_{axis}" for end in ("min", "max") for axis in "xyz"]
        names += [f"{end}_scale_{axis}" for end in ("min", "max") for axis in "xyz"]
        names += [f"{end}_{channel}" for end in ("min", "max") for channel in "rgb"]
        lines = ["ply", "format binary_little_endian 1.0", "element chunk 1"]
        lines += [*(f"property float {name}" for name in names), "element vertex 6"]
        lines += [f"property uint {name}" for name in PACKED]
        lines += ["element sh 6", *(f"property uchar f_rest_{number}" for number in range(9))]
        assert head.decode().split("\n")[:-1] == lines
        ends = dict(zip(names, struct.unpack_from("<18f", data), strict=True))
        assert len(data) == 72 + 6 * 16 + 6 * 9
        seen = set()
        for place in range(6):
            words = struct.unpack_from("<4I", data, 72 + 16 * place)
            rest = data[72 + 96 + 9 * place :][:9]
            *color, opacity = fields(words[3], (8, 8, 8, 8))
            row = round(opacity * 255 / 50)
            seen.add(row)
            means, logs = (fields(words[column], (11, 10, 11)) for column in (0, 2))
            for axis in range(3):
                low, high = ends[f"min_{'xyz'[axis]}"], ends[f"max_{'xyz'[axis]}"]
                wanted = g.means[row, axis].item()
                assert abs(low + means[axis] * (high - low) - wanted) <= (high - low) / 2040
                low, high = ends[f"min_scale_{'xyz'[axis]}"], ends[f"max_scale_{'xyz'[axis]}"]
                wanted = math.log(g.scales[row, axis].item())
                assert abs(low + logs[axis] * (high - low) - wanted) <= (high - low) / 2040
                low, high = ends[f"min_{'rgb'[axis]}"], ends[f"max_{'rgb'[axis]}"]
                wanted = 0.5 + C0 * g.sh[row, 0, axis].item()
                assert abs(low + color[axis] * (high - low) - wanted) <= (high - low) / 509
                for base in range(3):
                    stored = ((rest[3 * axis + base] + 0.5) / 256 - 0.5) * 8
                    assert abs(stored - g.sh[row, base + 1, axis].item()) <= 1 / 64 + 1e-6
            three = [(part - 0.5) * math.sqrt(2) for part in fields(words[1] << 2, (10, 10, 10))]
            unit = (g.quats[row] / g.quats[row].norm()).tolist()
            largest = unit.pop(words[1] >> 30)
            sign = 1 if largest > 0 else -1
            assert three == pytest.approx([sign * part for part in unit], abs=1e-3)
        assert seen == set(range(6))

    @pytest.mark.parametrize(("count", "degree"), [(1, None), (256, 0), (700, 3)])
    def test_a_round_trip_loses_less_than_stated(self, tmp_path, make_scene, angles, count, degree):
        g = make_scene(count, degree)
        save(g, tmp_path / "a.compressed.ply")
        back = load(tmp_path / "a.compressed.ply")
        nearest = torch.cdist(back.means, g.means).argmin(1)
        assert sorted(nearest.tolist()) == list(range(count))
        g = g[nearest]
        assert (back.means - g.means).abs().max() <= 2 / 2046 + 1e-6
        assert (back.opacities - g.opacities).abs().max() <= 0.5 / 255 + 1e-6
        assert (back.scales.log() - g.scales.log()).abs().max() <= 2.5 / 2046
        assert angles(back.quats, g.quats).max() < 0.3
        if degree:
            assert (back.sh[:, 1:] - g.sh[:, 1:]).abs().max() <= 1 / 64 + 1e-6
        else:
            colors = g.colors if degree is None else C0 * g.sh[:, 0] + 0.5
            assert (C0 * back.sh[:, 0] + 0.5 - colors).abs().max() <= 0.5 / 255 + 1e-6

    def test_a_flat_gaussian_does_not_coarsen_the_others(self, tmp_path, make_scene):
        g = make_scene(2)
        g.scales[0, 0] = 1e-38
        save(g, tmp_path / "a.compressed.ply")
        scales = load(tmp_path / "a.compressed.ply").scales[:, 0].sort().values
        assert scales[0].item() == pytest.approx(math.exp(-20), rel=1e-3)
        assert scales[1].item() == pytest.approx(g.scales[1, 0].item(), rel=0.01)

    def test_what_it_cannot_hold_is_refused(self, tmp_path, make_scene):
        with pytest.raises(FormatError, match="holds at least one Gaussian"):
            save(make_scene(0), tmp_path / "a.compressed.PLY")
        with pytest.raises(FormatError, match="degree 4"):
            save(
                make_scene(3).replace(colors=None, sh=torch.zeros(3, 25, 3)),
                tmp_path / "a.compressed.ply",
            )
        assert list(tmp_path.iterdir()) == []
