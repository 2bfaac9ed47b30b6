import base64
import json
import math
import struct

import pytest
import torch

from gaussrep.errors import FormatError
from gaussrep.formats.by_suffix import load, save
from gaussrep.gaussians import Gaussians

NAME = "KHR_gaussian_splatting"
FLOAT = 5126
VALUES = {
    "POSITION": ("VEC3", [[-1, -2, 3], [0, 0, 0.5]]),
    f"{NAME}:ROTATION": ("VEC4", [[0.6, 0, 0, 0.8], [0, 0, 0, 1]]),
    f"{NAME}:SCALE": ("VEC3", [[0.5, 1, 2], [1, 1, 1]]),
    f"{NAME}:OPACITY": ("SCALAR", [[0.25], [1]]),
    f"{NAME}:SH_DEGREE_0_COEF_0": ("VEC3", [[0.1, 0.2, 0.3], [1, 1, 1]]),
}
DEGREE_1 = {
    f"{NAME}:SH_DEGREE_1_COEF_{place}": ("VEC3", [[10 + place] * 3, [0, 0, 0]])
    for place in range(3)
}


def parts(values=VALUES, codes=None):
    """JSON and bytes of a file, laid out with struct alone."""
    binary, views, accessors = b"", [], []
    for name, (kind, rows) in values.items():
        code, component = (codes or {}).get(name, ("f", FLOAT))
        packed = b"".join(struct.pack(f"<{len(row)}{code}", *row) for row in rows)
        views.append({"buffer": 0, "byteOffset": len(binary), "byteLength": len(packed)})
        accessors.append(
            {"bufferView": len(accessors), "componentType": component, "type": kind}
            | {"count": len(rows), "normalized": component != FLOAT}
        )
        binary += packed + bytes(-len(packed) % 4)
    extension = {"kernel": "ellipse", "colorSpace": "srgb_rec709_display"}
    primitive = {"mode": 0, "extensions": {NAME: extension}}
    primitive["attributes"] = {name: place for place, name in enumerate(values)}
    document = {
        "asset": {"version": "2.0"},
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [primitive]}],
        "accessors": accessors,
        "bufferViews": views,
        "buffers": [{"byteLength": len(binary)}],
    }
    return document, binary


def glb(document, binary, version=2):
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text
    chunks += struct.pack("<I4s", len(binary), b"BIN\0") + binary
    return struct.pack("<4sII", b"glTF", version, 12 + len(chunks)) + chunks


@pytest.fixture
def read(tmp_path):
    def read(document, binary):
        (tmp_path / "a.glb").write_bytes(glb(document, binary))
        return load(tmp_path / "a.glb")

    return read


