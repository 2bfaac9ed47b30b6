"""What gsplat, gsply and gaussforge write is read right; the last two read what is written here.

Columns are compared, with covariances in place of quaternions, and SH that no symmetry relates.
The checks of programs that need npm are in benchmarks/format_readers.py, those of OpenUSD in
test_usd.py.
"""

import numpy as np
import pytest
import torch

from gaussrep import sh
from gaussrep.formats.by_suffix import load, save
from gaussrep.gaussians import Gaussians

EXACT = {"means": 1e-6, "logs": 1e-6, "covariances": 1e-5, "opacities": 1e-4, "sh": 1e-6}
PACKED_PLY = {"means": 1e-3, "logs": 2e-3, "covariances": 5e-3, "opacities": 0.003, "sh": 1 / 64}
SPZ = {"means": 2e-4, "logs": 1 / 31, "covariances": 0.11, "opacities": 0.003, "sh": 0.07}
SPLAT = {"means": 0, "logs": 1e-6, "covariances": 0.03, "opacities": 0.005, "sh": 0.02}
KSPLAT = {"means": 0, "logs": 1e-6, "covariances": 2e-6, "opacities": 0.005, "sh": 0.02}
SOG = {"means": 1e-3, "logs": 0.05, "covariances": 0.2, "opacities": 0.005, "sh": 0.2}


@pytest.fixture(scope="module")
def gsply():
    """Version 0.4.6, which has no wheel for Python 3.14."""
    return pytest.importorskip("gsply", reason="gsply is not installed")


@pytest.fixture(scope="module")
def forge():
    """Gaussforge 0.6.0, which takes no scene without SH above degree 0."""
    module = pytest.importorskip("gaussforge", reason="gaussforge is not installed")
    program = module.GaussForge()

    def convert(content, source, target):
        read = program.read(content, source)
        assert "data" in read, read
        written = program.write(read["data"], target)
        assert "data" in written, written
        return written["data"]

    return convert


def axes(name):
    return {"axes": "ply"} if name.endswith(".spz") else {}


def columns(scene):
    largest = scene.scales.amax(-1).square()[:, None, None]
    harmonics = sh.from_rgb(scene.colors) if scene.sh is None else scene.sh
    return {
        "means": scene.means,
        "logs": scene.scales.log(),
        "covariances": scene.covariances() / largest,
        "opacities": scene.opacities,
        "sh": harmonics,
    }


def too_large(scene, other, allowed):
    """Columns that differ by more than is allowed; SH up to the lower degree."""
    found, wanted = columns(scene), columns(other)
    bases = min(found["sh"].shape[1], wanted["sh"].shape[1])
    found["sh"], wanted["sh"] = found["sh"][:, :bases], wanted["sh"][:, :bases]
    sizes = {name: float((found[name] - wanted[name]).abs().max()) for name in allowed}
    return {name: size for name, size in sizes.items() if size > allowed[name]}


def without_sh(allowed):
    return {name: size for name, size in allowed.items() if name != "sh"}


def sorted_as(scene, other):
    """The Gaussians of a scene in the order of those of another that are nearest."""
    return scene[torch.cdist(other.means, scene.means).argmin(1)]


class TestGsply:
    def read(self, gsply, path):
        reader = gsply.read_spz if path.suffix == ".spz" else gsply.plyread
        found = reader(path)
        parts = [np.reshape(found.sh0, (-1, 1, 3))]
        if found.shN is not None and found.shN.size:
            parts.append(found.shN)
        arrays = (found.means, found.quats, found.scales, found.opacities, np.hstack(parts))
        means, quats, logs, logits, harmonics = (
            torch.from_numpy(np.array(array, np.float32)) for array in arrays
        )
        opacities = logits.flatten().sigmoid()
        return Gaussians(means, quats, logs.exp(), opacities, sh=harmonics)

    @pytest.mark.parametrize(
        ("name", "settings"),
        [
            ("a.ply", {}),
            ("a.compressed.ply", {}),
            ("a.spz", {"version": 2}),
            ("a.spz", {"version": 3}),
            ("a.spz", {"version": 4}),
        ],
    )
    @pytest.mark.parametrize("degree", [0, 3])
    def test_reads_what_is_written_here(self, gsply, tmp_path, make_scene, name, settings, degree):
        if settings.get("version") == 4:
            pytest.importorskip("zstandard")
        path, scene = tmp_path / name, make_scene(degree=degree)
        save(scene, path, **settings, **axes(name))
        found = self.read(gsply, path)
        assert too_large(found, load(path, **axes(name)), EXACT) == {}
        if name == "a.ply":
            assert too_large(found, scene, EXACT) == {}

    @pytest.mark.parametrize(
        ("name", "allowed"), [("a.ply", EXACT), ("a.compressed.ply", PACKED_PLY), ("a.spz", SPZ)]
    )
    @pytest.mark.parametrize("degree", [0, 1, 3])
    def test_what_it_writes_is_read(self, gsply, tmp_path, make_scene, name, allowed, degree):
        scene = make_scene(degree=degree)
        save(scene, tmp_path / "own.ply")
        read = gsply.plyread(tmp_path / "own.ply")
        if name.endswith(".spz"):
            gsply.write_spz(tmp_path / name, read)
        else:
            gsply.plywrite(tmp_path / name, read, compressed=name == "a.compressed.ply")
        assert too_large(load(tmp_path / name, **axes(name)), scene, allowed) == {}


