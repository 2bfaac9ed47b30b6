"""Compute renders, files and losses on fixed seeds with whatever gaussrep is on the path.

`same_numbers.py` runs this once per checkout, in an empty folder:

python -P benchmarks/same_numbers_probe.py CHECKOUT OUT.json

The two checkouts may name nearly everything differently, so only what is stable is used here: the
first names of the public API, the command line, a few settings, and the files of a run.
"""

import csv
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.numpy import load_file

import gaussrep as gr
from number_parts import Parts, array_part, bytes_part, folder_parts, table_parts

COUNT, WIDTH, HEIGHT = 400, 48, 40
PATIENCE = 1800
"""Seconds after which a command is given up."""
FIELDS = ("means", "quats", "scales", "opacities", "colors", "sh", "features")
IMAGES = ("color", "alpha", "depth", "features")
RENDERERS = {
    "reference float32": ("reference", torch.float32),
    "reference float64": ("reference", torch.float64),
    "cpu": ("cpu", torch.float32),
}


@dataclass(frozen=True)
class Case:
    """A scene to render: plain colors if `degree` is None, otherwise spherical harmonics."""

    degree: int | None = None
    channels: int = 0
    batch: tuple[int, ...] = ()
    background: bool = False
    orthographic: bool = False


CASES: Mapping[str, Case] = {
    **{f"pinhole, SH {degree}": Case(degree) for degree in range(4)},
    "pinhole, colors, background": Case(background=True),
    "pinhole, features": Case(channels=4, background=True),
    "pinhole, batch": Case(1, channels=2, batch=(2,), background=True),
    "orthographic, SH 2": Case(2, orthographic=True),
    "orthographic, features, batch": Case(channels=3, batch=(2,), orthographic=True),
}
FILES: Mapping[str, tuple[str, int | None, dict[str, int]]] = {
    "ply": ("a.ply", 3, {}),
    "ply, colors": ("b.ply", None, {}),
    "splat": ("c.splat", 0, {}),
    "splat, colors": ("d.splat", None, {}),
    "spz 2": ("e.spz", 3, {"version": 2}),
    "spz 3": ("f.spz", 3, {"version": 3}),
    "spz, SH 1": ("g.spz", 1, {}),
    "glb": ("h.glb", 3, {}),
    "glb, colors": ("i.glb", None, {}),
    "gltf": ("j.gltf", 2, {}),
}


class CommandFailed(Exception):
    """The command line refused or broke; the message is the last line that it printed."""


def tensor_parts(tensors: Mapping[str, torch.Tensor | None]) -> Parts:
    """One part per tensor that is there."""
    there = {label: tensor for label, tensor in tensors.items() if tensor is not None}
    return {label: array_part(tensor.detach().numpy()) for label, tensor in there.items()}


def gaussian_parts(gaussians: gr.Gaussians) -> Parts:
    """One part per tensor of some Gaussians."""
    return tensor_parts({name: getattr(gaussians, name) for name in FIELDS})


def run_parts(folder: Path) -> Parts:
    """The table, the weights and the scene of a run; tensors may have other names elsewhere."""
    parts = table_parts((folder / "metrics.csv").read_text(encoding="utf-8"))
    newest = max(folder.rglob("model.safetensors"), key=lambda path: path.stat().st_mtime_ns)
    parts |= {f"tensor {name}": array_part(array) for name, array in load_file(newest).items()}
    if (scene := folder / "scene.ply").exists():
        loaded = gaussian_parts(gr.load(scene))
        parts |= {f"scene {name}": part for name, part in loaded.items()}
    return parts


def random_numbers(seed: int, dtype: torch.dtype) -> Callable[..., torch.Tensor]:
    """Normally distributed numbers, the same in every format."""
    generator = torch.Generator().manual_seed(seed)
    return lambda *shape: torch.randn(*shape, generator=generator, dtype=torch.float64).to(dtype)


