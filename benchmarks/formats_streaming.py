"""Measure conversions of ten million Gaussians with a limit on the address space.

python benchmarks/formats_streaming.py [--count N] [--mib MIB] [--out FILE]

Linux only. Every conversion runs in a process of its own, which may take MIB more than it has when
its imports and a small conversion are done; the decoded scene is many times as large.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from formats_speed import make_scene
from gaussrep.errors import GaussrepError
from gaussrep.formats.by_suffix import save
from gaussrep.runtime.atomic_files import write_json
from harness.processor import require_resource
from harness.report import describe_origin

OUT = Path(__file__).parent / "results" / "formats-streaming.json"
MIB = 2**20
PART = 100_000
DEGREE = 3
CONVERSIONS = (
    (".ply", ".ply"), (".ply", ".splat"), (".ply", ".spz"), (".spz", ".ply"),
    (".ply", ".glb"), (".glb", ".ply"),
)  # fmt: skip
"""Suffixes of source and target; a source other than PLY is the last target."""
LIMITED = """
import json, resource, sys, time
from pathlib import Path
from gaussrep.formats.converting import convert_file
source, small, target = map(Path, sys.argv[1:4])
mib = int(sys.argv[4])
convert_file(small, target, {}, {})
with open("/proc/self/clear_refs", "w") as file:
    file.write("5")
def status(name):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith(name))
before = status("VmHWM")
limit = status("VmSize") + mib * 2**20
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
start, began = time.process_time(), time.perf_counter()
count = convert_file(source, target, {}, {})
times = {"cpu": time.process_time() - start, "wall": time.perf_counter() - began}
print(json.dumps({"gaussians": count, **times, "peak": status("VmHWM") - before}))
"""
DEFINITIONS = {
    "cpu": "seconds of processor time",
    "wall": "elapsed seconds",
    "peak_mib": "growth of resident memory",
    "limit_mib": "largest growth of the address space that the process may have",
    "scene_mib": "memory of the decoded scene",
}


def make_large(path: Path, count: int) -> None:
    """Write many copies of one part, one behind another."""
    part, whole = path.with_name("part.ply"), path.with_name("whole.ply")
    save(make_scene(PART, DEGREE), part)
    start = part.read_bytes()
    place = start.index(b"end_header\n") + len(b"end_header\n")
    head = start[:place].replace(str(PART).encode(), str(count).encode())
    with whole.open("wb") as file:
        file.write(head)
        for _ in range(count // PART):
            file.write(start[place:])
    whole.rename(path)


def run(count: int, mib: int, out: Path) -> None:
    results: list[dict[str, Any]] = []
    env = {**os.environ, "MALLOC_ARENA_MAX": "1", "OMP_NUM_THREADS": "1"}
    with TemporaryDirectory() as folder:
        large = Path(folder) / "large.ply"
        make_large(large, count)
        for kind in (".ply", ".spz", ".glb"):
            save(make_scene(PART, DEGREE), Path(folder) / f"small{kind}")
        for kind, suffix in CONVERSIONS:
            source = large if kind == ".ply" else Path(folder) / f"out{kind}"
            small, target = Path(folder) / f"small{kind}", Path(folder) / f"out{suffix}"
            command = [sys.executable, "-c", LIMITED, *map(str, (source, small, target, mib))]
            ran = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=env)
            row = json.loads(ran.stdout)
            peak = round(row.pop("peak") / MIB, 1)
            times = {key: round(row.pop(key), 1) for key in ("cpu", "wall")}
            sizes = {"read_mib": source.stat().st_size, "written_mib": target.stat().st_size}
            sizes = {key: round(size / MIB) for key, size in sizes.items()}
            load = {"load_average": round(os.getloadavg()[0], 1)}
            results.append(
                {
                    "source": kind,
                    "target": suffix,
                    **row,
                    **times,
                    "peak_mib": peak,
                    **sizes,
                    **load,
                }
            )
            print(results[-1], flush=True)
            for used in {target, source} - {large} if kind != ".ply" else ():
                used.unlink()
    scene = round(4 * (11 + 3 * (DEGREE + 1) ** 2) * count / MIB)
    origin = describe_origin(["python", "benchmarks/formats_streaming.py"])
    facts = {"definitions": DEFINITIONS, "sh_degree": DEGREE, "limit_mib": mib, "scene_mib": scene}
    write_json({**origin, **facts, "torch": torch.__version__, "results": results}, out)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Convert what is larger than the memory.")
    parser.add_argument("--count", type=int, default=10_000_000)
    parser.add_argument("--mib", type=int, default=96)
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args()
    require_resource()  # its processes import it
    try:
        run(given.count, given.mib, given.out)
    except (GaussrepError, OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"error: {error}")
