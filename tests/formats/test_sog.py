import io
import json
import struct
import zipfile

import numpy as np
import pytest
import torch
from PIL import Image

from gaussrep.errors import FormatError
from gaussrep.formats.by_suffix import load, save

NAMES = ["a.sog", "meta.json"]


def webp(rows, width):
    pixels = np.zeros((-(-len(rows) // width) * width, 4), np.uint8)
    pixels[: len(rows)] = rows
    content = io.BytesIO()
    image = Image.fromarray(pixels.reshape(-1, width, 4))
    image.save(content, "WEBP", lossless=True, exact=True)
    return content.getvalue()


def palette(entries, bases):
    """An image of rows of 64 entries."""
    pixels = np.zeros((1, 64 * bases, 4), np.uint8)
    for place, entry in enumerate(entries):
        pixels[0, place * bases : (place + 1) * bases, :3] = entry
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "WEBP", lossless=True, exact=True)
    return content.getvalue()


IMAGES = {
    "l.webp": webp([[255, 0, 0, 255], [255, 1, 128, 255]], 2),
    "u.webp": webp([[255, 0, 128, 255], [255, 0, 128, 255]], 2),
    "s.webp": webp([[0, 1, 2, 255], [2, 1, 0, 255]], 2),
    # w is largest; then y is, and the others are w, x, z.
    "q.webp": webp([[255, 128, 128, 252], [0, 128, 128, 254]], 2),
    "c.webp": webp([[0, 1, 2, 51], [2, 1, 0, 255]], 2),
    "p.webp": palette([[[0, 1, 2]] * 3, [[2, 2, 2], [1, 1, 1], [0, 0, 0]]], 3),
    "n.webp": webp([[1, 0, 0, 255], [0, 0, 0, 255]], 2),
}
CODES = [-1.0, 0.0, 0.5]


def meta(**changes):
    """Version 2 of two Gaussians."""
    book = CODES + [CODES[-1]] * 253
    return {
        "version": 2,
        "count": 2,
        "means": {"mins": [-1, -2, -3], "maxs": [1, 2, 3], "files": ["l.webp", "u.webp"]},
        "scales": {"codebook": book, "files": ["s.webp"]},
        "quats": {"files": ["q.webp"]},
        "sh0": {"codebook": book, "files": ["c.webp"]},
        "shN": {"count": 2, "bands": 1, "codebook": book, "files": ["p.webp", "n.webp"]},
    } | changes


def old_meta():
    """Version 1 of the same images."""
    return {
        "means": meta()["means"] | {"shape": [2, 3], "dtype": "float32"},
        "scales": {"shape": [2, 3], "mins": [0, 0, 0], "maxs": [1, 2, 255], "files": ["s.webp"]},
        "quats": {"shape": [2, 4], "encoding": "quaternion_packed", "files": ["q.webp"]},
        "sh0": {"mins": [0, 0, 0, -5], "maxs": [255, 255, 255, 5], "files": ["c.webp"]},
        "shN": {"mins": -1, "maxs": 1, "quantization": 8, "files": ["p.webp", "n.webp"]},
    }


def bundle(content, images=IMAGES, method=zipfile.ZIP_STORED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in images.items():
            archive.writestr(name, data)
        archive.writestr("meta.json", json.dumps(content))
    return file.getvalue()


class TestReading:
    @pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
    def test_a_bundle_laid_out_by_hand(self, tmp_path, method):
        (tmp_path / "a.sog").write_bytes(bundle(meta(), method=method))
        self.check(load(tmp_path / "a.sog"))

    def test_a_folder(self, tmp_path):
        for name, data in IMAGES.items():
            (tmp_path / name).write_bytes(data)
        (tmp_path / "meta.json").write_text(json.dumps(meta()), encoding="utf-8")
        self.check(load(tmp_path / "meta.json"))

    def check(self, g):
        z = np.expm1(-3 + 6 * (128 << 8) / 65535)
        np.testing.assert_allclose(g.means[0], [np.e - 1, 1 - np.e**2, z], rtol=1e-5)
        np.testing.assert_allclose(g.scales[0], np.exp(CODES), rtol=1e-6)
        half, small = np.sqrt(0.5), np.sqrt(0.5) / 255
        np.testing.assert_allclose(g.quats[0], [half, half, small, small], atol=1e-4)
        np.testing.assert_allclose(g.quats[1], [-half, small, half, small], atol=1e-4)
        np.testing.assert_allclose(g.opacities, [0.2, 1], rtol=1e-6)
        assert g.sh[0, 0].tolist() == CODES
        assert g.sh[0, 1:].tolist() == [[0.5] * 3, [0] * 3, [-1] * 3]
        assert g.sh[1, 1:].tolist() == [CODES] * 3

    def test_version_1(self, tmp_path):
        (tmp_path / "a.sog").write_bytes(bundle(old_meta()))
        g = load(tmp_path / "a.sog")
        np.testing.assert_allclose(g.scales[0], np.exp([0, 2 / 255, 2]), rtol=1e-6)
        assert g.sh[1, 0].tolist() == [2, 1, 0]
        np.testing.assert_allclose(g.opacities, [1 / (1 + np.e**3), 1 / (1 + np.e**-5)], rtol=1e-5)
        np.testing.assert_allclose(g.sh[1, 1], [-1, -253 / 255, -251 / 255], rtol=1e-6)
        np.testing.assert_allclose(g.means[0, 0], np.e - 1, rtol=1e-6)

    @pytest.mark.parametrize("change", [{"model": "antialiased"}, {"antialias": True}])
    def test_antialiased_scenes_are_read_as_such(self, tmp_path, caplog, change):
        (tmp_path / "a.sog").write_bytes(bundle(meta(**change)))
        assert load(tmp_path / "a.sog").antialiased
        assert caplog.messages == []

    def test_another_model_is_named(self, tmp_path, caplog):
        (tmp_path / "a.sog").write_bytes(bundle(meta(model="2dgs")))
        assert not load(tmp_path / "a.sog").antialiased
        (line,) = caplog.messages
        assert "its model '2dgs' is not applied" in line

    def test_a_quaternion_without_index_is_impossible(self, refusal):
        images = IMAGES | {"q.webp": webp([[128, 128, 128, 251], [0, 128, 128, 254]], 2)}
        assert "1 with a quaternion of length 0" in refusal(bundle(meta(), images), "a.sog")


class TestRefusal:
    @pytest.mark.parametrize(
        ("data", "words"),
        [
            (b"", "not a .sog file: its content is not a zip file"),
            (b"PK\3\4", "not a .sog file, or it is damaged"),
            (bundle(meta())[:-30], "not a .sog file, or it is damaged"),
            (bundle({}), "means: Field required"),
            (bundle([]), "not an SOG of version 1 or 2"),
            (bundle(meta(version=3)), "version: Input should be 2"),
            (bundle(meta(count=3)), "'l.webp' has 2 pixels, 3 Gaussians"),
            (bundle(meta(count=2**60)), "count: Input should be less"),
            (bundle({"means": {"shape": [2, 3]}}), "gsplat's PngCompression"),
            (bundle({"filenames": [], "tree": {}}), "several levels of detail"),
            (bundle(meta(), IMAGES | {"q.webp": b"RIFF"}), "'q.webp' is damaged"),
            (bundle(meta(), IMAGES | {"q.webp": IMAGES["q.webp"][:-8]}), "'q.webp' is damaged"),
            (bundle(meta(quats={"files": ["../q.webp"]})), "'../q.webp' is missing"),
            (bundle(meta(), IMAGES | {"p.webp": IMAGES["n.webp"]}), "2 pixels wide, expected 192"),
            (bundle(meta(), IMAGES | {"n.webp": webp([[0, 1, 0, 0]] * 2, 2)}), "a label is 256"),
            (
                bundle(meta(scales={"codebook": [0.0], "files": ["s.webp"]})),
                "scales.codebook: Tuple should have at least 256 items",
            ),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_of_damaged_bundles(self, refusal, data, words):
        assert words in refusal(data, "a.sog")

    def test_of_an_image_outside_the_folder(self, refusal):
        content = json.dumps(meta(means=meta()["means"] | {"files": ["../l.webp", "u.webp"]}))
        message = refusal(content.encode(), "meta.json")
        assert "'../l.webp' is not beside it or below" in message
        assert "'l.webp' is missing" in refusal(json.dumps(meta()).encode(), "meta.json")

    def test_of_a_bomb_of_pixels(self, refusal):
        content = io.BytesIO()
        Image.new("RGBA", (8000, 8000)).save(content, "WEBP", lossless=True)
        assert len(content.getvalue()) < 20_000
        data = bundle(meta(), IMAGES | {"l.webp": content.getvalue()})
        assert "would grow" in refusal(data, "a.sog")

    def test_of_a_huge_image_that_is_not_whole(self, refusal):
        head = b"RIFF" + struct.pack("<I", 100) + b"WEBPVP8L" + struct.pack("<I", 80)
        sizes = struct.pack("<BI", 0x2F, 16382 | 16382 << 14 | 1 << 28)
        data = bundle(meta(), IMAGES | {"l.webp": head + sizes + bytes(75)})
        message = refusal(data, "a.sog")
        assert "is damaged" in message or "too many pixels" in message

    def test_of_a_zip_bomb(self, refusal):
        images = IMAGES | {"l.webp": bytes(100_000_000)}
        data = bundle(meta(), images, zipfile.ZIP_DEFLATED)
        assert len(data) < 200_000
        assert "would grow" in refusal(data, "a.sog")

    def test_of_another_compression(self, refusal):
        data = bundle(meta(), method=zipfile.ZIP_BZIP2)
        assert "compressed by an unknown method" in refusal(data, "a.sog")


class TestWriting:
    @pytest.mark.parametrize("name", NAMES)
    @pytest.mark.parametrize("degree", [None, 0, 1, 2, 3])
    def test_a_round_trip_loses_less_than_stated(self, tmp_path, make_scene, angles, name, degree):
        # Sorted by place, the Gaussians are found by their centers.
        g = make_scene(120, degree)
        save(g, tmp_path / name)
        back = load(tmp_path / name)
        back = back[torch.cdist(g.means, back.means).argmin(1)]
        assert (back.means - g.means).abs().max() <= 1e-4
        assert (back.scales.log() - g.scales.log()).abs().max() < 0.02
        assert (back.opacities - g.opacities).abs().max() <= 0.5 / 255 + 1e-6
        dc = (g.colors - 0.5) / 0.28209479177387814 if degree is None else g.sh[:, 0]
        assert (back.sh[:, 0] - dc).abs().max() < 0.02
        assert angles(back.quats, g.quats).max() < 1
        assert back.sh_degree == (degree or 0)

    @pytest.mark.parametrize("name", NAMES)
    def test_a_second_trip_changes_nothing(self, tmp_path, make_scene, name):
        save(make_scene(4000, degree=2), tmp_path / name)
        once = load(tmp_path / name)
        save(once, tmp_path / name)
        twice = load(tmp_path / name)
        for key, tensor in once.tensors():
            assert torch.equal(getattr(twice, key), tensor), key

    def test_few_values_are_kept(self, tmp_path, make_scene):
        one = make_scene(1, degree=3)
        g = make_scene(300).replace(
            colors=None, sh=one.sh.repeat(300, 1, 1), scales=one.scales.repeat(300, 1)
        )
        save(g, tmp_path / "a.sog")
        back = load(tmp_path / "a.sog")
        assert torch.equal(back.sh, g.sh)
        assert torch.equal(back.scales, g.scales)

    def test_the_file_is_the_same_every_time(self, tmp_path, make_scene):
        save(make_scene(2000, 1), tmp_path / "a.sog")
        save(make_scene(2000, 1), tmp_path / "b.sog")
        assert (tmp_path / "a.sog").read_bytes() == (tmp_path / "b.sog").read_bytes()

    def test_a_color_that_is_transparent_is_kept(self, tmp_path, make_scene):
        g = make_scene(5, 0).replace(opacities=torch.zeros(5))
        save(g, tmp_path / "a.sog")
        back = load(tmp_path / "a.sog").sh.flatten().sort().values
        torch.testing.assert_close(back, g.sh.flatten().sort().values, rtol=0, atol=0)

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (lambda g: g[:0], "at least one Gaussian"),
            (lambda g: g.replace(colors=None, sh=torch.zeros(40, 25, 3)), "degree 4"),
        ],
    )
    def test_what_it_cannot_hold_is_refused(self, tmp_path, make_scene, change, words):
        with pytest.raises(FormatError, match=rf"a\.sog: .*{words}"):
            save(change(make_scene()), tmp_path / "a.sog")
        assert list(tmp_path.iterdir()) == []