class TestGsplat:
    """The exporter of version 1.5.3, which its trainer calls with logarithms and logits."""

    def export(self, path, scene):
        gsplat = pytest.importorskip("gsplat", reason="gsplat is not installed")
        if not hasattr(gsplat, "export_splats"):
            pytest.skip("gsplat 1.4 has no exporter")
        kind = {"a.ply": "ply", "a.compressed.ply": "ply_compressed", "a.splat": "splat"}[path.name]
        gsplat.export_splats(
            scene.means,
            scene.scales.log(),
            scene.quats,
            scene.opacities.logit(),
            scene.sh[:, :1],
            scene.sh[:, 1:],
            format=kind,
            save_to=str(path),
        )

    @pytest.mark.parametrize(
        ("name", "allowed"), [("a.ply", EXACT), ("a.compressed.ply", PACKED_PLY)]
    )
    @pytest.mark.parametrize("degree", [0, 1, 3])
    def test_what_it_exports_is_read(self, tmp_path, make_scene, name, allowed, degree):
        scene = make_scene(degree=degree)
        self.export(tmp_path / name, scene)
        assert too_large(sorted_as(load(tmp_path / name), scene), scene, allowed) == {}

    def test_its_splat_is_read(self, tmp_path, make_scene):
        scene = make_scene(degree=3)
        self.export(tmp_path / "a.splat", scene)
        found = sorted_as(load(tmp_path / "a.splat"), scene)
        assert too_large(found, scene, SPLAT) == {}


class TestGaussforge:
    @pytest.mark.parametrize("kind", ["ply", "compressed.ply", "spz", "sog"])
    @pytest.mark.parametrize("degree", [1, 3])
    def test_reads_what_is_written_here(self, forge, tmp_path, make_scene, kind, degree):
        name = f"a.{kind}"
        save(make_scene(degree=degree), tmp_path / name, **axes(name))
        content = forge((tmp_path / name).read_bytes(), kind, "ply")
        (tmp_path / "b.ply").write_bytes(content)
        found = load(tmp_path / "b.ply")
        assert too_large(found, load(tmp_path / name, **axes(name)), EXACT) == {}

    @pytest.mark.parametrize(
        ("kind", "allowed"),
        [
            ("ply", EXACT),
            # It writes higher SH to other columns than splat-transform and gsply.
            ("compressed.ply", without_sh(PACKED_PLY)),
            ("splat", SPLAT),
            ("spz", SPZ),
            ("sog", SOG),
        ],
    )
    @pytest.mark.parametrize("degree", [1, 3])
    def test_what_it_writes_is_read(self, forge, tmp_path, make_scene, kind, allowed, degree):
        scene = make_scene(degree=degree)
        if kind == "sog":  # it writes quaternions without normalizing them
            scene = scene.replace(quats=torch.nn.functional.normalize(scene.quats, dim=-1))
        save(scene, tmp_path / "own.ply")
        content = forge((tmp_path / "own.ply").read_bytes(), "ply", kind)
        (tmp_path / f"a.{kind}").write_bytes(content)
        found = load(tmp_path / f"a.{kind}", **axes(f"a.{kind}"))
        found = sorted_as(found, scene) if kind == "sog" else found
        assert found.count == scene.count
        assert too_large(found, scene, allowed) == {}

    def test_its_ksplat_of_degree_1(self, forge, tmp_path, make_scene):
        """Of higher degrees it writes SH to other columns than the viewer reads."""
        scene = make_scene(degree=1)
        save(scene, tmp_path / "own.ply")
        content = forge((tmp_path / "own.ply").read_bytes(), "ply", "ksplat")
        (tmp_path / "a.ksplat").write_bytes(content)
        assert too_large(load(tmp_path / "a.ksplat"), scene, KSPLAT) == {}
