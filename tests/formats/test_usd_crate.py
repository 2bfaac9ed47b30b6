"""Binary USD: its compression by hand, its values against usd-core, and files that are damaged."""

import io
import os
import subprocess
import sys
import zipfile

import numpy as np
import pytest
import torch

from gaussrep.errors import FormatError
from gaussrep.formats import usd_crate_writing
from gaussrep.formats.by_suffix import load, save
from gaussrep.formats.usd_crate import read_crate
from gaussrep.formats.usd_crate_coding import unpack, unpack_integers
from gaussrep.formats.usd_crate_layout import IS_ARRAY, IS_EDIT, IS_PACKED, Kind
from gaussrep.formats.usd_crate_tables import Window


class TestBlocks:
    """By the description of LZ4's block format."""

    @pytest.mark.parametrize(
        ("block", "wanted"),
        [
            (b"\x30abc", b"abc"),
            (b"\x00", b""),
            (b"\x10a\x01\x00\x10b", b"aaaaab"),
            (b"\x20ab\x02\x00\x10c", b"abababc"),
            (b"\x42abcd\x04\x00\x10e", b"abcdabcdabe"),
            (b"\xf0\x01" + b"x" * 16, b"x" * 16),
            (b"\x1fa\x01\x00\xff\x02\x00", b"a" * (1 + 15 + 255 + 2 + 4)),
        ],
    )
    def test_by_hand(self, block, wanted):
        assert unpack(b"\0" + block, len(wanted)) == wanted

    def test_several_blocks(self):
        blocks = [b"\x30abc", b"\x10a\x01\x00\x10b"]
        content = b"\2" + b"".join(len(block).to_bytes(4, "little") + block for block in blocks)
        assert unpack(content, 9) == b"abcaaaaab"

    @pytest.mark.parametrize(
        ("block", "words"),
        [
            (b"", "truncated"),
            (b"\x30ab", "truncated"),
            (b"\x10a\x01", "truncated"),
            (b"\x1fa\x01\x00\xff", "truncated"),
            (b"\x10a\x02\x00", "repeats what is not there"),
            (b"\x10a\x00\x00", "repeats what is not there"),
            (b"\x1fa\x01\x00" + b"\xff" * 1000 + b"\0\0", "grows beyond its 100 bytes"),
            (b"\xf0" + b"\xff" * 1000 + b"\0", "grows beyond its 100 bytes"),
        ],
    )
    def test_damage(self, block, words):
        with pytest.raises(FormatError, match=words):
            unpack(b"\0" + block, 100)


class TestIntegers:
    """Codes of a byte, from its lowest bits: the commonest difference, and one, two, four bytes."""

    def test_by_hand(self):
        codes = bytes([0b11_10_01_00, 0b00])
        steps = b"\xfe" + (300).to_bytes(2, "little") + (-70_000).to_bytes(4, "little", signed=True)
        data = (7).to_bytes(4, "little") + codes + steps
        content = bytes([0, len(data) << 4]) + data if len(data) < 15 else b""
        assert unpack_integers(content, 5, 4).tolist() == [7, 5, 305, -69_695, -69_688]

    def test_of_eight_bytes(self):
        data = (
            (-1).to_bytes(8, "little", signed=True)
            + bytes([0b1100])
            + (2**40).to_bytes(8, "little")
        )
        content = bytes([0, 0xF0, len(data) - 15]) + data
        assert unpack_integers(content, 2, 8).tolist() == [-1, 2**40 - 1]

    def test_many_pieces(self, monkeypatch):
        monkeypatch.setattr("gaussrep.formats.usd_crate_coding.PIECE", 8)
        numbers = np.random.default_rng(0).integers(-(2**31), 2**31, 1000)
        packed = usd_crate_writing._integers([int(number) for number in numbers[:1]])
        assert unpack_integers(packed[8:], 1, 4).tolist() == numbers[:1].tolist()
        small = np.cumsum(np.random.default_rng(0).integers(-9, 9, 1003)).tolist()
        packed = usd_crate_writing._integers(small)
        assert unpack_integers(packed[8:], len(small), 4).tolist() == small

    def test_too_few(self):
        packed = usd_crate_writing._integers([1, 2, 3, 4])
        with pytest.raises(FormatError, match="lacks some of 5 integers"):
            unpack_integers(packed[8:], 5, 4)
        with pytest.raises(FormatError, match="lacks some of 40 integers"):
            unpack_integers(b"\0\x40abcd", 40, 4)