class TestReading:
    def test_a_file_laid_out_by_hand(self, read):
        g = read(*parts(VALUES | DEGREE_1))
        # Left, up, forward becomes right, down, forward: x and y change their signs.
        assert g.means.tolist() == [[1, 2, 3], [0, 0, 0.5]]
        assert g.quats[0].tolist() == pytest.approx([0.8, -0.6, 0, 0])
        assert g.scales.tolist() == [[0.5, 1, 2], [1, 1, 1]]
        assert g.opacities.tolist() == [0.25, 1]
        # Of degree 1 the bases are -y, z, -x: the first and the third change their signs.
        assert g.sh[0, :, 0].tolist() == pytest.approx([0.1, -10, 11, -12])

    def test_bytes_in_the_json_or_beside_it(self, tmp_path):
        document, binary = parts()
        (tmp_path / "some data.bin").write_bytes(binary + b"more")
        inside = "data:application/octet-stream;base64," + base64.b64encode(binary).decode()
        for uri in (inside, "some%20data.bin"):
            document["buffers"][0]["uri"] = uri
            (tmp_path / "a.gltf").write_text(json.dumps(document))
            assert load(tmp_path / "a.gltf").means[0].tolist() == [1, 2, 3]

    def test_json_whose_strings_have_escapes(self, tmp_path):
        document, binary = parts()
        text = base64.b64encode(binary).decode()
        assert "/" in text
        document["buffers"][0]["uri"] = f"data:application/octet-stream;base64,{text}"
        plain = json.dumps(document)
        for content in (
            plain,
            plain.replace("/", "\\/"),
            plain.replace(text, "\\u0041" + text[1:]),
        ):
            (tmp_path / "a.gltf").write_text(content)
            assert load(tmp_path / "a.gltf").means[0].tolist() == [1, 2, 3]

    def test_several_buffers_in_json_that_is_longer_than_a_block(self, tmp_path, monkeypatch):
        monkeypatch.setattr("gaussrep.formats.gltf_buffers.BLOCK", 300)
        document, binary = parts()
        uri = "data:application/octet-stream;base64," + base64.b64encode(binary).decode()
        image = "data:image/png;base64," + base64.b64encode(bytes(500)).decode()
        document["images"] = [{"uri": image}]
        document["buffers"] = [
            {"byteLength": 500, "uri": image},
            {**document["buffers"][0], "uri": uri},
        ]
        document["bufferViews"] = [view | {"buffer": 1} for view in document["bufferViews"]]
        (tmp_path / "a.gltf").write_text(json.dumps(document))
        assert load(tmp_path / "a.gltf").means[0].tolist() == [1, 2, 3]

    def test_normalized_integers(self, read):
        values = VALUES | {
            f"{NAME}:ROTATION": ("VEC4", [[0, 0, 0, 127], [-128, 0, 0, 0]]),
            f"{NAME}:SCALE": ("VEC3", [[65535, 13107, 1], [1, 1, 1]]),
            f"{NAME}:OPACITY": ("SCALAR", [[51], [255]]),
        }
        codes = {
            f"{NAME}:ROTATION": ("b", 5120),
            f"{NAME}:SCALE": ("H", 5123),
            f"{NAME}:OPACITY": ("B", 5121),
        }
        g = read(*parts(values, codes))
        assert g.opacities.tolist() == pytest.approx([0.2, 1])
        assert g.scales[0].tolist() == pytest.approx([1, 0.2, 1 / 65535])
        assert g.quats.tolist() == [[1, 0, 0, 0], [0, 1, 0, 0]]

    def test_interleaved_attributes(self, read):
        document, binary = parts()
        place = len(binary)
        rows = [[5, 6, 7, 0.5], [8, 9, 10, 0.75]]
        binary += b"".join(struct.pack("<4f", *row) for row in rows)
        document["buffers"][0]["byteLength"] = len(binary)
        view = {"buffer": 0, "byteOffset": place, "byteLength": 32, "byteStride": 16}
        document["bufferViews"].append(view)
        accessors, last = document["accessors"], len(document["bufferViews"]) - 1
        accessors[0]["bufferView"] = accessors[3]["bufferView"] = last
        accessors[3]["byteOffset"] = 12
        g = read(document, binary)
        assert g.means.tolist() == [[-5, -6, 7], [-8, -9, 10]]
        assert g.opacities.tolist() == [0.5, 0.75]

    def test_nodes_move_turn_and_scale(self, read, make_scene, tmp_path):
        """Two nodes, one by a matrix and its child by parts, against the same by `transform`."""
        g = make_scene(5, degree=2)
        save(g, tmp_path / "b.glb")
        data = (tmp_path / "b.glb").read_bytes()
        length = struct.unpack_from("<I", data, 12)[0]
        document, binary = json.loads(data[20 : 20 + length]), data[28 + length :]
        above = [[0, 0, 2, 1], [2, 0, 0, 2], [0, 2, 0, 3], [0, 0, 0, 1]]
        column_major = [above[row][column] for column in range(4) for row in range(4)]
        turn = {"rotation": [0, 0.6, 0, 0.8], "translation": [1, 0, -1], "scale": [3, 3, 3]}
        document["nodes"] = [{"matrix": column_major, "children": [1]}, {"mesh": 0, **turn}]
        c, s = 0.8**2 - 0.6**2, 2 * 0.6 * 0.8  # about y, by twice the angle of the quaternion
        below = [[3 * c, 0, 3 * s, 1], [0, 3, 0, 0], [-3 * s, 0, 3 * c, -1], [0, 0, 0, 1]]
        frame = torch.diag(torch.tensor([-1.0, -1, 1, 1]))
        wanted = g.transform(frame @ torch.tensor(above).float() @ torch.tensor(below) @ frame)
        found = read(document, binary)
        torch.testing.assert_close(found.means, wanted.means)
        torch.testing.assert_close(found.covariances(), wanted.covariances())
        torch.testing.assert_close(found.sh, wanted.sh, rtol=0, atol=1e-5)

    def test_a_node_that_scales_its_axes_differently(self, read, make_scene, tmp_path):
        g = make_scene(5, degree=2)
        save(g, tmp_path / "b.glb")
        data = (tmp_path / "b.glb").read_bytes()
        length = struct.unpack_from("<I", data, 12)[0]
        document, binary = json.loads(data[20 : 20 + length]), data[28 + length :]
        turn = {"rotation": [0, 0.6, 0, 0.8], "translation": [1, 0, -1]}
        document["nodes"] = [{"mesh": 0, **turn, "scale": [3, 1, 0.5]}]
        found = read(document, binary)
        c, s = 0.8**2 - 0.6**2, 2 * 0.6 * 0.8
        rotation = torch.tensor([[c, 0, s], [0, 1, 0], [-s, 0, c]])
        frame = torch.diag(torch.tensor([-1.0, -1, 1]))
        linear = frame @ rotation @ torch.diag(torch.tensor([3, 1, 0.5])) @ frame
        move = frame @ torch.tensor([1.0, 0, -1])
        torch.testing.assert_close(found.means, g.means @ linear.T + move)
        covariances = linear @ g.covariances() @ linear.T
        torch.testing.assert_close(found.covariances(), covariances, rtol=1e-4, atol=1e-6)
        turned = torch.eye(4)
        turned[:3, :3] = frame @ rotation @ frame
        torch.testing.assert_close(found.sh, g.transform(turned).sh, rtol=0, atol=1e-5)

    def test_primitives_of_several_degrees_become_one_scene(self, read):
        document, binary = parts(VALUES | DEGREE_1)
        (primitive,) = document["meshes"][0]["primitives"]
        plain = {name: primitive["attributes"][name] for name in VALUES}
        document["meshes"][0]["primitives"].append(primitive | {"attributes": plain})
        document["meshes"][0]["primitives"].append({"attributes": {"POSITION": 0}})
        g = read(document, binary)
        assert g.sh.shape == (4, 4, 3)
        assert g.sh[2:, 1:].abs().max() == 0
        assert torch.equal(g.sh[:2, 0], g.sh[2:, 0])


