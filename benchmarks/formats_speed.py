"""Measure how long gaussrep and gsply take to load and save PLY files, and their peak memory.

python benchmarks/formats_speed.py PYTHON [--count N] [--repeats R] [--out FILE]

PYTHON is an interpreter with gsply 0.4.6, on Linux. Every program runs in a process of its own, in
which one file is loaded and saved several times; the programs take turns.
"""

import argparse
import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from gaussrep.atomic_files import write_json
from gaussrep.errors import GaussrepError
from gaussrep.formats.by_suffix import save
from gaussrep.gaussians import Gaussians
from harness.report import describe_origin

OUT = Path(__file__).parent / "results" / "formats-speed.json"
MIB = 2**20
TIMED = """
import json, sys, time
source, target, repeats = sys.argv[1], sys.argv[2], int(sys.argv[3])
{setup}
load_small()
def peak():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))
with open("/proc/self/clear_refs", "w") as file:
    file.write("5")  # the peak begins with what is resident now
before = peak()
seconds = {{"load": [], "save": []}}
for _ in range(repeats):
    for name, work in (("load", lambda: load(source)), ("save", lambda: save(scene, target))):
        start = time.process_time()
        made = work()
        seconds[name].append(time.process_time() - start)
        if name == "load":
            scene = made
        del made
after = peak()
print(json.dumps({{"seconds": seconds, "kib": after - before}}))
"""
SETUPS = {
    "gaussrep": """
import gaussrep as gr
load, save = gr.load, gr.save
def load_small():
    save(load(source)[:10], target)
    load(target)
""",
    "gsply": """
import gsply
load, save = gsply.plyread, lambda scene, path: gsply.plywrite(path, scene)
def load_small():
    pass
""",
}
DEFINITIONS = {
    "load": "seconds of processor time, all threads, of the fastest of the repeats",
    "save": "the same",
    "peak_mib": "growth of the peak of resident memory; one scene is in memory while the next is "
    "loaded",
    "scene_mib": "memory of one decoded scene",
    "gsply": "its values stay logits and logarithms, which it writes as it read them; those of "
    "gaussrep are decoded and checked",
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


def measure(python: str, program: str, source: Path, repeats: int) -> dict[str, float]:
    script = TIMED.format(setup=SETUPS[program])
    target = source.with_name("written.ply")
    command = [python, "-c", script, str(source), str(target), str(repeats)]
    ran = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found = json.loads(ran.stdout.strip().rpartition("\n")[2])
    least = {name: round(min(values), 4) for name, values in found["seconds"].items()}
    return least | {"peak_mib": round(found["kib"] * 1024 / MIB, 1)}


def run(python: str, count: int, repeats: int, out: Path) -> None:
    results: list[dict[str, Any]] = []
    with TemporaryDirectory() as folder:
        source = Path(folder) / "scene.ply"
        for degree in (0, 3):
            save(make_scene(count, degree), source)
            for program, path in (("gaussrep", sys.executable), ("gsply", python)):
                row = measure(path, program, source, repeats)
                numbers = 11 + 3 * (degree + 1) ** 2
                size = {"program": program, "gaussians": count, "sh_degree": degree}
                size["scene_mib"] = round(4 * numbers * count / MIB, 1)
                results.append(size | {"file_mib": round(source.stat().st_size / MIB, 1)} | row)
                print(results[-1], flush=True)
    origin = describe_origin(["python", "benchmarks/formats_speed.py"])
    load = [round(value, 2) for value in os.getloadavg()]
    facts = {
        "definitions": DEFINITIONS,
        "load_average": load,
        "torch": version("torch"),
        "gsply": "0.4.6",
    }
    write_json({**origin, **facts, "results": results}, out)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Time PLY files.")
    parser.add_argument("python", help="interpreter with gsply 0.4.6")
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args()
    try:
        run(given.python, given.count, given.repeats, given.out)
    except (GaussrepError, OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"error: {error}")
