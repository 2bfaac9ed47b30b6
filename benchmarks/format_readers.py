"""Check that other programs read files written by gaussrep, and that gaussrep reads their files.

npm install --prefix FOLDER @playcanvas/splat-transform@3.7.0 \
    splat-transform-2@npm:@playcanvas/splat-transform@2.7.1 @adobe/spz@0.2.3 \
    @babylonjs/core@9.35.0 gltf-validator@2.0.0-dev.3.10 @gltf-transform/core@4.5.1
python benchmarks/format_readers.py FOLDER [--out FILE]

Needs node and, in this Python, plyfile, which is GPL: nothing of gaussrep uses it; and zstandard.
"""

import argparse
import gzip
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch

from gaussrep.errors import GaussrepError
from gaussrep.formats.axes import LEFT_UP_FORWARD, convert_axes
from gaussrep.formats.by_suffix import load, save
from gaussrep.formats.ply_layout import column_names, encode
from gaussrep.gaussians import Gaussians
from gaussrep.runtime.atomic_files import write_json
from harness.report import describe_origin

OUT = Path(__file__).parent / "results" / "format-readers.json"
SCRIPTS = Path(__file__).parent / "readers"
COUNT = 1000
NEW, OLD = "@playcanvas/splat-transform", "splat-transform-2"
"""The packages of splat-transform: 3.x, and 2.x by another name."""
SPZ_NAMES = ("positions", "scales", "rotations", "alphas", "colors", "sh")
UNKNOWN_TO_THE_VALIDATOR = {"UNSUPPORTED_EXTENSION", "MESH_PRIMITIVE_INVALID_ATTRIBUTE"}


@dataclass(frozen=True, slots=True)
class Check:
    """Comparison of two programs on the same Gaussians.

    Args:
        file: File format.
        writer: Program that wrote the file.
        reader: Program that read it.
        against: Reference of the comparison.
        difference: Largest difference of any number, logits and logarithms as in PLY files; or the
            number of differing bytes, if `against` is a file.
        allowed: Largest difference that counts as equal.
        note: Further remarks.
    """

    file: str
    writer: str
    reader: str
    against: str
    difference: float
    allowed: float
    note: str = ""


class Tools:
    """The programs in a folder of node modules.

    Args:
        modules: The folder given to `npm install --prefix`.
    """

    def __init__(self, modules: Path) -> None:
        self.modules = modules

    def name(self, package: str) -> str:
        """A package and its version."""
        text = (self.modules / "node_modules" / package / "package.json").read_text("utf-8")
        return f"{package} {json.loads(text)['version']}"

    def transform(self, source: Path, target: Path, package: str = NEW) -> None:
        """Convert by splat-transform, installed as a package."""
        program = self.modules / "node_modules" / package / "bin" / "cli.mjs"
        paths = [str(path.resolve()) for path in (source, target)]
        command = ["node", str(program), "-w", "-q", "-g", "cpu", *paths]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    def script(self, name: str, *arguments: Path | str) -> str:
        """Run a script of `benchmarks/readers` and return its last line."""
        text = (SCRIPTS / name).read_text("utf-8")
        command = ["node", "--input-type=module", "-e", text, *map(str, arguments)]
        ran = subprocess.run(
            command, cwd=self.modules, check=True, stdout=subprocess.PIPE, text=True
        )
        return ran.stdout.strip().rpartition("\n")[2]


def make_scene() -> Gaussians:
    """Gaussians with SH of degree 3 that no format clips."""
    generator = torch.Generator().manual_seed(0)

    def random(*shape: int) -> torch.Tensor:
        return torch.rand(COUNT, *shape, generator=generator)

    return Gaussians(
        means=4 * random(3) - 2,
        quats=torch.nn.functional.normalize(torch.randn(COUNT, 4, generator=generator), dim=-1),
        scales=0.02 + 0.2 * random(3),
        opacities=0.05 + 0.9 * random(),
        sh=1.2 * random(16, 3) - 0.6,
    )


def difference(first: Gaussians, second: Gaussians) -> float:
    """Largest difference of the columns of PLY files, and of covariances in place of quaternions.

    Quaternions that differ by half turns about a Gaussian's own axes are the same Gaussian; their
    covariances are those of standard deviations 0.5, 0.75 and 1.
    """

    def numbers(scene: Gaussians) -> torch.Tensor:
        shapes = scene.replace(scales=torch.tensor([0.5, 0.75, 1.0]).expand(scene.count, 3))
        return torch.cat([encode(scene)[:, :-4], shapes.covariances().flatten(1)], dim=1)

    return float((numbers(first) - numbers(second)).abs().max())