def properties(path):
    with path.open("rb") as file:
        return read_crate(Window(file)).prims[0].properties


def plain(value):
    """A value of usd-core as `UsdProperty` documents it."""
    kind = type(value).__name__
    if kind.endswith("Array"):
        if kind in ("TokenArray", "StringArray"):
            return [str(item) for item in value]
        rows = np.asarray(value)
        rows = rows[:, [3, 0, 1, 2]] if kind.startswith("Quat") else rows
        with np.errstate(over="ignore"):
            return rows.astype("f4").reshape(
                len(rows), *([16] if kind[0] == "M" else rows.shape[1:])
            )
    if kind.startswith("Quat"):
        return (value.GetReal(), *value.GetImaginary())
    if kind.startswith("Matrix"):
        return np.array(value)
    return tuple(value) if kind.startswith("Vec") else value


@pytest.fixture
def pxr():
    return pytest.importorskip("pxr", reason="usd-core is not installed")


@pytest.fixture
def write_values(pxr, tmp_path):
    """Write values by usd-core, and return what it and gaussrep read."""

    def write(values):
        from pxr import Sdf

        path = tmp_path / "a.usdc"
        layer = Sdf.Layer.CreateNew(str(path))
        prim, names = Sdf.PrimSpec(layer, "a", Sdf.SpecifierDef), []
        for number, (kind, value) in enumerate(values):
            names.append(f"xformOp:v{number}")
            spec = Sdf.AttributeSpec(prim, names[-1], Sdf.ValueTypeNames.Find(kind))
            spec.default = value
        layer.Save()
        found = properties(path)
        return [
            (plain(prim.attributes[name].default), found[name].value, kind)
            for name, (kind, _) in zip(names, values, strict=True)
        ]

    return write


RNG = np.random.default_rng(0)
REALS = {"half": "f2", "float": "f4", "double": "f8"}
WHOLE = {"uchar": "u1", "int": "i4", "uint": "u4", "int64": "i8", "uint64": "u8"}
ARRAYS = {"half": "Half", "uchar": "UChar", "uint": "UInt", "int64": "Int64", "uint64": "UInt64"}


def array(kind, numbers):
    from pxr import Vt

    return getattr(Vt, f"{ARRAYS.get(kind, kind.capitalize())}Array").FromNumpy(numbers)


