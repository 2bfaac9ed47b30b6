import math
import struct

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gaussrep.errors import FormatError, ValueRangeError
from gaussrep.formats.ply import Ply
from gaussrep.gaussians import Gaussians

C0 = 0.28209479177387814


def column_names(degree):
    rest = [f"f_rest_{number}" for number in range(3 * ((degree + 1) ** 2 - 1))]
    return [
        *("x", "y", "z", "nx", "ny", "nz", "f_dc_0", "f_dc_1", "f_dc_2", *rest),
        *("opacity", "scale_0", "scale_1", "scale_2", "rot_0", "rot_1", "rot_2", "rot_3"),
    ]


def row(degree=0, **values):
    """One vertex; every column is 0.1 but those that are given."""
    return {name: values.get(name, 0.1) for name in column_names(degree)}


def ply_bytes(rows, *, names=None, order="<", codes=None, ahead="", ahead_data=b"", newline="\n"):
    """A 3DGS file laid out with struct alone."""
    names = names or list(rows[0])
    codes = {name: (codes or {}).get(name, "f") for name in names}
    kinds = {"f": "float", "d": "double", "B": "uchar", "h": "short"}
    spelled = {"<": "binary_little_endian", ">": "binary_big_endian"}[order]
    lines = ["ply", f"format {spelled} 1.0", *ahead.splitlines(), f"element vertex {len(rows)}"]
    lines += [f"property {kinds[codes[name]]} {name}" for name in names]
    head = newline.join([*lines, "end_header", ""]).encode()
    layout = order + "".join(codes.values())
    body = b"".join(struct.pack(layout, *(values[name] for name in names)) for values in rows)
    return head + ahead_data + body


def parse(data):
    """Read a file of float columns the slow way."""
    head, _, body = data.partition(b"end_header\n")
    lines = head.decode("ascii").splitlines()
    assert lines[:2] == ["ply", "format binary_little_endian 1.0"]
    count = int(lines[2].removeprefix("element vertex "))
    names = [line.removeprefix("property float ") for line in lines[3:]]
    size = 4 * len(names)
    assert len(body) == count * size
    rows = [struct.unpack_from(f"<{len(names)}f", body, place * size) for place in range(count)]
    return names, [dict(zip(names, values, strict=True)) for values in rows]


def scene(count=7, degree=None, seed=0):
    generator = torch.Generator().manual_seed(seed)

    def random(*shape):
        return torch.rand(*shape, generator=generator)

    appearance = (
        {"colors": random(count, 3)}
        if degree is None
        else {"sh": random(count, (degree + 1) ** 2, 3) - 0.5}
    )
    return Gaussians(
        means=4 * random(count, 3) - 2,
        quats=random(count, 4) + 0.1,
        scales=random(count, 3) + 0.01,
        opacities=random(count),
        **appearance,
    )


def read_bytes(tmp_path, data):
    path = tmp_path / "scene.ply"
    path.write_bytes(data)
    return Ply().read(path)


def refusal(tmp_path, data):
    with pytest.raises(FormatError) as caught:
        read_bytes(tmp_path, data)
    message = str(caught.value)
    assert message.startswith(str(tmp_path / "scene.ply"))
    assert "\n" not in message
    return message