def ply_checks(folder: Path, scene: Gaussians) -> Iterator[Check]:
    from plyfile import PlyData

    save(scene, folder / "own.ply")
    vertex = PlyData.read(str(folder / "own.ply"))["vertex"]
    columns = np.stack([vertex[name] for name in column_names(16)], axis=1)
    error = float(np.abs(columns - encode(scene).numpy()).max())
    reader = f"plyfile {version('plyfile')}"
    yield Check(".ply", "gaussrep", reader, "what was saved", error, 0.0)


READ: list[tuple[str, dict[str, Any], float, str]] = [
    (".ply", {}, 1e-5, ""),
    (".splat", {}, 0.02, "it takes 127.5 for a zero in a quaternion, the viewer 128"),
    (".compressed.ply", {}, 1e-4, ""),
    (".spz", {"version": 2}, 1e-4, ""),
    (".spz", {"version": 3}, 1e-4, ""),
    (".spz", {"version": 4}, 1e-4, ""),
    (".sog", {}, 1e-4, ""),
]
"""Files that splat-transform reads, with settings, the difference that counts as equal, a note."""
WRITTEN: list[tuple[str, float, str]] = [
    (".ply", 1e-5, ""),
    (".compressed.ply", 1e-4, ""),
    (".spz", 1e-4, ""),
    (".sog", 1e-4, ""),
    (".glb", 1e-5, ""),
]
"""Files that it writes."""


def splat_transform_checks(folder: Path, scene: Gaussians, tools: Tools) -> Iterator[Check]:
    for package, axes in ((NEW, "ply"), (OLD, "spz")):
        name = f"{NEW} {tools.name(package).rpartition(' ')[2]}"
        for suffix, settings, allowed, note in READ:
            file = folder / f"own{suffix}"
            save(scene, file, **settings, **({"axes": axes} if suffix == ".spz" else {}))
            tools.transform(file, folder / "back.ply", package)
            error = difference(load(folder / "back.ply"), _with_sh(load(file)))
            label = f"{suffix} version {settings['version']}" if settings else suffix
            yield Check(label, "gaussrep", name, "gaussrep's own reader", error, allowed, note)
        save(scene, folder / "own.ply")
        for suffix, allowed, note in WRITTEN:
            yield _written(folder, suffix, package, axes, tools, Check(
                suffix, name, "gaussrep", "its own reader", 0, allowed, note))  # fmt: skip


def _written(
    folder: Path, suffix: str, package: str, axes: str, tools: Tools, check: Check
) -> Check:
    """Compare a file of splat-transform as read here and as it reads it itself."""
    file, back = folder / f"other{suffix}", folder / "back.ply"
    tools.transform(folder / "own.ply", file, package)
    found = load(file, **({"axes": axes} if suffix == ".spz" else {}))
    if suffix in (".ply", ".glb"):  # it keeps the numbers and their order
        back, against = folder / "own.ply", "what it was given"
    else:
        tools.transform(file, back, package)
        against = check.against
    error = difference(found, load(back))
    label = f".spz version {file.read_bytes()[4]}" if _is_plain_spz(file) else suffix
    return replace(check, file=label, against=against, difference=error)


def _is_plain_spz(file: Path) -> bool:
    return file.read_bytes().startswith(b"NGSP")


def babylon_checks(folder: Path, scene: Gaussians, tools: Tools) -> Iterator[Check]:
    """PLY files as Babylon.js converts them to its own rows, those of `.splat`."""
    save(scene, folder / "own.ply")
    paths = [(folder / name).resolve() for name in ("own.ply", "other.splat")]
    tools.script("convert_ply.mjs", *paths)
    save(scene, folder / "own.splat")
    mine, other = load(folder / "own.splat"), load(folder / "other.splat")
    error = difference(_with_sh(other), _with_sh(mine))
    name, note = tools.name("@babylonjs/core"), "bytes of quaternions differ by a step"
    yield Check(".ply", "gaussrep", name, "gaussrep's own .splat file", error, 0.03, note)


def spz_checks(folder: Path, scene: Gaussians, tools: Tools) -> Iterator[Check]:
    name = tools.name("@adobe/spz")
    for number in (2, 3):
        file = f".spz version {number}"
        save(scene, folder / "own.spz", version=number)
        cloud = json.loads(tools.script("load_spz.mjs", (folder / "own.spz").resolve()))
        error = difference(_from_cloud(cloud), load(folder / "own.spz"))
        yield Check(file, "gaussrep", name, "gaussrep's own reader", error, 1e-4)
        (folder / "cloud.json").write_text(json.dumps(_to_cloud(scene)), encoding="utf-8")
        paths = [(folder / part).resolve() for part in ("cloud.json", "other.spz")]
        tools.script("save_spz.mjs", paths[0], str(number), paths[1])
        error = _differing_bytes(folder / "own.spz", folder / "other.spz")
        total = len(gzip.decompress((folder / "own.spz").read_bytes()))
        note = f"of {total:,}; numbers in the middle between two steps may go to either"
        yield Check(file, name, "gaussrep", "bytes of gaussrep's own file", error, 10, note)