@pytest.mark.usefixtures("pxr")
class TestValues:
    """Against usd-core, which packs arrays of 16 numbers and more where that is shorter."""

    def test_numbers(self, write_values):
        values = [(kind, number) for kind in WHOLE for number in (0, 1, 200)]
        values += [(kind, -70_000) for kind in ("int", "int64")]
        values += [("int64", -(2**40)), ("uint64", 2**63), ("bool", True), ("bool", False)]
        values += [(kind, number) for kind in REALS for number in (0.0, 1.0, -0.1, float("inf"))]
        for wanted, found, kind in write_values(values):
            assert type(found) is type(wanted), kind
            assert found == wanted, kind

    def test_texts(self, write_values):
        from pxr import Vt

        values = [("token", "a"), ("token", ""), ("string", "é ü"), ("string", "")]
        values += [("token[]", Vt.TokenArray(list("aba"))), ("token[]", Vt.TokenArray())]
        values += [("string[]", Vt.StringArray(["s", "", "t"]))]
        for wanted, found, kind in write_values(values):
            assert found == wanted, kind

    def test_vectors_quaternions_and_matrices(self, write_values):
        from pxr import Gf

        values = []
        for letter, kind in zip("dfhi", ("double", "float", "half", "int"), strict=True):
            for width in (2, 3, 4):
                vector = getattr(Gf, f"Vec{width}{letter}")
                values += [(f"{kind}{width}", vector(*range(-128, width - 128)))]
                values += [(f"{kind}{width}", vector(*range(1000, width + 1000)))]
        for letter in "dfh":
            values += [(f"quat{letter}", getattr(Gf, f"Quat{letter}")(1, 2, 3, 4))]
        for side in (2, 3, 4):
            matrix = getattr(Gf, f"Matrix{side}d")
            values += [
                (f"matrix{side}d", matrix(-3)),
                (f"matrix{side}d", matrix(*RNG.random(side**2))),
            ]
        for wanted, found, kind in write_values(values):
            assert np.array_equal(found, wanted), kind
            assert type(found) is type(wanted), kind

    @pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 900])
    def test_arrays_of_numbers(self, write_values, size):
        values = [("bool[]", array("bool", RNG.random(size) < 0.5))]
        for kind, code in REALS.items():
            rows = [RNG.random(size), RNG.integers(0, 5, size) / 3, RNG.integers(-999, 999, size)]
            rows += [np.where(RNG.random(size) < 0.5, np.nan, np.inf)]
            values += [(f"{kind}[]", array(kind, row.astype(code))) for row in rows]
        for kind, code in WHOLE.items():
            largest = np.iinfo(code).max
            for high in (3, 100, 2**15, 2**30, 2**62):
                if high <= largest:
                    row = RNG.integers(-high if code[0] == "i" else 0, high, size)
                    values.append((f"{kind}[]", array(kind, row.astype(code))))
        for wanted, found, kind in write_values(values):
            assert found.dtype == np.float32
            assert np.array_equal(found, wanted, equal_nan=True), kind

    def test_arrays_of_rows(self, write_values, monkeypatch):
        from pxr import Gf, Vt

        monkeypatch.setattr("gaussrep.formats.usd_crate_values.ROWS", 7)
        values = [("matrix4d[]", Vt.Matrix4dArray([Gf.Matrix4d(*RNG.random(16))] * 3))]
        for letter, code in (("d", "f8"), ("f", "f4"), ("h", "f2")):
            rows = RNG.random((30, 4)).astype(code)
            values += [(f"quat{letter}[]", getattr(Vt, f"Quat{letter}Array").FromNumpy(rows))]
            kind = {"d": "double3[]", "f": "point3f[]", "h": "color3h[]"}[letter]
            for few in (rows[:, :3], rows[:0, :3]):
                values.append((kind, getattr(Vt, f"Vec3{letter}Array").FromNumpy(few)))
        for wanted, found, kind in write_values(values):
            assert np.array_equal(found, wanted), kind

    @pytest.mark.parametrize("version", ["0.4.0", "0.6.0"])
    def test_older_versions_have_shorter_counts_of_arrays(self, tmp_path, version):
        path = tmp_path / "a.usdc"
        code = f"""
from pxr import Sdf, Vt
layer = Sdf.Layer.CreateNew({str(path)!r})
prim = Sdf.PrimSpec(layer, "a", Sdf.SpecifierDef)
for number, kind in enumerate(("int[]", "float[]", "float[]", "token[]")):
    spec = Sdf.AttributeSpec(prim, f"xformOp:v{{number}}", Sdf.ValueTypeNames.Find(kind))
    spec.default = [range(40), [0.5, 2.5] * 20, [1, 2, 3], ["a", "b"]][number]
layer.Save()
"""
        settings = {**os.environ, "USD_WRITE_NEW_USDC_FILES_AS_VERSION": version}
        run = [sys.executable, "-c", code]
        subprocess.run(run, env=settings, check=True, capture_output=True)
        assert ".".join(map(str, path.read_bytes()[8:11])) == version
        found = [properties(path)[f"xformOp:v{number}"].value for number in range(4)]
        assert found[0].tolist() == list(range(40))
        assert found[1].tolist() == [0.5, 2.5] * 20
        assert found[2].tolist() == [1, 2, 3]
        assert found[3] == ["a", "b"]

    def test_a_type_that_is_not_read(self, tmp_path, refusal):
        from pxr import Sdf

        layer = Sdf.Layer.CreateAnonymous(".usdc")
        prim = Sdf.PrimSpec(layer, "a", Sdf.SpecifierDef, "ParticleField3DGaussianSplat")
        for name in ("positions", "other"):
            spec = Sdf.AttributeSpec(prim, name, Sdf.ValueTypeNames.TimeCodeArray)
            spec.default = [Sdf.TimeCode(3)]
        layer.Export(str(tmp_path / "b.usdc"))
        data = (tmp_path / "b.usdc").read_bytes()
        assert "its positions cannot be read: it has the type 56[]" in refusal(data, "a.usdc")

    def test_the_same_scene_as_in_text(self, tmp_path, caplog):
        """A layer with all that is read or named, saved as both by usd-core."""
        from pxr import Sdf, Usd, UsdGeom, UsdVol

        stage = Usd.Stage.CreateNew(str(tmp_path / "a.usdc"))
        layer = stage.GetRootLayer()
        UsdGeom.SetStageUpAxis(stage, "Z")
        UsdGeom.SetStageMetersPerUnit(stage, 0.01)
        layer.comment = "usd-convert-gsplat"
        stage.CreateClassPrim("/class")
        stage.OverridePrim("/over")
        UsdGeom.Xform.Define(stage, "/top").AddRotateXYZOp().Set((1.5, 2, 3))
        fields = [
            UsdVol.ParticleField3DGaussianSplat.Define(stage, f"/{name}")
            for name in ("top/a", "off", "unseen")
        ]
        for number, field in enumerate(fields):
            field.CreatePositionsAttr([(number, 2, 3.5)] * 20)
        field, off, unseen = fields
        off.GetPrim().SetActive(False)
        UsdGeom.Imageable(unseen).MakeInvisible()
        field.GetScalesAttr().Set([(0, 2, 3.5)] * 20)
        field.GetOpacitiesAttr().Set([0.5] * 20, 3.0)
        field.GetOpacitiesAttr().Set([0.25] * 20, 1.0)
        field.GetOrientationsAttr().Set(Sdf.ValueBlock())
        field.CreateRadianceSphericalHarmonicsCoefficientsAttr([(1, 2, 3)] * 20).SetColorSpace(
            "lin_rec709_scene"
        )
        field.CreateRadianceSphericalHarmonicsDegreeAttr(0)
        prim = field.GetPrim()
        prim.SetCustomDataByKey("gaussrep:antialiased", True)
        prim.GetReferences().AddReference("y.usda", "/a")
        prim.GetInherits().AddInherit("/class")
        prim.GetSpecializes().AddSpecialize("/class")
        prim.GetPayloads().AddPayload("z.usda")
        variants = prim.GetVariantSets().AddVariantSet("v")
        variants.AddVariant("x")
        variants.SetVariantSelection("x")
        with variants.GetVariantEditContext():
            inside = UsdVol.ParticleField3DGaussianSplat.Define(stage, "/top/a/inside")
            inside.CreatePositionsAttr([(1, 2, 3)])
        layer.Save()
        layer.Export(str(tmp_path / "a.usda"))
        scenes, texts = [], []
        for name in ("a.usdc", "a.usda"):
            caplog.clear()
            scenes.append(load(tmp_path / name))
            texts.append(caplog.text.replace("a.usdc", "a.usda"))
        binary, text = scenes
        assert binary.count == 20
        assert "references and payload and inherits and specializes and variantSets" in texts[0]
        assert texts[0] == texts[1]
        assert (binary.antialiased, binary.color_space) == (text.antialiased, text.color_space)
        for name, tensor in binary.tensors():
            assert torch.equal(getattr(text, name), tensor), name