class TestReading:
    def test_a_file_laid_out_by_hand(self, tmp_path):
        values = row(
            degree=1, x=1.0, y=-2.0, z=3.0, opacity=0.0, scale_0=math.log(2), scale_1=0.0,
            scale_2=-1.0, rot_0=2.0, rot_1=0.0, rot_2=0.0, rot_3=0.0, f_dc_0=0.5, f_dc_1=0.25,
            f_dc_2=0.0, f_rest_0=1, f_rest_1=2, f_rest_2=3, f_rest_3=4, f_rest_4=5, f_rest_5=6,
            f_rest_6=7, f_rest_7=8, f_rest_8=9,
        )  # fmt: skip
        g = read_bytes(tmp_path, ply_bytes([values, row(degree=1)]))
        assert g.means[0].tolist() == [1, -2, 3]
        assert g.opacities[0].item() == 0.5
        torch.testing.assert_close(g.scales[0], torch.tensor([2.0, 1.0, math.exp(-1)]))
        assert g.quats[0].tolist() == [2, 0, 0, 0]
        # Red's three coefficients come first in the file, then green's, then blue's.
        assert g.sh[0].tolist() == [[0.5, 0.25, 0], [1, 4, 7], [2, 5, 8], [3, 6, 9]]
        assert g.count == 2
        assert g.dtype == torch.float32

    @pytest.mark.parametrize("order", ["<", ">"])
    @pytest.mark.parametrize("newline", ["\n", "\r\n"])
    def test_any_order_of_columns_types_and_bytes(self, tmp_path, order, newline):
        values = row(x=1.5, y=3, z=-2.0, red=200, note=-7)
        del values["nx"], values["ny"], values["nz"]
        names = [*reversed(values), "red", "note"]
        values |= {"red": 200, "note": -7}
        codes = {"y": "B", "z": "d", "red": "B", "note": "h"}
        data = ply_bytes([values], names=names, order=order, codes=codes, newline=newline)
        g = read_bytes(tmp_path, data)
        assert g.means.tolist() == [[1.5, 3, -2]]

    def test_comments_and_other_elements_are_passed_over(self, tmp_path):
        ahead = "comment caf\N{LATIN SMALL LETTER E WITH ACUTE}\nobj_info x\nelement camera 2\n"
        ahead += "property uchar a\nproperty double b"
        data = ply_bytes([row(x=5.0)], ahead=ahead, ahead_data=b"\xff" * 18)
        after = b"element face 1\nproperty list uchar int vertex_indices\nend_header\n"
        data = data.replace(b"end_header\n", after) + b"\x03" + b"\0" * 12
        assert read_bytes(tmp_path, data).means[0, 0] == 5

    def test_numbers_as_windows_writes_them(self, tmp_path, caplog):
        names = column_names(1)
        plain = dict.fromkeys(names, "0") | {"rot_0": "1"}
        rows = [plain] * 300 + [
            plain | {"opacity": "1.#INF"},
            plain | {"opacity": "-1.#INF00"},
            plain | {"x": "-nan(ind)"},
            plain | {"y": "-1.#IND", "z": "1.#QNAN0"},
        ]
        lines = ["ply", "format ascii 1.0", f"element vertex {len(rows)}"]
        lines += [*(f"property float {name}" for name in names), "end_header"]
        lines += [" ".join(each[name] for name in names) for each in rows]
        g = read_bytes(tmp_path, "\n".join([*lines, ""]).encode())
        assert g.opacities[-2:].tolist() == [1, 0]
        assert g.count == 302
        assert "left out 2 impossible Gaussians of 304" in caplog.text

    def test_an_element_of_lists_without_rows(self, tmp_path):
        data = ply_bytes([row()])
        ahead = b"element face 0\nproperty list uchar int vertex_index\nelement vertex"
        assert read_bytes(tmp_path, data.replace(b"element vertex", ahead)).count == 1

    def test_ascii(self, tmp_path):
        names = column_names(0)
        lines = ["ply", "format ascii 1.0", "element camera 1", "property float fov"]
        lines += ["element vertex 2", *(f"property float {name}" for name in names), "end_header"]
        lines += ["60.0", " ".join(["0.25"] * 17), "", " ".join(["1e-1"] * 17), "trailing words"]
        g = read_bytes(tmp_path, "\r\n".join(lines).encode())
        assert g.means.tolist() == [[0.25] * 3, pytest.approx([0.1] * 3)]

    def test_trailing_bytes_are_ignored(self, tmp_path):
        assert read_bytes(tmp_path, ply_bytes([row()]) + b"anything").count == 1

    def test_a_scene_without_gaussians(self, tmp_path):
        g = read_bytes(tmp_path, ply_bytes([], names=column_names(2)))
        assert g.count == 0
        assert g.sh.shape == (0, 9, 3)