class TestOtherPrograms:
    def test_attributes_without_the_extensions_object(self, read, caplog):
        """As gltf-transform 4.5.1 writes a file that it read."""
        document, binary = parts()
        del document["meshes"][0]["primitives"][0]["extensions"]
        g = read(document, binary)
        assert g.means.tolist() == [[1, 2, 3], [0, 0, 0.5]]
        assert g.scales[0].tolist() == [0.5, 1, 2]
        (line,) = caplog.messages
        assert f"the object {NAME} of a primitive is missing" in line

    @pytest.mark.parametrize("generator", ["splat-transform 2.3.1", "splat-transform 2.6.0"])
    def test_logarithms_of_older_splat_transform(self, read, generator):
        logs = [[0.0, -1, 1], [-2, 0, 0]]
        document, binary = parts(VALUES | {f"{NAME}:SCALE": ("VEC3", logs)})
        document["asset"]["generator"] = generator
        wanted = [[1, math.exp(-1), math.e], [math.exp(-2), 1, 1]]
        assert read(document, binary).scales.tolist() == [pytest.approx(row) for row in wanted]

    def test_scales_of_newer_splat_transform(self, read):
        document, binary = parts()
        for generator in ("splat-transform 2.7.1", "splat-transform 3.7.0"):
            document["asset"]["generator"] = generator
            assert read(document, binary).scales[0].tolist() == [0.5, 1, 2]

    def test_logarithms_of_unknown_programs_are_refused_with_their_name(self, refusal):
        document, binary = parts(VALUES | {f"{NAME}:SCALE": ("VEC3", [[-1] * 3, [1] * 3])})
        document["asset"]["generator"] = "Mine 1.0"
        message = refusal(glb(document, binary), "a.glb")
        assert "1 of 2 Gaussians have a negative scale: they are logarithms" in message
        assert "newer version of Mine 1.0" in message

    def test_drafts_of_2025_are_named(self, refusal):
        document, binary = parts()
        (primitive,) = document["meshes"][0]["primitives"]
        primitive["attributes"] = {"POSITION": 0, "COLOR_0": 1, "_ROTATION": 1, "_SCALE": 2}
        message = refusal(glb(document, binary), "a.glb")
        assert "_ROTATION, _SCALE of a draft" in message
        assert "splat-transform 2.7 or later" in message

    def test_a_scale_of_0_is_the_smallest(self, read):
        flat = VALUES | {f"{NAME}:SCALE": ("VEC3", [[0.5, 1, 0], [1, 1, 1]])}
        assert 0 < read(*parts(flat)).scales[0, 2] < 1e-30

    @pytest.mark.parametrize(
        ("path", "value", "words"),
        [
            (("extensionsUsed",), [NAME, "EXT_other"], "uses EXT_other"),
            (("nodes", 0), {"mesh": 0, "extensions": {"EXT_inst": {}}}, "uses EXT_inst"),
            (
                ("meshes", 0, "primitives", 0, "extensions", NAME, "sortingMethod"),
                "none",
                "the property sortingMethod of KHR_gaussian_splatting, 'none', is ignored",
            ),
            (
                ("meshes", 0, "primitives", 0, "extensions", NAME, "gamma"),
                2.0,
                "the property gamma of KHR_gaussian_splatting, '2.0', is ignored",
            ),
        ],
    )
    def test_what_is_ignored_is_named_in_one_line(self, tmp_path, caplog, path, value, words):
        (tmp_path / "a.glb").write_bytes(changed(path, value))
        assert load(tmp_path / "a.glb").count == 2
        (line,) = caplog.messages
        assert words in line

    def test_extensions_of_meshes_are_none(self, tmp_path, caplog):
        (tmp_path / "a.glb").write_bytes(
            changed(("extensionsUsed",), [NAME, "KHR_materials_unlit", "KHR_texture_transform"])
        )
        assert load(tmp_path / "a.glb").count == 2
        assert caplog.messages == []


