"""USD: texts as OpenUSD 26.11 and usd-convert-gsplat 0.1.15 write them; binary files."""

import logging
import math
import struct
import zipfile

import numpy as np
import pytest
import torch

from gaussrep.errors import FormatError
from gaussrep.formats.by_suffix import load, save
from gaussrep.formats.usd_text import read_text
from gaussrep.gaussians import Gaussians

SAMPLE = """#usda 1.0
(
    "Converted from PLY/SPZ to USD using usd-convert-gsplat"
    upAxis = "Y"
    metersPerUnit = 1
)

def ParticleField3DGaussianSplat "sample" (
    displayName = "sample"
)
{
    float3[] extent = [(-1, -2, -3), (1, 2, 3)]
    float[] opacities = [0.25, 0.75]
    quatf[] orientations = [(1, 0, 0, 0), (0.5, 0.5, 0.5, 0.5)]
    point3f[] positions = [(1, 2, 3), (-1, -2, -3)]
    color3f[] primvars:displayColor = [(0.5, 0.5, 0.5), (1, 1, 1)] (
        interpolation = "vertex"
    )
    float3[] radiance:sphericalHarmonicsCoefficients = [(1, 2, 3), (4, 5, 6), (7, 8, 9),
        (10, 11, 12), (0, 0, 0), (0, 0, 0), (0, 0, 0), (0, 0, 0)] (
        elementSize = 4
        interpolation = "vertex"
    )
    uniform int radiance:sphericalHarmonicsDegree = 1
    float3[] scales = [(0.5, 1, 2), (1, 1, 1)]
}
"""


def prim(body, fields="", kind="ParticleField3DGaussianSplat"):
    return f'#usda 1.0\n(\n upAxis = "Y"\n)\ndef {kind} "a" ({fields})\n{{\n{body}\n}}\n'


POSITIONS = "point3f[] positions = [(1, 2, 3)]"


@pytest.fixture
def read(tmp_path):
    """Read a text with the axes of a PLY file, so that its numbers stay as they are."""

    def read(text, **settings):
        path = tmp_path / "a.usda"
        path.write_text(text, encoding="utf-8")
        return load(path, **{"axes": "ply", **settings})

    return read


def equal(value, wanted):
    return torch.allclose(value, torch.tensor(wanted, dtype=torch.float32), atol=1e-6)