def nerfstudio_bytes(color_names, color_code, color):
    """What `ns-export gaussian-splat` of nerfstudio 1.1.5 writes for one Gaussian."""
    lines = ["ply", "format binary_little_endian 1.0", "comment Generated by Nerstudio 1.1.5"]
    lines += ["comment Vertical Axis: z", "element vertex 1"]
    kind = {"f": "float", "B": "uchar"}[color_code]
    lines += [f"property float {name}" for name in ("x", "y", "z", "nx", "ny", "nz")]
    lines += [f"property {kind} {name}" for name in color_names]
    lines += ["property float opacity", *(f"property float scale_{axis}" for axis in range(3))]
    lines += [*(f"property float rot_{part}" for part in range(4)), "end_header", ""]
    head = struct.pack("<6f", 1, 2, 3, 0, 0, 0) + struct.pack(f"<{len(color)}{color_code}", *color)
    return "\n".join(lines).encode() + head + struct.pack("<8f", 0, 0, 0, 0, 3, 0, 0, 4)


class TestNerfstudio:
    def test_what_it_exports(self, tmp_path):
        names = [f"f_dc_{n}" for n in range(3)] + [f"f_rest_{n}" for n in range(45)]
        g = read_bytes(tmp_path, nerfstudio_bytes(names, "f", range(48)))
        assert g.means.tolist() == [[1, 2, 3]]
        assert g.quats.tolist() == [[3, 0, 0, 4]]
        assert g.opacities.tolist() == [0.5]
        assert g.sh[0, 0].tolist() == [0, 1, 2]
        assert g.sh[0, 1].tolist() == [3, 18, 33]

    def test_colors_as_bytes_in_place_of_sh(self, tmp_path):
        g = read_bytes(tmp_path, nerfstudio_bytes(("red", "green", "blue"), "B", (255, 0, 51)))
        assert g.sh is None
        assert g.colors[0].tolist() == pytest.approx([1, 0, 0.2])
        assert g.scales.tolist() == [[1, 1, 1]]

    def test_sh_counts_where_there_are_bytes_as_well(self, tmp_path):
        values = row() | {"red": 9, "green": 9, "blue": 9}
        codes = {"red": "B", "green": "B", "blue": "B"}
        assert read_bytes(tmp_path, ply_bytes([values], codes=codes)).sh is not None

    def test_a_colored_point_cloud_is_no_scene(self, tmp_path):
        values = {"x": 0.0, "y": 0.0, "z": 0.0, "red": 1, "green": 2, "blue": 3}
        data = ply_bytes([values], codes={"red": "B", "green": "B", "blue": "B"})
        assert "lack opacity" in refusal(tmp_path, data)


