"""Check that other programs read files written by gaussrep, and that gaussrep reads their files.

npm install --prefix FOLDER @playcanvas/splat-transform@3.7.0 gltf-validator@2.0.0-dev.3.10 \
    @gltf-transform/core@4.5.1
python benchmarks/format_readers.py FOLDER [--out FILE]

Needs node and, in this Python, plyfile, which is GPL: nothing of gaussrep uses it.
"""

import argparse
import gzip
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch

from gaussrep.atomic_files import write_json
from gaussrep.errors import GaussrepError
from gaussrep.formats.axes import LEFT_UP_FORWARD, RIGHT_UP_BACK, convert_axes
from gaussrep.formats.by_suffix import load, save
from gaussrep.formats.ply_layout import column_names, encode
from gaussrep.gaussians import Gaussians
from harness.report import describe_origin

OUT = Path(__file__).parent / "results" / "format-readers.json"
SCRIPTS = Path(__file__).parent / "readers"
COUNT = 1000
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

    def transform(self, source: Path, target: Path) -> None:
        """Convert by splat-transform."""
        program = self.modules / "node_modules" / ".bin" / "splat-transform"
        command = [str(program), "-w", "-q", str(source.resolve()), str(target.resolve())]
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


def splat_transform_checks(folder: Path, scene: Gaussians, tools: Tools) -> Iterator[Check]:
    name = tools.name("@playcanvas/splat-transform")
    reference = "gaussrep's own reader"
    for suffix in (".ply", ".splat"):
        save(scene, folder / f"own{suffix}")
        tools.transform(folder / f"own{suffix}", folder / "back.ply")
        error = difference(load(folder / "back.ply"), _with_sh(load(folder / f"own{suffix}")))
        note = "it takes 127.5 for a zero in a quaternion, the viewer 128"
        allowed, note = (1e-5, "") if suffix == ".ply" else (0.02, note)
        yield Check(suffix, "gaussrep", name, reference, error, allowed, note)
    note = "it leaves the file's frame as it is; converted by gaussrep"
    for number in (2, 3):
        save(scene, folder / "own.spz", version=number)
        tools.transform(folder / "own.spz", folder / "back.ply")
        error = difference(
            convert_axes(load(folder / "back.ply"), RIGHT_UP_BACK), load(folder / "own.spz")
        )
        yield Check(f".spz version {number}", "gaussrep", name, reference, error, 1e-4, note)
    tools.transform(folder / "own.ply", folder / "other.compressed.ply")
    tools.transform(folder / "other.compressed.ply", folder / "back.ply")
    error = difference(load(folder / "other.compressed.ply"), load(folder / "back.ply"))
    yield Check(".compressed.ply", name, "gaussrep", "its own reading", error, 1e-4)
    tools.transform(folder / "own.ply", folder / "other.glb")
    error = difference(load(folder / "other.glb"), scene)
    yield Check(".glb", name, "gaussrep", "what it was given", error, 1e-5)


def spz_checks(folder: Path, scene: Gaussians, tools: Tools) -> Iterator[Check]:
    name = tools.name("@adobe/spz")
    for number in (2, 3):
        file = f".spz version {number}"
        save(scene, folder / "own.spz", version=number)
        cloud = json.loads(tools.script("load_spz.mjs", (folder / "own.spz").resolve()))
        error = difference(_from_cloud(cloud), load(folder / "own.spz"))
        yield Check(file, "gaussrep", name, "our own reading", error, 1e-4)
        (folder / "cloud.json").write_text(json.dumps(_to_cloud(scene)), encoding="utf-8")
        paths = [(folder / part).resolve() for part in ("cloud.json", "other.spz")]
        tools.script("save_spz.mjs", paths[0], str(number), paths[1])
        error = _differing_bytes(folder / "own.spz", folder / "other.spz")
        total = len(gzip.decompress((folder / "own.spz").read_bytes()))
        note = f"of {total:,}; numbers in the middle between two steps may go to either"
        yield Check(file, name, "gaussrep", "bytes of our own file", error, 10, note)


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
    contents = [
        np.frombuffer(gzip.decompress(path.read_bytes()), np.uint8) for path in (first, second)
    ]
    return int((contents[0] != contents[1]).sum())


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