class TestReading:
    def test_a_text_of_usd_convert_gsplat_0_1_15(self, read):
        g = read(SAMPLE)
        assert g.means.tolist() == [[1, 2, 3], [-1, -2, -3]]
        assert g.quats.tolist() == [[1, 0, 0, 0], [0.5, 0.5, 0.5, 0.5]]
        assert g.scales.tolist() == [[0.5, 1, 2], [1, 1, 1]]
        assert g.opacities.tolist() == [0.25, 0.75]
        assert g.sh[0].tolist() == [[1, 2, 3], [4, 5, 6], [7, 8, 9], [10, 11, 12]]

    def test_its_axes_are_right_up_back_with_a_warning(self, read, caplog):
        assert read(SAMPLE, axes="auto").means[0].tolist() == [1, -2, -3]
        assert "usd-convert-gsplat keeps the axes of its source" in caplog.text

    def test_axes_that_are_named_need_no_warning(self, read, caplog):
        assert read(SAMPLE, axes="usd").means[0].tolist() == [1, -2, -3]
        assert not caplog.text

    def test_up_is_z(self, read):
        text = prim(POSITIONS).replace('"Y"', '"Z"')
        assert equal(read(text, axes="auto").means, [[1, -3, 2]])
        assert read(text).means.tolist() == [[1, 2, 3]]

    def test_defaults_of_the_schema(self, read):
        g = read(prim(POSITIONS))
        assert g.quats.tolist() == [[1, 0, 0, 0]]
        assert g.scales.tolist() == [[1, 1, 1]]
        assert g.opacities.tolist() == [1]
        assert g.sh.tolist() == [[[0, 0, 0]]]

    def test_half_floats_count_where_floats_are_missing(self, read):
        halves = "point3h[] positionsh = [(4, 5, 6)]\nhalf[] opacitiesh = [0.5]"
        g = read(prim(f"{halves}\nfloat[] opacities = [0.25]"))
        assert g.means.tolist() == [[4, 5, 6]]
        assert g.opacities.tolist() == [0.25]

    def test_values_that_are_too_long_are_cut_and_too_short_ones_ignored(self, read, caplog):
        body = f"{POSITIONS}\nfloat[] opacities = [0.5, 0.25]\nfloat3[] scales = []"
        g = read(prim(body))
        assert g.opacities.tolist() == [0.5]
        assert g.scales.tolist() == [[1, 1, 1]]
        assert "attribute scales has 0 values for 1 Gaussians" in caplog.text

    def test_the_first_time_sample(self, read, caplog):
        samples = "point3f[] positions.timeSamples = { 0: [(1, 2, 3)], 24: [(4, 5, 6)], }"
        assert read(prim(samples)).means.tolist() == [[1, 2, 3]]
        assert "changes in time" in caplog.text

    def test_flat_gaussians_have_the_surflet_kernel(self, read):
        fields = 'prepend apiSchemas = ["ParticleFieldKernelGaussianSurfletAPI"]'
        g = read(prim(POSITIONS, fields, "ParticleField"))
        assert g.scales[0, :2].tolist() == [1, 1]
        assert 0 < g.scales[0, 2] < 1e-30

    def test_prims_are_placed_by_those_above_them(self, read):
        text = """#usda 1.0
        def Xform "up" {
            double3 xformOp:translate = (10, 0, 0)
            uniform token[] xformOpOrder = ["xformOp:translate"]
            def Scope "between" {
                def ParticleField3DGaussianSplat "a" {
                    point3f[] positions = [(1, 2, 3)]
                    float xformOp:rotateZ = 90
                    uniform token[] xformOpOrder = ["xformOp:rotateZ"]
                }
                def ParticleField3DGaussianSplat "b" {
                    point3f[] positions = [(1, 2, 3)]
                    float3 xformOp:scale = (1, 2, 3)
                    uniform token[] xformOpOrder = ["!resetXformStack!", "xformOp:scale"]
                }
            }
        }"""
        g = read(text)
        assert equal(g.means, [[8, 1, 3], [1, 4, 9]])
        assert equal(g.covariances()[1] / 9, [[1 / 9, 0, 0], [0, 4 / 9, 0], [0, 0, 1]])

    def test_lists_of_fields_are_joined_and_what_is_deleted_is_not_in_them(self, read):
        surflet, other = (f'["ParticleFieldKernel{name}API"]' for name in ("GaussianSurflet", "X"))
        added = f"prepend apiSchemas = {surflet}\nappend apiSchemas = {other}"
        assert 0 < read(prim(POSITIONS, added, "ParticleField")).scales[0, 2] < 1e-30
        with pytest.raises(FormatError, match="no prim is"):
            read(prim(POSITIONS, f"delete apiSchemas = {surflet}", "ParticleField"))

    @pytest.mark.parametrize("fields", ["active = false", ""])
    def test_what_is_not_shown_is_left_out(self, read, fields):
        hidden = "" if fields else 'token visibility = "invisible"'
        text = prim(POSITIONS) + prim(f"{POSITIONS}\n{hidden}", fields).split(")\n", 1)[1]
        assert read(text).count == 1

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            (
                prim(POSITIONS, "references = @other.usda@</a> (offset = 1; scale = 2)"),
                "references",
            ),
            (prim(f'{POSITIONS}\nvariantSet "v" = {{ "x" {{ int a = 1 }} }}'), "variantSets"),
            (prim(POSITIONS).replace("upAxis", "metersPerUnit = 0.01\nupAxis"), "0.01 meters"),
            (prim(f'{POSITIONS}\ntoken projectionModeHint = "tangential"'), "tangential"),
        ],
    )
    def test_what_changes_the_meaning_is_named(self, read, caplog, text, words):
        assert read(text).count == 1
        assert words in caplog.text

    def test_comments_strings_and_dictionaries(self, read):
        text = """#usda 1.0
        ( customLayerData = { string a = "x ) } ]" dictionary b = { int[] c = [1, 2] } } )
        # def ParticleField3DGaussianSplat "no" {
        /* def */ def ParticleField3DGaussianSplat "a" ( doc = \"\"\"two "lines"
        ] )\"\"\" ; kind = "component" )
        {
            custom string[] notes = ["a ] b", 'c']; rel proxyPrim = </a/b>
            matrix4d[] m = [((1,0,0,0),(0,1,0,0),(0,0,1,0),(0,0,0,1))]
            point3f[] positions = [(1e0, -2., .5)] // end
            float x.connect = </a.y>
            reorder nameChildren = ["b"]
        }"""
        assert read(text).means.tolist() == [[1, -2, 0.5]]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "unknown signature"),
        ("#usda 1.0\n", "no prim is a ParticleField3DGaussianSplat."),
        (
            '#usda 1.0\ndef "a" (payload = @x.usd@) {}',
            "of its own; its payload are not followed",
        ),
        (prim(""), "'a' has no positions"),
        (prim("point3f[] positions = [(1, 2)]"), "2 numbers, expected a multiple of 3"),
        (prim("point3f[] positions = [(1, 2, x)]"), "holds what is not a number"),
        (prim("float[] positions = [1, 2, 3]"), "positions is not an array of 3"),
        (prim(POSITIONS)[:-4], "is truncated"),
        (prim(POSITIONS) + "]", "text at byte"),
        ("#usda 1.0\n(a = " + "[" * 100, "nested more than 64"),
        (prim(f"{POSITIONS}\nint radiance:sphericalHarmonicsDegree = 9"), "degree 9"),
        (
            prim(f'{POSITIONS}\ntoken[] xformOpOrder = ["xformOp:shear"]'),
            "'xformOp:shear' is unknown",
        ),
        (
            prim(
                f"{POSITIONS}\nfloat3 xformOp:scale = (1, 0, 1)\n"
                'token[] xformOpOrder = ["xformOp:scale"]'
            ),
            "cannot carry Gaussians",
        ),
    ],
)
def test_refusals(refusal, text, words):
    assert words in refusal(text.encode(), "a.usda")