class TestWriting:
    @pytest.mark.parametrize("name", ["a.glb", "a.gltf"])
    @pytest.mark.parametrize("degree", [None, 0, 1, 2, 3])
    def test_a_round_trip_keeps_everything(self, tmp_path, make_scene, name, degree):
        g = make_scene(20, degree)
        save(g, tmp_path / name)
        back = load(tmp_path / name)
        assert torch.equal(back.means, g.means)
        assert torch.equal(back.scales, g.scales)
        assert torch.equal(back.opacities, g.opacities)
        torch.testing.assert_close(back.quats, torch.nn.functional.normalize(g.quats, dim=-1))
        if degree is None:
            torch.testing.assert_close(back.sh[:, 0] * 0.28209479 + 0.5, g.colors)
        else:
            assert torch.equal(back.sh, g.sh)

    def test_another_parser_reads_it(self, tmp_path, make_scene):
        g = make_scene(3, degree=1)
        save(g, tmp_path / "a.glb")
        data = (tmp_path / "a.glb").read_bytes()
        assert struct.unpack_from("<4sII", data) == (b"glTF", 2, len(data))
        length, kind = struct.unpack_from("<I4s", data, 12)
        assert kind == b"JSON"
        assert length % 4 == 0
        document = json.loads(data[20 : 20 + length])
        size, kind = struct.unpack_from("<I4s", data, 20 + length)
        binary = data[28 + length :]
        assert (kind, size) == (b"BIN\0", len(binary))
        assert document["extensionsUsed"] == [NAME]
        (primitive,) = document["meshes"][0]["primitives"]
        assert primitive["mode"] == 0
        assert primitive["extensions"][NAME] == {
            "kernel": "ellipse",
            "colorSpace": "srgb_rec709_display",
            "projection": "perspective",
            "sortingMethod": "cameraDistance",
        }

        def rows(name, width):
            accessor = document["accessors"][primitive["attributes"][name]]
            view = document["bufferViews"][accessor["bufferView"]]
            assert (accessor["componentType"], accessor["count"]) == (FLOAT, 3)
            assert view["byteLength"] == 12 * width
            start = view["byteOffset"]
            return [
                struct.unpack_from(f"<{width}f", binary, start + 4 * width * n) for n in (0, 1, 2)
            ]

        for place in range(3):
            x, y, z = g.means[place].tolist()
            assert rows("POSITION", 3)[place] == (-x, -y, z)
            w, i, j, k = (g.quats[place] / g.quats[place].norm()).tolist()
            assert rows(f"{NAME}:ROTATION", 4)[place] == pytest.approx((-i, -j, k, w))
            assert rows(f"{NAME}:SCALE", 3)[place] == tuple(g.scales[place].tolist())
            assert rows(f"{NAME}:OPACITY", 1)[place] == (g.opacities[place].item(),)
            for base, sign in enumerate((1, -1, 1, -1)):
                level, order = (0, 0) if base == 0 else (1, base - 1)
                stored = rows(f"{NAME}:SH_DEGREE_{level}_COEF_{order}", 3)[place]
                assert stored == tuple((sign * g.sh[place, base]).tolist())
        bounds = document["accessors"][primitive["attributes"]["POSITION"]]
        assert bounds["min"] == (g.means * torch.tensor([-1, -1, 1])).amin(0).tolist()
        assert bounds["max"] == (g.means * torch.tensor([-1, -1, 1])).amax(0).tolist()

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (lambda g: g[:0], "at least one Gaussian"),
            (lambda g: Gaussians.stack([g, g]), "one scene"),
            (lambda g: g.replace(features=torch.zeros(40, 2)), "features"),
        ],
    )
    def test_what_it_cannot_hold_is_refused(self, tmp_path, make_scene, change, words):
        with pytest.raises(FormatError, match=rf"a\.glb: .*{words}"):
            save(change(make_scene()), tmp_path / "a.glb")
        assert list(tmp_path.iterdir()) == []