class TestRefusal:
    def test_of_what_is_no_ply(self, tmp_path):
        assert "does not begin with the line 'ply'" in refusal(tmp_path, b"PK\x03\x04" * 100)
        assert "does not begin" in refusal(tmp_path, b"")

    def test_of_a_header_without_end(self, tmp_path):
        data = ply_bytes([row()]).replace(b"end_header\n", b"")
        assert "end_header" in refusal(tmp_path, data)
        assert "64 KiB" in refusal(tmp_path, b"ply\n" + b"comment x\n" * 100_000)
        assert "64 KiB" in refusal(tmp_path, b"ply\n" + b"x" * 1_000_000)

    def test_of_a_truncated_body(self, tmp_path):
        data = ply_bytes([row()] * 3)
        message = refusal(tmp_path, data[:-1])
        assert f"{len(data)} bytes" in message
        assert str(len(data) - 1) in message

    def test_of_a_huge_count_without_taking_memory(self, tmp_path):
        data = ply_bytes([row()])
        for count in (b"9" * 15, b"9" * 19):
            huge = data.replace(b"vertex 1", b"vertex " + count)
            assert "truncated" in refusal(tmp_path, huge)
            assert "truncated" in refusal(tmp_path, huge.replace(b"binary_little_endian", b"ascii"))

    @pytest.mark.parametrize("count", [b"-1", b"many", b"1.0", b"1_0", b"9" * 5000])
    def test_of_an_impossible_count(self, tmp_path, count):
        data = ply_bytes([row()]).replace(b"vertex 1", b"vertex " + count)
        assert "element vertex has the count" in refusal(tmp_path, data)

    def test_of_unknown_types(self, tmp_path):
        data = ply_bytes([row()]).replace(b"property float x", b"property quad x")
        assert "'property quad x' names no type" in refusal(tmp_path, data)

    def test_of_lists_in_or_ahead_of_the_vertices(self, tmp_path):
        data = ply_bytes([row()]).replace(b"property float nx", b"property list uchar int nx")
        assert "property nx of element vertex is a list" in refusal(tmp_path, data)
        data = ply_bytes([row()], ahead="element face 1\nproperty list uchar int v")
        assert "element face is a list" in refusal(tmp_path, data)

    def test_of_a_list_in_place_of_a_column_in_ascii(self, tmp_path):
        data = ply_bytes([row()]).replace(b"property float x", b"property list uchar int x")
        data = data.replace(b"binary_little_endian", b"ascii")
        assert "property x of element vertex is a list" in refusal(tmp_path, data)

    def test_of_repeated_properties_elements_and_formats(self, tmp_path):
        data = ply_bytes([row()])
        twice = data.replace(b"property float nx", b"property float x")
        assert "the property 'x' twice" in refusal(tmp_path, twice)
        twice = data.replace(b"end_header", b"element vertex 1\nend_header")
        assert "'element vertex 1' is not understood" in refusal(tmp_path, twice)
        twice = data.replace(b"end_header", b"format ascii 1.0\nend_header")
        assert "'format ascii 1.0' is not understood" in refusal(tmp_path, twice)

    def test_of_a_header_without_format_or_vertices(self, tmp_path):
        data = ply_bytes([row()])
        assert "'format'" in refusal(
            tmp_path, data.replace(b"format binary_little_endian 1.0\n", b"")
        )
        assert "'vertex'" in refusal(tmp_path, data.replace(b"element vertex", b"element point"))
        assert "not understood" in refusal(tmp_path, data.replace(b"1.0", b"2.0"))

    def test_of_a_plain_point_cloud_names_what_is_missing(self, tmp_path):
        data = ply_bytes([{"x": 0.0, "y": 0.0, "z": 0.0}])
        message = refusal(tmp_path, data)
        assert "f_dc_0" in message
        assert "rot_3" in message
        assert " x," not in message

    @pytest.mark.parametrize("count", [1, 8, 10, 72])
    def test_of_sh_coefficients_that_fit_no_degree(self, tmp_path, count):
        names = [*column_names(0), *(f"f_rest_{number}" for number in range(count))]
        data = ply_bytes([dict.fromkeys(names, 0.1)])
        assert f"{count} properties f_rest_" in refusal(tmp_path, data)

    @pytest.mark.parametrize(
        ("name", "value", "field"),
        [
            ("opacity", math.nan, "opacities"),
            ("x", math.inf, "means"),
            ("f_dc_1", -math.inf, "sh"),
            ("scale_2", math.inf, "scales"),
            ("rot_3", math.nan, "quats"),
        ],
    )
    def test_of_many_values_that_are_not_finite(self, tmp_path, name, value, field):
        data = ply_bytes([row(**{name: value}), row(), row(**{name: value})])
        wanted = f"2 impossible Gaussians of 3: 2 with {field} that are NaN or infinite."
        assert wanted in refusal(tmp_path, data)

    def test_of_values_beyond_float32(self, tmp_path):
        data = ply_bytes([row(x=1e300)], codes={"x": "d"})
        assert "1 with means that are NaN or infinite" in refusal(tmp_path, data)
        assert "1 with scales" in refusal(tmp_path, ply_bytes([row(scale_1=500.0)]))

    def test_of_a_zero_quaternion(self, tmp_path):
        zeros = dict.fromkeys(("rot_0", "rot_1", "rot_2", "rot_3"), 0.0)
        assert "length 0" in refusal(tmp_path, ply_bytes([row(**zeros)]))

    @pytest.mark.parametrize("line", ["1 2 3", " ".join(["word"] * 17), " ".join(["1"] * 18)])
    def test_of_bad_ascii_rows(self, tmp_path, line):
        lines = ["ply", "format ascii 1.0", "element vertex 1"]
        lines += [f"property float {name}" for name in column_names(0)]
        text = "\n".join([*lines, "end_header", line, "padding" * 20])
        refusal(tmp_path, text.encode())

    def test_of_missing_files_and_folders(self, tmp_path):
        with pytest.raises(FormatError, match="No such file"):
            Ply().read(tmp_path / "none.ply")
        with pytest.raises(FormatError, match="cannot be read"):
            Ply().read(tmp_path)