class TestWriting:
    def test_a_text_keeps_every_bit(self, tmp_path, make_scene):
        scene = make_scene(degree=3)
        scene = scene.replace(quats=torch.nn.functional.normalize(scene.quats, dim=-1))
        save(scene, tmp_path / "a.usda")
        again = load(tmp_path / "a.usda")
        for name, tensor in scene.tensors():
            assert torch.allclose(getattr(again, name), tensor, rtol=0, atol=2e-7), name
        assert torch.equal(again.sh, scene.sh)

    def test_sh_of_degree_4_and_plain_colors(self, tmp_path, make_scene):
        save(make_scene(degree=4), tmp_path / "a.usda")
        assert load(tmp_path / "a.usda").sh_degree == 4
        save(make_scene(), tmp_path / "a.usda")
        assert load(tmp_path / "a.usda").sh_degree == 0

    def test_axes_of_a_ply_file(self, tmp_path, make_scene):
        scene = make_scene(3)
        save(scene, tmp_path / "a.usda", axes="ply")
        assert torch.equal(load(tmp_path / "a.usda", axes="ply").means, scene.means)
        assert not torch.equal(load(tmp_path / "a.usda").means, scene.means)

    def test_the_mark_of_antialiasing_is_kept(self, tmp_path, make_scene, caplog):
        save(make_scene(3).replace(antialiased=True), tmp_path / "a.usda")
        assert "programs other than gaussrep" in caplog.text
        assert load(tmp_path / "a.usda").antialiased

    def test_no_gaussians(self, tmp_path, make_scene):
        with pytest.raises(FormatError, match="at least one Gaussian"):
            save(make_scene(0), tmp_path / "a.usda")

    @pytest.mark.parametrize("name", ["a.usdc", "a.usdz", "a.usd"])
    def test_binary_files_are_written_and_read_without_usd_core(
        self, tmp_path, make_scene, monkeypatch, name
    ):
        monkeypatch.setitem(__import__("sys").modules, "pxr", None)
        scene = make_scene(3, degree=1).replace(antialiased=True, color_space="linear")
        save(scene, tmp_path / name)
        again = load(tmp_path / name)
        assert (again.antialiased, again.color_space) == (True, "linear")
        for field in ("means", "scales", "opacities", "sh"):
            assert torch.equal(getattr(again, field), getattr(scene, field)), field
        wanted = torch.nn.functional.normalize(scene.quats, dim=-1)
        assert torch.allclose(again.quats, wanted, rtol=0, atol=2e-7)

    def test_a_binary_file_by_its_bytes(self, tmp_path, make_scene):
        """The start, its only small array, and the list of sections, by the layout of 0.8."""
        save(make_scene(3), tmp_path / "a.usdc", axes="ply")
        data = (tmp_path / "a.usdc").read_bytes()
        assert data[:11] == b"PXR-USDC\0\x08\0"
        (place,) = struct.unpack_from("<q", data, 16)
        assert struct.unpack_from("<Q", data, 88) == (2,)
        names = [data[place + 8 + 32 * n :][:16].rstrip(b"\0") for n in range(6)]
        assert names == [b"TOKENS", b"STRINGS", b"FIELDS", b"FIELDSETS", b"PATHS", b"SPECS"]
        assert len(data) == place + 8 + 32 * 6

    def test_a_package_is_a_zip_file_of_one_layer_at_a_multiple_of_64(self, tmp_path, make_scene):
        for name in ("a.usdc", "a.usdz"):
            save(make_scene(5), tmp_path / name)
        with zipfile.ZipFile(tmp_path / "a.usdz") as package:
            (info,) = package.infolist()
            assert info.compress_type == zipfile.ZIP_STORED
            layer = package.read(info)
        assert layer == (tmp_path / "a.usdc").read_bytes()
        assert (tmp_path / "a.usdz").read_bytes().index(layer) % 64 == 0

    def test_a_package_that_is_too_large(self, tmp_path, make_scene, monkeypatch):
        monkeypatch.setattr("gaussrep.formats.usd_crate_writing.LARGEST_PACKAGE", 1000)
        with pytest.raises(FormatError, match=r"a.usdz: a \.usdz package holds at most 2 GiB"):
            save(make_scene(5), tmp_path / "a.usdz")
        save(make_scene(5), tmp_path / "a.usdc")


