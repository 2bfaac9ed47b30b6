"""Measure how long programs take to load and save files of Gaussians, and their peak memory.

python benchmarks/formats_speed.py PYTHON [--before FOLDER] [--counts N...] [--repeats R]
                                   [--out FILE]

PYTHON is an interpreter with gsply[spz] 0.4.6, plyfile and gaussforge 0.6.0, on Linux. FOLDER is an
older checkout, which is compared at the smallest count. Every program runs in a process of its own,
in which one file is loaded and saved several times; the programs take turns on the same file.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import torch

from gaussrep.errors import GaussrepError
from gaussrep.formats.by_suffix import save
from gaussrep.gaussians import Gaussians
from gaussrep.runtime.atomic_files import write_json
from harness.report import describe_origin
from same_numbers import commit

OUT = Path(__file__).parent / "results" / "formats-speed.json"
MIB = 2**20
TIMED = """
import json, sys, time
source, target, repeats = sys.argv[1], sys.argv[2], int(sys.argv[3])
{setup}
def peak():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))
with open("/proc/self/clear_refs", "w") as file:
    file.write("5")  # the peak begins with what is resident now
before = peak()
seconds = {{"load": [], "save": []}}
for _ in range(repeats):
    for name, work in (("load", lambda: load(source)), ("save", lambda: save(scene, target))):
        start, began = time.process_time(), time.perf_counter()
        made = work()
        seconds[name].append((time.process_time() - start, time.perf_counter() - began))
        if name == "load":
            scene = made
        del made
after = peak()
print(json.dumps({{"seconds": seconds, "kib": after - before}}))
"""
GSPLY_SPZ = """
import gsply
load, save = gsply.read_spz, lambda scene, path: gsply.write_spz(path, scene)
"""
GAUSSFORGE = """
import gaussforge
forge, kind = gaussforge.GaussForge(), source.rpartition(".")[2]
def checked(result):
    if "error" in result:
        raise RuntimeError(result["error"])
    return result["data"]
def load(path):
    with open(path, "rb") as file:
        return checked(forge.read(file.read(), kind))
def save(scene, path):
    with open(path, "wb") as file:
        file.write(checked(forge.write(scene, kind)))
"""
GAUSSREP = """
import gaussrep as gr
load, save = gr.load, gr.save
save(load(source)[:10], target)
load(target)
"""
GAUSSREP_SPZ = """
import gaussrep as gr
load = lambda path: gr.load(path, axes="spz")
save = lambda scene, path: gr.save(scene, path, version=VERSION)
save(load(source)[:10], target)
load(target)
"""
SETUPS = {
    "gaussrep": GAUSSREP,
    "gsply": """
import gsply
load, save = gsply.plyread, lambda scene, path: gsply.plywrite(path, scene)
""",
    "gsply, of arrays": """
import gsply, numpy
def load(path):
    found = gsply.plyread(path)
    names = ("means", "scales", "quats", "opacities", "sh0", "shN")
    return [numpy.array(getattr(found, name)) for name in names]
def save(scene, path):
    gsply.plywrite(path, *scene)
""",
    "plyfile": """
import plyfile, numpy
def load(path):
    found = plyfile.PlyData.read(path)
    found["vertex"].data = numpy.array(found["vertex"].data)
    return found
def save(scene, path):
    scene.write(path)