def changed(path, value, values=VALUES):
    """A file with one place of its JSON changed; None takes the place away."""
    document, binary = parts(values)
    *above, last = path
    target = document
    for key in above:
        target = target[key]
    if value is None:
        del target[last]
    else:
        target[last] = value
    return glb(document, binary)


PRIMITIVE = ("meshes", 0, "primitives", 0)
BAD_JSON = [
    (("asset", "version"), "1.0", "asset.version"),
    (("asset",), None, "asset: Field required"),
    (("scene",), 3, "scene 3 is named, but there are 1"),
    (("scenes",), [], "scene 0 is named"),
    (("nodes",), [], "node 0 is named"),
    (("nodes", 0), {"mesh": 7}, "mesh 7 is named"),
    (("nodes", 0), {"mesh": 0, "children": [0]}, "node 0 is reached twice"),
    (("nodes", 0), {"mesh": -1}, "nodes.0.mesh"),
    (
        ("nodes", 0),
        {"mesh": 0, "matrix": [1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]},
        "a node cannot carry Gaussians: matrix is not a similarity",
    ),
    (("nodes", 0), {"mesh": 0, "scale": [1, 1e300, 2]}, "a node cannot carry Gaussians"),
    (("nodes", 0), {"mesh": 0, "scale": [1, 0, 2]}, "a node cannot carry Gaussians"),
    (("nodes", 0), {"mesh": 0, "scale": [0, 0, 0]}, "a node cannot carry Gaussians"),
    (("nodes", 0), {"mesh": 0, "scale": [1e300] * 3}, "a node cannot carry Gaussians"),
    (("nodes", 0), {"mesh": 0, "translation": [1e300, 0, 0]}, "a node cannot carry Gaussians"),
    (("nodes", 0), {"mesh": 0, "translation": [float("nan"), 0, 0]}, "nodes.0.translation"),
    (("nodes", 0), {"mesh": 0, "matrix": [1, 2, 3]}, "nodes.0.matrix"),
    (("extensionsRequired",), [f"{NAME}_compression_spz_2"], "requires KHR_gaussian_splatting_c"),
    (("meshes", 0, "primitives"), [{"attributes": {"POSITION": 0}}], "holds no Gaussians"),
    ((*PRIMITIVE, "mode"), 4, "has mode 4"),
    ((*PRIMITIVE, "extensions", NAME, "kernel"), "cube", "kernel 'cube'"),
    ((*PRIMITIVE, "extensions", NAME, "kernel"), None, "kernel 'None'"),
    ((*PRIMITIVE, "extensions", NAME, "colorSpace"), "rec2020_pq", "colorSpace 'rec2020_pq'"),
    ((*PRIMITIVE, "attributes", f"{NAME}:SCALE"), None, f"lacks {NAME}:SCALE"),
    ((*PRIMITIVE, "attributes", f"{NAME}:SH_DEGREE_0_COEF_0"), None, "0 attributes of spherical"),
    ((*PRIMITIVE, "attributes", f"{NAME}:SH_DEGREE_1_COEF_0"), 4, "2 attributes of spherical"),
    ((*PRIMITIVE, "attributes", "POSITION"), 99, "accessor 99 is named, but there are 5"),
    (("accessors", 0, "count"), -2, "accessors.0.count"),
    (("accessors", 0, "count"), 0, "accessors.0.count"),
    (("accessors", 0, "count"), 10**15, "needs 12000000000000000 bytes"),
    (("accessors", 0, "count"), 1, "differ in their number"),
    (("accessors", 0, "byteOffset"), 10**12, "its buffer view has 24"),
    (("accessors", 0, "componentType"), 5125, "expected VEC3 of type"),
    (("accessors", 0, "type"), "MAT4", "expected VEC3"),
    (("accessors", 0, "sparse"), {"count": 1}, "is sparse"),
    (("accessors", 0, "bufferView"), None, "has no buffer view"),
    (("bufferViews", 0, "byteOffset"), 10**6, "at 1000000 of"),
    (("bufferViews", 0, "byteLength"), 10**6, "of 2 vectors needs"),
    (("bufferViews", 0, "byteStride"), 10**6, "needs 1000012 bytes"),
    (("bufferViews", 0, "buffer"), 1, "buffer 1 is named"),
    (("buffers", 0, "byteLength"), 10**6, "is truncated: it has"),
    (("buffers", 0, "uri"), "data:;base64,A*", "a buffer in the JSON cannot be read"),
    (("buffers", 0, "uri"), "data:text/plain,A", "it is not base64"),
    (("buffers", 0, "uri"), "../secret", "not a file beside it or below"),
    (("buffers", 0, "uri"), "%2e%2e/secret", "not a file beside it or below"),
    (("buffers", 0, "uri"), "/etc/passwd", "not a file beside it or below"),
    (("buffers", 0, "uri"), "https://example.org/a.bin", "not a file beside it or below"),
    (("buffers", 0, "uri"), "none.bin", "'none.bin' is missing"),
    (("buffers", 0), {"byteLength": 10**15, "uri": "a.glb"}, "is truncated"),
]