@pytest.fixture
def pxr():
    return pytest.importorskip("pxr", reason="usd-core is not installed")


@pytest.mark.usefixtures("pxr")
class TestOpenUSD:
    """Against usd-core 26.3 and 26.11, whose schema has the type."""

    @pytest.mark.parametrize("name", ["a.usda", "a.usdc", "a.usdz", "a.usd"])
    def test_what_is_written_is_read_by_it_and_here(self, tmp_path, make_scene, name):
        from pxr import Usd, UsdGeom, UsdVol

        scene = make_scene(degree=2).replace(antialiased=True)
        save(scene, tmp_path / name, axes="ply")
        stage = Usd.Stage.Open(str(tmp_path / name))
        field = UsdVol.ParticleField3DGaussianSplat(stage.GetDefaultPrim())
        assert UsdGeom.GetStageUpAxis(stage) == "Y"
        assert np.array_equal(np.array(field.GetPositionsAttr().Get()), scene.means.numpy())
        assert np.array_equal(np.array(field.GetScalesAttr().Get()), scene.scales.numpy())
        assert np.array_equal(np.array(field.GetOpacitiesAttr().Get()), scene.opacities.numpy())
        found = field.GetRadianceSphericalHarmonicsCoefficientsAttr().Get()
        assert np.array_equal(np.array(found), scene.sh.reshape(-1, 3).numpy())
        turn = field.GetOrientationsAttr().Get()[0]
        wanted = scene.quats[0] / scene.quats[0].norm()
        assert equal(wanted, [turn.GetReal(), *turn.GetImaginary()])
        again = load(tmp_path / name, axes="ply")
        assert again.antialiased
        assert torch.equal(again.means, scene.means)
        assert torch.equal(again.sh, scene.sh)
        assert equal(again.quats[0], wanted.tolist())

    @pytest.mark.parametrize("marks", [{}, {"antialiased": True, "color_space": "linear"}])
    @pytest.mark.parametrize("degree", [None, 0, 3, 4])
    def test_it_finds_the_same_layer_in_text_and_in_binary(
        self, tmp_path, make_scene, degree, marks
    ):
        from pxr import Sdf

        scene = make_scene(9) if degree is None else make_scene(9, degree=degree)
        for name in ("a.usda", "a.usdc", "a.usdz"):
            save(scene.replace(**marks), tmp_path / name)
        text, *binary = (
            Sdf.Layer.OpenAsAnonymous(str(tmp_path / name)).ExportToString()
            for name in ("a.usda", "a.usdc", "a.usdz")
        )
        assert "positions" in text
        assert binary == [text, text]

    @pytest.mark.parametrize("name", ["a.usda", "a.usdc"])
    def test_bounds_are_written_since_it_computes_none(self, tmp_path, make_scene, name):
        """Without `extent`, BBoxCache of 26.11 finds the Gaussians of this schema empty."""
        from pxr import Usd, UsdGeom

        scene = make_scene()
        save(scene, tmp_path / name, axes="ply")
        stage = Usd.Stage.Open(str(tmp_path / name))
        cache = UsdGeom.BBoxCache(Usd.TimeCode.Default(), [UsdGeom.Tokens.default_])
        found = cache.ComputeWorldBound(stage.GetPseudoRoot()).ComputeAlignedRange()
        reach = 3 * scene.scales.amax(1, keepdim=True)
        assert equal((scene.means - reach).amin(0), list(found.GetMin()))
        assert equal((scene.means + reach).amax(0), list(found.GetMax()))

    @pytest.mark.parametrize("name", ["a.usda", "a.usdc"])
    def test_every_operation_of_a_transform_is_applied_as_it_does(self, tmp_path, name):
        from pxr import Gf, Usd, UsdGeom, UsdVol

        stage = Usd.Stage.CreateNew(str(tmp_path / name))
        top = UsdGeom.Xform.Define(stage, "/top")
        field = UsdVol.ParticleField3DGaussianSplat.Define(stage, "/top/a")
        field.CreatePositionsAttr([(1, 2, 3), (4, 5, 6)])
        matrix = Gf.Matrix4d().SetTransform(Gf.Rotation(Gf.Vec3d(1, 2, 3), 40), Gf.Vec3d(7, 8, 9))
        pivot = top.AddTranslateOp(opSuffix="pivot")
        pivot.Set(Gf.Vec3d(1, -1, 2))
        for order in ("XYZ", "XZY", "YXZ", "YZX", "ZXY", "ZYX"):
            getattr(top, f"AddRotate{order}Op")().Set((10, 20, 30))
        top.AddTranslateOp(opSuffix="pivot", isInverseOp=True)
        field = UsdGeom.Xformable(field)
        field.AddTransformOp().Set(matrix)
        field.AddOrientOp().Set(Gf.Quatf(0.8, 0, 0.6, 0))
        field.AddRotateYOp().Set(35)
        field.AddScaleOp().Set((2, 2, 2))
        stage.Save()
        cache = UsdGeom.XformCache()
        world = cache.GetLocalToWorldTransform(field.GetPrim())
        wanted = [list(world.Transform(Gf.Vec3d(*row))) for row in ((1, 2, 3), (4, 5, 6))]
        found = load(tmp_path / name, axes="ply")
        assert torch.allclose(found.means, torch.tensor(wanted), atol=1e-5)
        assert torch.allclose(found.scales, torch.full((2, 3), 2.0))

    def test_a_layer_that_it_prints(self, tmp_path):
        from pxr import Gf, Usd, UsdVol

        stage = Usd.Stage.CreateNew(str(tmp_path / "a.usdc"))
        field = UsdVol.ParticleField3DGaussianSplat.Define(stage, "/a")
        field.CreatePositionsAttr([(1, 2, math.pi)])
        field.CreateOrientationshAttr([Gf.Quath(0.5, 0.5, -0.5, 0.5)])
        field.GetOpacitiesAttr().Set([0.5], 3.0)
        field.GetPrim().SetCustomDataByKey("gaussrep:antialiased", True)
        field.GetPrim().GetVariantSets().AddVariantSet("v").AddVariant("x")
        stage.Save()
        stage.GetRootLayer().Export(str(tmp_path / "b.usda"))
        first, second = (load(tmp_path / name) for name in ("a.usdc", "b.usda"))
        assert first.antialiased
        assert second.antialiased
        for name, tensor in first.tensors():
            assert torch.equal(getattr(second, name), tensor), name


def test_a_deep_tree_of_prims(read):
    text = (
        "#usda 1.0\n"
        + 'def "a" {' * 60
        + POSITIONS.join(['def ParticleField3DGaussianSplat "b" {', "}"])
        + "}" * 60
    )
    assert read(text).count == 1
    assert read_text(text.encode()).prims[0].name == "a"


def test_text_of_many_pieces(tmp_path, monkeypatch, make_scene):
    monkeypatch.setattr("gaussrep.formats.usd_text.PIECE", 64)
    scene = make_scene(degree=1)
    save(scene, tmp_path / "a.usda")
    assert torch.equal(load(tmp_path / "a.usda").sh, scene.sh)


def test_sentences_are_logged_as_warnings(read, caplog):
    with caplog.at_level(logging.WARNING):
        read(SAMPLE, axes="auto")
    assert len(caplog.records) == 1
    assert isinstance(read(SAMPLE), Gaussians)