""",
    "gaussforge": GAUSSFORGE,
}
BEFORE = "gaussrep, before"
SPZ, SPZ_4 = ".spz 3", ".spz 4"
PROGRAMS = {
    ".ply": {**SETUPS, BEFORE: GAUSSREP},
    SPZ: {
        "gaussrep": GAUSSREP_SPZ.replace("VERSION", "3"),
        BEFORE: GAUSSREP,
        "gsply": GSPLY_SPZ,
        "gaussforge": GAUSSFORGE,
    },
    SPZ_4: {"gaussrep": GAUSSREP_SPZ.replace("VERSION", "4")},
    ".sog": {"gaussrep": GAUSSREP},
}
"""Programs by the suffix of a file and the version of its format."""
SETTINGS = {SPZ: {"version": 3}, SPZ_4: {"version": 4}}
SLOW = (SPZ, SPZ_4, ".sog")
"""Files of the smallest count only, once, because some programs take minutes."""
SLOW_REPEATS = 1
DEFINITIONS = {
    "load": "median seconds of the repeats: processor time of all threads, and elapsed",
    "save": "the same",
    "peak_mib": "growth of the peak of resident memory; one scene is in memory while the next is "
    "loaded",
    "scene_mib": "memory of one decoded scene",
    "gsply": "its values stay logits and logarithms; it writes the bytes that it has read, as one "
    "block",
    "gsply, of arrays": "the same values in arrays of their own, as after any change; loading "
    "includes the copies",
    "plyfile": "columns as they are in the file, copied into memory",
    "gaussrep": "values are decoded and checked",
    BEFORE: "the same by an older checkout, whose commit is `before`",
}


def make_scene(count: int, degree: int) -> Gaussians:
    generator = torch.Generator().manual_seed(0)

    def random(*shape: int) -> torch.Tensor:
        return torch.rand(count, *shape, generator=generator)

    return Gaussians(
        means=4 * random(3) - 2,
        quats=torch.randn(count, 4, generator=generator),
        scales=0.01 + 0.1 * random(3),
        opacities=random(),
        sh=random((degree + 1) ** 2, 3) - 0.5,
    )


def measure(
    python: str, setup: str, source: Path, repeats: int, checkout: Path | None
) -> dict[str, Any]:
    """Time a program; of gaussrep, that of a checkout."""
    target = source.with_name(f"written{source.suffix}")
    command = [python, "-c", TIMED.format(setup=setup), str(source), str(target), str(repeats)]
    env = os.environ | ({"PYTHONPATH": str(checkout)} if checkout else {})
    ran = subprocess.run(
        command, check=False, capture_output=True, text=True, cwd=checkout, env=env
    )
    if ran.returncode:
        return {"failed": ran.stderr.strip().rpartition("\n")[2]}
    found = json.loads(ran.stdout.strip().rpartition("\n")[2])
    row: dict[str, Any] = {}
    for name, times in found["seconds"].items():
        row[f"{name}_cpu"], row[f"{name}_wall"] = (
            round(median(values), 4) for values in zip(*times, strict=True)
        )
    row["written_mib"] = round(target.stat().st_size / MIB, 1)
    target.unlink()
    return row | {"peak_mib": round(found["kib"] * 1024 / MIB, 1)}


def measure_all(
    python: str, before: Path | None, counts: list[int], repeats: int, folder: Path
) -> Iterator[dict[str, Any]]:
    few = min(SLOW_REPEATS, repeats)
    for count in counts:
        for degree in (0, 3):
            scene = make_scene(count, degree)
            for kind, programs in PROGRAMS.items():
                if kind in SLOW and count > min(counts):
                    continue
                source = folder / f"scene{kind.split()[0]}"
                save(scene, source, **SETTINGS.get(kind, {}))
                facts = {"suffix": kind, "gaussians": count, "sh_degree": degree}
                facts["scene_mib"] = round(4 * (11 + 3 * (degree + 1) ** 2) * count / MIB, 1)
                for program, setup in programs.items():
                    if program == BEFORE and (before is None or count > min(counts)):
                        continue
                    path = sys.executable if "gaussrep" in program else python
                    times = few if kind in SLOW else repeats
                    checkout = before if program == BEFORE else None
                    row = measure(path, setup, source, times, checkout)
                    yield {"program": program, **facts, **row, "load_average": _load()}
                source.unlink()


def _load() -> float:
    return round(os.getloadavg()[0], 1)


def run(python: str, before: Path | None, counts: list[int], repeats: int, out: Path) -> None:
    results = []
    with TemporaryDirectory() as folder:
        for row in measure_all(python, before, counts, repeats, Path(folder)):
            print(row, flush=True)
            results.append(row)
    origin = describe_origin(["python", "benchmarks/formats_speed.py"])
    code = "from importlib.metadata import version as v; print(*map(v, ['{}']))"
    others = {
        name: subprocess.run(
            [python, "-c", code.format(name)], check=True, stdout=subprocess.PIPE, text=True
        ).stdout.strip()
        for name in ("gsply", "plyfile", "gaussforge")
    }
    facts = {"definitions": DEFINITIONS, "repeats": repeats, "torch": version("torch"), **others}
    if before is not None:
        facts["before"] = commit(before)
    write_json({**origin, **facts, "results": results}, out)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Time files of Gaussians.")
    parser.add_argument("python", help="interpreter with gsply, plyfile and gaussforge")
    parser.add_argument("--before", type=Path, help="folder of an older checkout")
    parser.add_argument("--counts", type=int, nargs="+", default=[1_000_000, 4_000_000])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args()
    try:
        run(given.python, given.before, given.counts, given.repeats, given.out)
    except (GaussrepError, OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"error: {error}")