class TestDamage:
    @pytest.mark.parametrize(
        ("name", "value", "words"),
        [
            ("VERSION", (0, 99, 0), "version 0.99 is not read, only 0.4 to 0.14"),
            ("VERSION", (1, 8, 0), "version 1.8 is not read"),
            ("LEAF", 7, "PATHS is not a tree"),
            ("LEAF", 0, "PATHS is not a tree"),
            ("SIBLING_FOLLOWS", -3, "PATHS is damaged"),
            ("SIBLING_FOLLOWS", 1, "PATHS is not a tree"),
            ("CHILD_FOLLOWS", -2, "PATHS is not a tree"),
            ("IS_ARRAY", IS_EDIT, "edits an array of another layer"),
            ("IS_ARRAY", IS_ARRAY | IS_PACKED, "no array of the type 24 is"),
            (
                "ARRAY_KINDS",
                dict.fromkeys((1, 3, 4), Kind.VARIABILITY),
                "type 44[], which is not read",
            ),
            ("ROOT", 6, "it has no root"),
            ("_count", lambda _: b"\xff" * 7 + b"\0", "bytes"),
            ("_sized", lambda content: b"\xff" * 7 + b"\0" + content, "TOKENS is damaged"),
            (
                "_packed",
                lambda content: b"\0\x1fa\x01\0" + b"\xff" * 99 + b"\0",
                "grows beyond its",
            ),
            ("_integers", lambda _: (6).to_bytes(8, "little") + b"\0\x40abcd", "integers"),
        ],
    )
    def test_what_is_written_wrong(
        self, tmp_path, make_scene, refusal, monkeypatch, name, value, words
    ):
        monkeypatch.setattr(usd_crate_writing, name, value)
        save(make_scene(20), tmp_path / "b.usdc")
        monkeypatch.undo()
        assert words in refusal((tmp_path / "b.usdc").read_bytes(), "a.usdc")

    @pytest.mark.parametrize(
        ("data", "words"),
        [
            (b"PXR-USDC", "truncated"),
            (b"PXR-USDC\0\x08" + b"\xff" * 200, "truncated or damaged"),
            (b"PK\x03\x04" * 9, "not a package of USD, or it is damaged"),
            (b"PK\x03\x04" + b"PK\x05\x06" + bytes(18), "this package of USD is empty"),
        ],
    )
    def test_starts(self, refusal, data, words):
        assert words in refusal(data, "a.usd")

    def test_one_array_for_many_prims(self, tmp_path, make_scene, refusal, monkeypatch):
        """Arrays at the same place count each time that they are read."""
        save(make_scene(20), tmp_path / "b.usdc")
        data = (tmp_path / "b.usdc").read_bytes()
        monkeypatch.setattr("gaussrep.formats.checked_files.ALWAYS_ALLOWED", 200)
        monkeypatch.setattr("gaussrep.formats.checked_files.MAX_RATIO", 0.1)
        assert "would grow" in refusal(data, "a.usdc")