def scene_tensors(case: Case, dtype: torch.dtype, seed: int = 0) -> dict[str, torch.Tensor]:
    """Random Gaussians about the origin; every seventeenth has no opacity."""
    draw = random_numbers(seed, dtype)
    lead = (*case.batch, COUNT)
    tensors = {
        "means": 0.8 * draw(*lead, 3),
        "quats": draw(*lead, 4),
        "scales": 0.06 * (0.5 * draw(*lead, 3)).exp(),
        "opacities": (1.5 * draw(*lead)).sigmoid(),
    }
    tensors["opacities"][..., ::17] = 0
    if case.degree is None:
        tensors["colors"] = draw(*lead, 3).sigmoid()
    else:
        tensors["sh"] = 0.4 * draw(*lead, (case.degree + 1) ** 2, 3)
    if case.channels:
        tensors["features"] = draw(*lead, case.channels)
    return tensors


def make_scene(degree: int | None) -> gr.Gaussians:
    """One scene in float32."""
    return gr.Gaussians(**scene_tensors(Case(degree), torch.float32))


def make_cameras(case: Case, dtype: torch.dtype) -> gr.Cameras:
    """Two views; the second camera is inside the scene, with Gaussians behind it."""
    eyes = torch.tensor([[0.3, -0.5, -3.5], [0.6, 0.2, -0.7]], dtype=dtype)
    target = torch.tensor([0.1, 0.0, 0.2], dtype=dtype).expand(*case.batch, 3)
    up = torch.tensor([0.0, -1.0, 0.0], dtype=dtype)
    eyes = eyes.expand(*case.batch, 2, 3)
    seen = gr.Cameras.look_at(eyes, target, up, width=WIDTH, height=HEIGHT)
    viewmats = seen.viewmats.detach().clone().requires_grad_()
    if not case.orthographic:
        return gr.Cameras(viewmats, seen.Ks, WIDTH, HEIGHT)
    K = torch.tensor([[12.0, 0, WIDTH / 2], [0, 11, HEIGHT / 2], [0, 0, 1]], dtype=dtype)
    return orthographic(viewmats, K.expand(*case.batch, 2, 3, 3))


def orthographic(viewmats: torch.Tensor, Ks: torch.Tensor) -> gr.Cameras:
    """Cameras of the orthographic model, whichever of two names it has."""
    try:
        return gr.Cameras(viewmats, Ks, WIDTH, HEIGHT, "ortho")
    except Exception:
        return gr.Cameras(viewmats, Ks, WIDTH, HEIGHT, "orthographic")


def render_parts(case: Case, renderer: str, dtype: torch.dtype) -> Parts:
    """Pictures, and gradients of their sum under random weights."""
    tensors = {name: t.requires_grad_() for name, t in scene_tensors(case, dtype).items()}
    cameras = make_cameras(case, dtype)
    draw = random_numbers(1, dtype)
    background = draw(*case.batch, 2, 3).sigmoid().requires_grad_() if case.background else None
    drawn = gr.render(gr.Gaussians(**tensors), cameras, renderer, background)
    there = [(name, getattr(drawn, name)) for name in IMAGES]
    images = {name: image for name, image in there if image is not None}
    sum((image * draw(*image.shape)).sum() for image in images.values()).backward()
    leaves = {**tensors, "viewmats": cameras.viewmats, "background": background}
    gradients = {f"d {name}": leaf.grad for name, leaf in leaves.items() if leaf is not None}
    return tensor_parts({**images, **gradients})


def file_parts(name: str, degree: int | None, settings: Mapping[str, int]) -> Parts:
    """Bytes of a written file, without gaussrep's version, and what is read from it."""
    path = Path("files") / name
    path.parent.mkdir(exist_ok=True)
    gr.save(make_scene(degree), path, **settings)
    content = path.read_bytes().replace(gr.__version__.encode(), b"VERSION")
    return {"bytes": bytes_part(content), **gaussian_parts(gr.load(path))}


def compressed_parts() -> Parts:
    """What is read from a compressed PLY file of random bits."""
    count, rng = 300, np.random.default_rng(0)
    bounds = ("x", "y", "z", "scale_x", "scale_y", "scale_z", "r", "g", "b")
    words = ("packed_position", "packed_rotation", "packed_scale", "packed_color")
    lines = ["ply", "format binary_little_endian 1.0", "element chunk 2"]
    lines += [f"property float {end}_{name}" for name in bounds for end in ("min", "max")]
    lines += [f"element vertex {count}", *(f"property uint {word}" for word in words)]
    lines += [f"element sh {count}", *(f"property uchar f_rest_{k}" for k in range(9))]
    ends = np.tile(np.float32([[-1.0, 1.5], [-4.0, -2.0], [0.0, 1.0]]).repeat(3, 0).ravel(), 2)
    content = ends.astype("<f4").tobytes() + rng.bytes(16 * count) + rng.bytes(9 * count)
    path = Path("files") / "random.compressed.ply"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes("\n".join([*lines, "end_header\n"]).encode() + content)
    return gaussian_parts(gr.load(path))