class TestWriting:
    def test_another_parser_reads_it(self, tmp_path):
        g = scene(5, degree=2)
        Ply().write(g, tmp_path / "out.ply")
        names, rows = parse((tmp_path / "out.ply").read_bytes())
        assert names == column_names(2)
        assert len(rows) == 5
        for place, values in enumerate(rows):
            assert [values[n] for n in ("x", "y", "z")] == g.means[place].tolist()
            assert [values[n] for n in ("nx", "ny", "nz")] == [0, 0, 0]
            assert [values[f"rot_{i}"] for i in range(4)] == g.quats[place].tolist()
            opacity = 1 / (1 + math.exp(-values["opacity"]))
            assert opacity == pytest.approx(g.opacities[place].item(), abs=1e-6)
            scales = [math.exp(values[f"scale_{axis}"]) for axis in range(3)]
            assert scales == pytest.approx(g.scales[place].tolist(), rel=1e-6)
            for channel in range(3):
                assert values[f"f_dc_{channel}"] == g.sh[place, 0, channel].item()
                for base in range(1, 9):
                    coefficient = values[f"f_rest_{8 * channel + base - 1}"]
                    assert coefficient == g.sh[place, base, channel].item()

    def test_colors_become_degree_zero(self, tmp_path):
        g = scene(3)
        Ply().write(g, tmp_path / "out.ply")
        names, rows = parse((tmp_path / "out.ply").read_bytes())
        assert names == column_names(0)
        for color, values in zip(g.colors.tolist(), rows, strict=True):
            seen = [0.5 + C0 * values[f"f_dc_{channel}"] for channel in range(3)]
            assert seen == pytest.approx(color, abs=1e-6)

    def test_opacities_zero_and_one_stay_finite(self, tmp_path):
        g = scene(2).replace(opacities=torch.tensor([0.0, 1.0]))
        Ply().write(g, tmp_path / "out.ply")
        _, rows = parse((tmp_path / "out.ply").read_bytes())
        limit = math.log((1 - 1e-6) / 1e-6)
        assert [values["opacity"] for values in rows] == pytest.approx([-limit, limit], abs=0.05)
        torch.testing.assert_close(
            Ply().read(tmp_path / "out.ply").opacities, torch.tensor([0.0, 1.0]), atol=2e-6, rtol=0
        )

    @settings(max_examples=30)
    @given(count=st.integers(0, 20), degree=st.integers(0, 3), seed=st.integers(0, 2**31))
    def test_a_round_trip_keeps_everything(self, tmp_path_factory, count, degree, seed):
        path = tmp_path_factory.mktemp("trip") / "scene.ply"
        g = scene(count, degree, seed)
        Ply().write(g, path)
        back = Ply().read(path)
        for (name, before), (other, after) in zip(g.tensors(), back.tensors(), strict=True):
            assert name == other
            torch.testing.assert_close(after, before, rtol=1e-5, atol=2e-6)

    def test_tensors_of_any_precision_and_with_gradients(self, tmp_path):
        g = scene(3).to(torch.float64)
        Ply().write(g.replace(means=g.means.requires_grad_()), tmp_path / "out.ply")
        assert Ply().read(tmp_path / "out.ply").count == 3

    @pytest.mark.parametrize(
        ("change", "error", "words"),
        [
            (lambda g: Gaussians.stack([g, g]), FormatError, r"batch axes \[2\]"),
            (lambda g: g.replace(colors=None, sh=torch.zeros(4, 25, 3)), FormatError, "degree 4"),
            (lambda g: g.replace(features=torch.zeros(4, 2)), FormatError, "features"),
            (lambda g: g.replace(scales=torch.zeros(4, 3)), ValueRangeError, "scales hold 12"),
            (lambda g: g.replace(quats=torch.zeros(4, 4)), ValueRangeError, "quats"),
            (lambda g: g.replace(means=torch.full((4, 3), math.nan)), ValueRangeError, "means"),
        ],
    )
    def test_what_the_layout_cannot_hold_is_refused(self, tmp_path, change, error, words):
        with pytest.raises(error, match=words):
            Ply().write(change(scene(4)), tmp_path / "out.ply")
        assert list(tmp_path.iterdir()) == []

    def test_a_failed_write_leaves_the_old_file(self, tmp_path, monkeypatch):
        path = tmp_path / "out.ply"
        Ply().write(scene(2), path)
        before = path.read_bytes()

        def full(*_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("pathlib.Path.replace", full)
        with pytest.raises(FormatError, match="No space left on device"):
            Ply().write(scene(3), path)
        assert path.read_bytes() == before
        assert list(tmp_path.iterdir()) == [path]

    def test_a_missing_folder_is_one_sentence(self, tmp_path):
        with pytest.raises(FormatError, match="cannot be written: No such file"):
            Ply().write(scene(2), tmp_path / "none" / "out.ply")


def ascii_bytes():
    lines = ["ply", "format ascii 1.0", "comment made by hand", "element vertex 2"]
    lines += [f"property float {name}" for name in column_names(0)]
    rows = [" ".join(str(0.5 * number) for number in range(1, 18))] * 2
    return "\n".join([*lines, "end_header", *rows, ""]).encode()


VALID = [
    ply_bytes([row(1), row(1, x=2.0)]),
    ply_bytes([row(), row()], order=">", ahead="element a 1\nproperty short b", ahead_data=b"\0\0"),
    ascii_bytes(),
]
WORDS = [
    *(b"element", b"property", b"vertex", b"list", b"float", b"double", b"uchar", b"ascii", b"\n"),
    *(b"binary_little_endian", b"binary_big_endian", b"end_header\n", b"99999999999", b"-1", b"0"),
    *(b"nan", b"\x00", b"\xff\xff", b" ", b"\r", b"\x1f", b"\xa0", b"f_rest_0", b"x", b"1_0"),
]


@st.composite
def mutations(draw):
    data = draw(st.sampled_from(VALID))
    for _ in range(draw(st.integers(1, 5))):
        start = draw(st.integers(0, len(data)))
        stop = min(len(data), start + draw(st.sampled_from([0, 1, 2, 8, 40])))
        data = data[:start] + draw(st.sampled_from(WORDS) | st.binary(max_size=9)) + data[stop:]
    return data[: draw(st.integers(0, len(data)))] if draw(st.booleans()) else data


@settings(max_examples=1500)
@given(data=mutations())
def test_a_damaged_file_loads_or_is_one_format_error(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "damaged.ply"
    path.write_bytes(data)
    message = None
    try:
        g = Ply().read(path)
        assert all(bool(tensor.isfinite().all()) for _, tensor in g.tensors())
        assert bool((g.scales > 0).all())
    except FormatError as error:
        message = str(error)
    assert message is None or (message.startswith(str(path)) and "\n" not in message)