class TestPackages:
    @pytest.mark.parametrize("inside", ["b.usda", "b.usdc"])
    def test_a_layer_of_either_kind(self, tmp_path, make_scene, inside):
        save(make_scene(3), tmp_path / inside)
        save(make_scene(5), tmp_path / "c.usda")
        with zipfile.ZipFile(tmp_path / "a.usdz", "w") as package:
            for name in (inside, "c.usda"):
                package.write(tmp_path / name, name)
        assert torch.equal(load(tmp_path / "a.usdz").means, load(tmp_path / inside).means)

    @pytest.mark.parametrize(
        ("files", "how", "words"),
        [
            ({"a.usda": b"#usda 1.0"}, zipfile.ZIP_DEFLATED, "is compressed or encrypted"),
            ({"a.png": b"no layer"}, zipfile.ZIP_STORED, "unknown signature"),
            ({"a.usda": b"#usda 1.0\n"}, zipfile.ZIP_STORED, "holds no Gaussians"),
            ({"a.usda": b"#usda 1.0\ndef"}, zipfile.ZIP_STORED, "truncated"),
        ],
    )
    def test_refusals(self, refusal, files, how, words):
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", how) as package:
            for name, data in files.items():
                package.writestr(name, data)
        assert words in refusal(content.getvalue(), "a.usdz")
