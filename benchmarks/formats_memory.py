"""Measure the peak memory of loading and saving files of a million Gaussians in every format.

python benchmarks/formats_memory.py [--count N] [--out FILE]

Linux only. Every file is loaded, and written, in a process of its own, after a small one of the
same format. SPZ 4 needs zstandard.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from formats_speed import make_scene
from gaussrep.errors import GaussrepError
from gaussrep.formats.by_suffix import save
from gaussrep.runtime.atomic_files import write_json
from harness.report import describe_origin

OUT = Path(__file__).parent / "results" / "formats-memory.json"
MIB = 2**20
SMALL = 2000
FILES: dict[str, dict[str, Any]] = {
    ".ply": {},
    ".compressed.ply": {},
    ".splat": {},
    ".spz": {},
    ".spz version=4": {"version": 4},
    ".glb": {},
    ".gltf": {},
    ".sog": {},
    ".usda": {},
    ".usdc": {},
}
"""Suffixes, and settings for writing."""
MEASURED = """
import gc, json, sys
from pathlib import Path
from formats_speed import make_scene
from gaussrep.formats.by_suffix import load, save
source, settings, count, degree, mode = Path(sys.argv[1]), *map(json.loads, sys.argv[2:])
target, small = (source.with_name(start + source.name) for start in ("written_", "small_"))
reading = {"axes": "spz"} if source.suffix == ".spz" else {}
scene = load(small, **reading)
save(scene, target, **settings)
scene = make_scene(count, degree) if mode == "save" else None
gc.collect()
def peak():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))
with open("/proc/self/clear_refs", "w") as file:
    file.write("5")  # the peak begins with what is resident now
before = peak()
if scene is None:
    scene = load(source, **reading)
else:
    save(scene, target, **settings)
print(peak() - before)
"""
DEFINITIONS = {
    "scene_mib": "memory of the decoded scene",
    "load_mib": "growth of the peak of resident memory while a file is loaded, less the scene",
    "save_mib": "the same while the scene, which is in memory before, is saved",
}


def measure(source: Path, settings: dict[str, Any], count: int, degree: int, mode: str) -> float:
    """Return the growth of the peak in MiB."""
    facts = map(json.dumps, (settings, count, degree, mode))
    command = [sys.executable, "-c", MEASURED, str(source), *facts]
    paths = [str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    ran = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=env)
    return int(ran.stdout.strip().rpartition("\n")[2]) * 1024 / MIB


def measure_all(count: int, folder: Path) -> Iterator[dict[str, Any]]:
    for degree in (0, 3):
        scene_mib = 4 * (11 + 3 * (degree + 1) ** 2) * count / MIB
        for name, settings in FILES.items():
            source = folder / f"scene{name.partition(' ')[0]}"
            for size, path in ((count, source), (SMALL, source.with_name("small_" + source.name))):
                save(make_scene(size, degree), path, **settings)
            load = measure(source, settings, count, degree, "load") - scene_mib
            row = {"file": name, "gaussians": count, "sh_degree": degree}
            row |= {"scene_mib": round(scene_mib, 1), "load_mib": round(max(0, load), 1)}
            row["save_mib"] = round(measure(source, settings, count, degree, "save"), 1)
            yield row
            for path in folder.iterdir():
                path.unlink()


def run(count: int, out: Path) -> None:
    results = []
    with TemporaryDirectory() as folder:
        for row in measure_all(count, Path(folder)):
            print(row, flush=True)
            results.append(row)
    origin = describe_origin(["python", "benchmarks/formats_memory.py"])
    write_json({**origin, "definitions": DEFINITIONS, "results": results}, out)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Measure the memory of reading and writing files.")
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args()
    try:
        run(given.count, given.out)
    except (GaussrepError, OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"error: {error}")