def cuboid_parts() -> Parts:
    """Points, Gaussians and cameras in the unit cube and back."""
    colored, shaded = make_scene(None), make_scene(3)
    box = gr.Cuboid.fit(shaded.means)
    stretched = gr.Cuboid.fit(colored.means, mode="per-axis").normalize(colored)
    cameras = box.normalize(make_cameras(Case(), torch.float32))
    placed = box.normalize(shaded)
    parts = tensor_parts({"center": box.center, "size": box.size, "viewmats": cameras.viewmats})
    scenes = {"normalized": placed, "back": box.denormalize(placed), "stretched": stretched}
    for title, scene in scenes.items():
        parts |= {f"{title} {name}": part for name, part in gaussian_parts(scene).items()}
    return parts


def last_words(text: str) -> str:
    """Return the last line with text, without the frame around it."""
    lines = [line.strip(" │") for line in text.splitlines() if any(map(str.isalnum, line))]
    return lines[-1] if lines else "no output"


def gaussrep(*arguments: str) -> None:
    """Run the command line.

    Raises:
        CommandFailed: If it does not end with 0.
    """
    command = [sys.executable, "-P", "-m", "gaussrep", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    if done.returncode:
        raise CommandFailed(f"{arguments[0]}: {last_words(done.stdout + done.stderr)}")


def train_parts(run: str, method: str, *settings: str) -> Parts:
    """Three steps of a method's preset `demo`, each of which is logged."""
    chosen = ["trainer.steps=3", "trainer.log_every=1", "seed=3", *settings]
    gaussrep("train", method, "--preset", "demo", *chosen, "--run", run)
    return run_parts(Path(run))


def resume_parts(run: str) -> Parts:
    """Three more steps of a run."""
    gaussrep("train", "--resume", run, "trainer.steps=6")
    return run_parts(Path(run))


def load_parts(run: str) -> Parts:
    """Embedding and Gaussians that a trained method predicts from random images."""
    method = gr.load_run(run)
    batch = {"image": random_numbers(2, torch.float32)(2, 3, 64, 64).sigmoid()}
    torch.manual_seed(0)
    with torch.no_grad():
        embedding = method.embed(batch)
        parts = tensor_parts({"pooled": embedding.pooled, "tokens": embedding.tokens})
        return parts | gaussian_parts(method.gaussians(batch))


def rooms_parts() -> Parts:
    """Files of two rooms to train on and one to measure on."""
    size = ["--height", "60", "--width", "80", "--frames", "4"]
    gaussrep("make-rooms", "rooms", "--scenes", "2", "--val", "1", *size, "--processes", "1")
    return folder_parts(Path("rooms"))


FIT_SETTINGS = ("strategy.refine_every=5", "init.count=500")
OLDER_FIT_SETTINGS = ("strategy.every=5", "start.count=500")
"""What these settings were called when `gaussrep fit` had a trainer of its own."""
FIT_COLUMNS = (
    "step", "loss", "l1", "ssim", "depth", "gaussians", "sh_degree", "val_psnr", "val_ssim",
)  # fmt: skip
"""Those of `gaussrep fit` when it had a trainer of its own."""


def fit_run_parts(folder: Path) -> Parts:
    """Columns, tensors and steps that a fit had before it was one of the trainer's methods."""
    names, *rows = csv.reader((folder / "metrics.csv").read_text(encoding="utf-8").splitlines())
    chosen = [dict(zip(names, row, strict=True)) for row in rows if row[names.index("step")] != "1"]
    table = [
        ",".join(FIT_COLUMNS),
        *(",".join(row[name] for name in FIT_COLUMNS) for row in chosen),
    ]
    parts = {k: part for k, part in run_parts(folder).items() if k.startswith("scene")}
    scene = {k: part for k, part in run_parts(folder).items() if "raw." in k}
    return table_parts("\n".join(table)) | scene | parts


def fit_parts(run: str, *settings: str) -> Parts:
    """A short fit in which the strategy changes the Gaussians several times."""
    chosen = ["steps=40", "log_every=5", "seed=3", *settings]
    try:
        gaussrep("fit", "synthetic:balls", *chosen, *FIT_SETTINGS, "--run", run)
    except CommandFailed:
        gaussrep("fit", "synthetic:balls", *chosen, *OLDER_FIT_SETTINGS, "--run", run)
    return fit_run_parts(Path(run))


def resume_fit_parts(run: str) -> Parts:
    """Ten more steps of a fit."""
    config = Path(run) / "config.yaml"
    text = config.read_text(encoding="utf-8")
    if "method:" in text:
        gaussrep("fit", "--resume", run, "steps=50")
    else:  # with a trainer of its own, a fit takes its length from its configuration alone
        config.write_text(text.replace("\nsteps: 40\n", "\nsteps: 50\n"), encoding="utf-8")
        gaussrep("fit", "--resume", run)
    return fit_run_parts(Path(run))


def picture_parts(scene: str) -> Parts:
    """PNG file that the command line renders."""
    gaussrep("render", scene, "--out", "scene.png", "--width", "160", "--height", "120")
    return {"scene.png": bytes_part(Path("scene.png").read_bytes())}


def calls() -> Iterator[tuple[str, Callable[[], Parts]]]:
    """What needs no command, by name."""
    for title, case in CASES.items():
        for renderer, chosen in RENDERERS.items():
            yield f"render {renderer}: {title}", lambda c=case, r=chosen: render_parts(c, *r)
    for title, given in FILES.items():
        yield f"file {title}", lambda given=given: file_parts(*given)
    yield "file compressed ply", compressed_parts
    yield "cuboid", cuboid_parts


def commands() -> Iterator[tuple[str, Callable[[], Parts]]]:
    """What needs the command line, by name; later ones use the folders of earlier ones."""
    yield "train gmae", lambda: train_parts("gmae", "gmae")
    yield "train gmae, resumed", lambda: resume_parts("gmae")
    yield "load_run of gmae", lambda: load_parts("gmae")
    yield "train mae", lambda: train_parts("mae", "mae")
    yield "train additive", lambda: train_parts("additive", "additive")
    yield "make-rooms", rooms_parts
    yield "train gaussiancross", lambda: train_parts("cross", "gaussiancross", "data.root=rooms")
    yield "train gaussiancross, resumed", lambda: resume_parts("cross")
    yield "fit, default", lambda: fit_parts("fit")
    yield "fit, default, resumed", lambda: resume_fit_parts("fit")
    yield "fit, mcmc", lambda: fit_parts("fit-mcmc", "strategy.type=mcmc")
    yield "render of a fit", lambda: picture_parts("fit/scene.ply")


def require_checkout(checkout: Path) -> None:
    """Make sure that no other gaussrep is in the way."""
    found = Path(str(gr.__file__)).resolve()
    if not found.is_relative_to(checkout.resolve()):
        sys.exit(f"error: gaussrep is imported from {found.parent}, not from {checkout}")


def probe(items: Iterable[tuple[str, Callable[[], Parts]]]) -> dict[str, dict[str, Any]]:
    """Compute all, one after the other; what raises is kept as the last line of its error."""
    found: dict[str, dict[str, Any]] = {}
    for name, make in items:
        began = time.perf_counter()
        try:
            found[name] = {"parts": make()}
        except Exception as error:
            found[name] = {"error": f"{type(error).__name__}: {last_words(str(error))}"}
        outcome = found[name].get("error", f"{time.perf_counter() - began:.1f} s")
        print(f"  {name}: {outcome}", file=sys.stderr, flush=True)
    return found


def main(checkout: Path, out: Path) -> None:
    require_checkout(checkout)
    items = probe([*calls(), *commands()])
    facts = {"python": platform.python_version(), "machine": platform.machine()}
    facts |= {"torch": torch.__version__, "numpy": np.__version__, "cores": os.cpu_count()}
    facts["instructions"] = torch.backends.cpu.get_cpu_capability()
    out.write_text(json.dumps({"facts": facts, "items": items}), encoding="utf-8")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:3]))