class TestRefusal:
    @pytest.mark.parametrize(("path", "value", "words"), BAD_JSON)
    def test_of_bad_json(self, refusal, path, value, words):
        assert words in refusal(changed(path, value), "a.glb")

    @pytest.mark.parametrize(
        ("name", "rows", "words"),
        [
            ("POSITION", [[float("nan"), 0, 0], [0, 0, 0]], "1 with means that are NaN"),
            (
                f"{NAME}:SCALE",
                [[-1, 1, 1], [1, 1, 1]],
                "1 of 2 Gaussians have a negative scale: they are logarithms",
            ),
            (f"{NAME}:OPACITY", [[1.5], [0.5]], "1 with an opacity outside [0, 1]"),
            (f"{NAME}:ROTATION", [[0, 0, 0, 0], [0, 0, 0, 1]], "length 0"),
        ],
    )
    def test_of_impossible_values(self, refusal, name, rows, words):
        values = VALUES | {name: (VALUES[name][0], rows)}
        assert words in refusal(glb(*parts(values)), "a.glb")

    @pytest.mark.parametrize(
        ("data", "words"),
        [
            (b"", "not a glTF 2 file"),
            (b"not json", "not a glTF 2 file: its JSON"),
            (b"[" * 100_000, "not a glTF 2 file"),
            (b"glTF", "truncated: its header"),
            (glb(*parts(), version=1), "binary glTF of version 1"),
            (glb(*parts())[:-1], "truncated: it needs"),
            (b"glTF" + struct.pack("<II", 2, 12), "does not begin with JSON"),
            (struct.pack("<4sII4xI", b"glTF", 2, 20, 0), "does not begin with JSON"),
            (struct.pack("<4sIII4s", b"glTF", 2, 20, 9**9, b"JSON"), "does not fit into the file"),
        ],
    )
    def test_of_damaged_files(self, refusal, data, words):
        assert words in refusal(data, "a.glb")

    def test_of_one_mesh_shown_a_million_times(self, refusal, monkeypatch):
        monkeypatch.setattr("gaussrep.formats.checked_files.ALWAYS_ALLOWED", 2**14)
        document, binary = parts()
        document["nodes"] = [{"mesh": 0}] * 20_000
        document["scenes"] = [{"nodes": list(range(20_000))}]
        assert "would grow" in refusal(glb(document, binary), "a.glb")