def gltf_checks(folder: Path, scene: Gaussians, tools: Tools) -> Iterator[Check]:
    save(scene, folder / "own.ply")
    tools.transform(folder / "own.ply", folder / "other.glb")
    other = json.loads(tools.script("read_gltf.mjs", (folder / "other.glb").resolve()))
    validator, reader = tools.name("gltf-validator"), tools.name("@gltf-transform/core")
    for suffix in (".glb", ".gltf"):
        save(scene, folder / f"own{suffix}")
        found = json.loads(tools.script("read_gltf.mjs", (folder / f"own{suffix}").resolve()))
        error = difference(
            convert_axes(_from_attributes(found["attributes"]), LEFT_UP_FORWARD), scene
        )
        yield Check(suffix, "gaussrep", reader, "what was saved", error, 1e-5)
        strange = set(found["issues"]) - UNKNOWN_TO_THE_VALIDATOR
        note = "it does not know the extension yet, nor in splat-transform's file: "
        note += ", ".join(sorted(set(found["issues"]) & set(other["issues"])))
        yield Check(suffix, "gaussrep", validator, "other issues", len(strange), 0, note)


def _differing_bytes(first: Path, second: Path) -> int:
    """Compare the bytes ahead of the record of axes, which gaussrep writes; its flag differs."""
    contents = [
        np.frombuffer(gzip.decompress(path.read_bytes()), np.uint8) for path in (first, second)
    ]
    size = min(map(len, contents))
    return int((contents[0][:size] != contents[1][:size]).sum())


def _with_sh(scene: Gaussians) -> Gaussians:
    return scene if scene.sh is not None else scene.replace(colors=None, sh=_dc(scene))


def _dc(scene: Gaussians) -> torch.Tensor:
    return encode(scene)[:, None, 6:9]


def _from_cloud(cloud: Mapping[str, list[float]]) -> Gaussians:
    tensors = {name: torch.tensor(cloud[name]) for name in SPZ_NAMES}
    dc, rest = tensors["colors"].view(-1, 1, 3), tensors["sh"].view(COUNT, -1, 3)
    return Gaussians(
        means=tensors["positions"].view(-1, 3),
        quats=tensors["rotations"].view(-1, 4)[:, [3, 0, 1, 2]],
        scales=tensors["scales"].view(-1, 3).exp(),
        opacities=tensors["alphas"].sigmoid(),
        sh=torch.cat([dc, rest], dim=1),
    )


def _to_cloud(scene: Gaussians) -> dict[str, Any]:
    assert scene.sh is not None
    tensors = {
        "positions": scene.means,
        "scales": scene.scales.log(),
        "rotations": scene.quats[:, [1, 2, 3, 0]],
        "alphas": scene.opacities.logit(),
        "colors": scene.sh[:, 0],
        "sh": scene.sh[:, 1:],
    }
    numbers = {name: tensor.flatten().tolist() for name, tensor in tensors.items()}
    return {"numPoints": COUNT, "shDegree": 3, **numbers}


def _from_attributes(attributes: Mapping[str, list[float]]) -> Gaussians:
    prefix = "KHR_gaussian_splatting:"
    sh = [
        torch.tensor(attributes[f"{prefix}SH_DEGREE_{level}_COEF_{place}"]).view(-1, 3)
        for level in range(4)
        for place in range(2 * level + 1)
    ]
    return Gaussians(
        means=torch.tensor(attributes["POSITION"]).view(-1, 3),
        quats=torch.tensor(attributes[f"{prefix}ROTATION"]).view(-1, 4)[:, [3, 0, 1, 2]],
        scales=torch.tensor(attributes[f"{prefix}SCALE"]).view(-1, 3),
        opacities=torch.tensor(attributes[f"{prefix}OPACITY"]),
        sh=torch.stack(sh, dim=1),
    )


def run(modules: Path, out: Path) -> bool:
    scene, tools = make_scene(), Tools(modules)
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        checks = [
            *ply_checks(folder, scene),
            *splat_transform_checks(folder, scene, tools),
            *spz_checks(folder, scene, tools),
            *babylon_checks(folder, scene, tools),
            *gltf_checks(folder, scene, tools),
        ]
    for check in checks:
        print(check)
    origin = describe_origin(["python", "benchmarks/format_readers.py", "FOLDER"])
    rows = [{**asdict(check), "agrees": check.difference <= check.allowed} for check in checks]
    write_json({**origin, "gaussians": COUNT, "sh_degree": 3, "checks": rows}, out)
    return all(row["agrees"] for row in rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Compare with public readers and writers.")
    parser.add_argument("modules", type=Path, help="what `npm install --prefix` was given")
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args()
    try:
        agrees = run(given.modules, given.out)
    except (GaussrepError, ImportError, OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"error: {error}")
    sys.exit(0 if agrees else "error: a reader disagrees")
