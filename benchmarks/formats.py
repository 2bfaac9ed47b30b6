"""Measure how large the files of every format are and what they lose.

GAUSSREP_DATA=FOLDER python benchmarks/formats.py [--out FILE]

The garden of the folder is needed; see harness/scenes.py.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import Tensor

from gaussrep import sh
from gaussrep.errors import GaussrepError
from gaussrep.fitting.losses import compute_image_metrics
from gaussrep.formats.by_suffix import load, save
from gaussrep.formats.checked_files import sh_coefficients
from gaussrep.gaussians import Gaussians
from gaussrep.rendering import render
from gaussrep.runtime.atomic_files import write_json
from harness.report import describe_origin
from harness.scenes import Scene, make_scene
from harness.workloads import WORKLOADS, Workload

OUT = Path(__file__).parent / "results" / "formats.json"
SYNTHETIC = Workload("synthetic", 1, 3, 20_000, 400, 300, sigma=3.0)
HIGHER_SH = 0.15
FILES: list[tuple[str, dict[str, Any]]] = [
    (".ply", {}),
    (".glb", {}),
    (".gltf", {}),
    (".splat", {}),
    (".spz", {}),
    (".spz", {"version": 2}),
    (".spz", {"version": 4}),
    (".compressed.ply", {}),
    (".sog", {}),
    (".usda", {}),
]
SORTED = (".compressed.ply", ".sog")
"""Files whose Gaussians are in another order, so that they are compared by renders only."""
DEFINITIONS = {
    "garden": "138,766 points of a real garden with plain colors, standard deviations even in 0 "
    "to 0.02, random orientations, opacities even in 0 to 1; three views",
    "synthetic": "20,000 Gaussians as in the benchmark of renderers, with SH of degree 3: normal, "
    f"{HIGHER_SH} above degree 0; three views",
    "means": "largest difference of a coordinate, in scene units",
    "scales": "largest ratio of standard deviations, less 1",
    "degrees": "largest angle between orientations",
    "opacities": "largest difference",
    "color": "largest difference of what SH of degree 0 shows, in [0, 1]",
    "sh": "largest difference of a coefficient above degree 0; its own size if it is dropped",
    "psnr": "renders of the loaded file against those of the saved scene, in dB, over all views",
}


def scenes() -> Iterator[tuple[str, Scene]]:
    yield "garden", make_scene(WORKLOADS["garden"])
    scene = make_scene(SYNTHETIC)
    colors = scene.gaussians.colors
    assert colors is not None
    generator = torch.Generator().manual_seed(1)
    higher = HIGHER_SH * torch.randn(1, SYNTHETIC.count, 15, 3, generator=generator)
    harmonics = torch.cat([sh.from_rgb(colors), higher], dim=2)
    yield "synthetic", replace(scene, gaussians=scene.gaussians.replace(colors=None, sh=harmonics))


def draw(scene: Scene, gaussians: Gaussians) -> Tensor:
    batched = Gaussians(**{name: tensor[None] for name, tensor in gaussians.tensors()})
    out = render(batched, scene.cameras, renderer="cpu", background=scene.background)
    return out.color[0].clamp(0, 1)


def losses(before: Gaussians, after: Gaussians) -> dict[str, float]:
    unit = [torch.nn.functional.normalize(each.quats.double(), dim=-1) for each in (before, after)]
    degrees = 2 * (unit[0] * unit[1]).sum(-1).abs().clamp(max=1).acos().rad2deg()
    harmonics, kept = sh_coefficients(before), sh_coefficients(after)
    dropped = torch.zeros_like(harmonics)
    dropped[:, : kept.shape[1]] = kept
    rest = (dropped - harmonics)[:, 1:].abs()
    return {
        "means": (after.means - before.means).abs().max().item(),
        "scales": (after.scales.log() - before.scales.log()).abs().max().expm1().item(),
        "degrees": degrees.max().item(),
        "opacities": (after.opacities - before.opacities).abs().max().item(),
        "color": sh.C0 * (kept[:, 0] - harmonics[:, 0]).abs().max().item(),
        "sh": rest.max().item() if rest.numel() else 0.0,
    }


def rounded(values: dict[str, float]) -> dict[str, float]:
    return {key: float(f"{value:.3g}") for key, value in values.items()}


def measure(name: str, scene: Scene, folder: Path) -> Iterator[dict[str, Any]]:
    before = Gaussians(**{key: tensor[0] for key, tensor in scene.gaussians.tensors()})
    truth = draw(scene, before)
    for suffix, settings in FILES:
        path = folder / f"scene{suffix}"
        save(before, path, **settings)
        after, size = load(path), path.stat().st_size
        yield {
            "scene": name,
            "gaussians": before.count,
            "sh_degree": before.sh_degree,
            "suffix": suffix,
            "settings": settings,
            "bytes": size,
            "bytes_per_gaussian": round(size / before.count, 2),
            **({} if suffix in SORTED else rounded(losses(before, after))),
            "psnr": round(compute_image_metrics(draw(scene, after), truth).psnr, 1),
        }


def run(out: Path) -> None:
    results: list[dict[str, Any]] = []
    with TemporaryDirectory() as folder:
        for name, scene in scenes():
            for row in measure(name, scene, Path(folder)):
                print(row, flush=True)
                results.append(row)
    origin = describe_origin(["python", "benchmarks/formats.py"])
    write_json({**origin, "definitions": DEFINITIONS, "results": results}, out)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Measure files of Gaussians.")
    parser.add_argument("--out", type=Path, default=OUT)
    try:
        run(parser.parse_args().out)
    except (GaussrepError, OSError) as error:
        sys.exit(f"error: {error}")
