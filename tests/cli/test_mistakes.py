"""Mistakes of a first hour: each is one sentence with its cure, before torch is imported.

Three more of that hour are tested where they belong: a dozen photographs with the preset `demo` in
`tests/data/test_images.py`, pretrained weights without a network in `tests/encoders/test_hub.py`,
Ctrl-C with the tests of interrupted runs.
"""

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from gaussrep.cli.fit import fit_config
from gaussrep.config.load import dump_yaml
from gaussrep.training.config import train_config
from gaussrep.training.run_folder import RunFolder

DEMO = ["train", "gmae", "--preset", "demo"]
IMAGES = [*DEMO, "data.type=images"]

UNWRITABLE = "/proc"
"""A folder of Linux that not even root can write to."""

MISTAKES = {
    "a preset is misspelled": (
        ["train", "gmae", "--preset", "dmeo"],
        "has no preset 'dmeo'; did you mean 'demo'?",
    ),
    "a method is misspelled": (["train", "gmea"], "There is no method 'gmea'; did you mean 'gmae'"),
    "a command is misspelled": (["trian"], "error: No such command 'trian'. Did you mean 'train'?"),
    "the folder is missing": (
        [*IMAGES, "data.root=nowhere"],
        "nowhere: there is no such folder; expected a folder of images.",
    ),
    "the folder is empty": (
        [*IMAGES, "data.root=empty"],
        "empty: this folder holds no image (",
    ),
    "a folder without data.type": (
        [*DEMO, "data.root=photos"],
        "the data set is photos, which has no root; for a folder of yours add data.type=images",
    ),
    "no preset": (
        ["train", "gmae", "data.type=images", "data.root=photos"],
        "trainer: is missing; give --preset demo (or base, cifar, ",
    ),
    "no data set": (
        ["train", "gmae", "--preset", "base"],
        "data: is missing; give data.type=images data.root=FOLDER, or another one of: ",
    ),
    "two image sizes": (
        [*IMAGES, "data.root=photos", "data.image_size=96"],
        "data.image_size is 96, but method.image_size is 64; give data.image_size=64, or method.",
    ),
    "a GPU that is not there": (
        [*DEMO, "trainer.device=cuda"],
        "trainer.device=cuda, but CUDA_VISIBLE_DEVICES= hides every device; use auto or cpu",
    ),
    "a device of another system": (
        [*DEMO, "trainer.device=mps"],
        "trainer.device=mps, but only macOS has it; use auto or cpu",
    ),
    "a component instead of a kind is listed": (
        ["plugins", "gmae"],
        "There is no kind of component 'gmae'; the settings of the method 'gmae' of gaussrep-gmae",
    ),
    "a key of another program": (
        [*DEMO, "trainer.learning_rate=1e-3"],
        "trainer.learning_rate = 0.001: unknown key; did you mean 'trainer.lr'?",
    ),
    "an unknown key": (
        [*DEMO, "trainer.zzz=1"],
        "and 12 more; gaussrep settings gmae trainer lists all.",
    ),
    "a key of a component": (
        [*DEMO, "mask_ratio=0.5"],
        "mask_ratio = 0.5: unknown key; did you mean 'method.mask_ratio'?",
    ),
    "spaces around =": (
        [*DEMO, "trainer.lr", "=", "1e-3"],
        "write it as dotted.key=value, without spaces around =: trainer.lr=1e-3.",
    ),
    "the folder holds a run": (
        [*DEMO, "--run", "run"],
        "run already holds a run; resume it with --resume run, replace it with --overwrite, or ",
    ),
    "the run folder is not writable": (
        [*DEMO, "--run", "scene.ply/run"],
        "; give another one by --run FOLDER",
    ),
    "another run's weights are missing": ([*DEMO, "--from", "gone"], "there is no run folder gone"),
    "a folder in place of settings": (
        ["train", "gmae", "--preset", "demo", "photos"],
        "'photos' is not a setting; for its images, give data.type=images data.root=photos; else ",
    ),
    "a preset in place of settings": (
        ["train", "gmae", "demo"],
        "'demo' is a preset of gmae; write --preset demo",
    ),
    "a path with spaces": (
        [*IMAGES, "data.root=my", "photos"],
        "'photos' is not a setting; a path with spaces needs quotes: \"data.root=my photos\"; ",
    ),
    "an empty path": (
        [*DEMO, "data.type=images", "data.root="],
        "data.root = None: expected a path",
    ),
    "a file of settings is missing": (
        ["fit", "capture", "--config", "gone.yaml"],
        "gone.yaml: there is no such file",
    ),
    "an evaluation behind its run": (
        ["evaluate", "run", "knn"],
        "the evaluation comes first: gaussrep evaluate knn run",
    ),
    "scores in a table": (
        ["evaluate", "knn", "run", "--out", "scores.csv"],
        "--out is scores.csv; scores are JSON: name it *.json",
    ),
    "a device of no kind": (
        ["evaluate", "reconstruction", "trained", "--device", "gpu"],
        "--device is 'gpu'; expected auto, cpu, cuda, or cuda:1 and so on",
    ),
    "a folder is inspected": (
        ["inspect", "trained", "photos"],
        "photos is a folder; name its images: gaussrep inspect RUN photos/*.jpg",
    ),
    "no method": (["train"], "no method was given: gaussrep train METHOD, or --resume RUN"),
    "an encoder of another kind": (
        [*DEMO, "method.encoder=timm"],
        "'timm' cannot encode visible patches only; expected one of timm-vit, vit",
    ),
    "a folder is rendered": (
        ["render", "photos", "--out", "x.png"],
        "photos is a folder; expected a file of Gaussians (",
    ),
    "a run is rendered": (
        ["render", "run", "--out", "x.png"],
        "run is a run folder; show it with: gaussrep inspect run, or gaussrep view run",
    ),
    "a capture is rendered": (
        ["render", "capture", "--out", "x.png"],
        "make its Gaussians with: gaussrep fit capture",
    ),
    "a photograph is rendered": (
        ["render", "photos/0.png", "--out", "x.png"],
        "photos/0.png: no format reads this suffix; known: ",
    ),
    "rendered to nowhere": (["render", "scene.ply"], "error: Missing option '--out'; see "),
    "a missing file is rendered": (
        ["render", "missing.ply", "--out", "x.png"],
        "missing.ply: cannot be read: No such file or directory.",
    ),
    "rendered to another format": (
        ["render", "scene.ply", "--out", "x.jpg"],
        "--out is x.jpg; an image is *.png",
    ),
    "rendered to a missing folder": (
        ["render", "scene.ply", "--out", "gone/x.png"],
        "but there is no folder gone; create it first.",
    ),
    "a renderer that needs a GPU": (
        ["render", "scene.ply", "--out", "x.png", "--renderer", "gsplat"],
        "use --renderer auto",
    ),
    "a missing run embeds": (
        ["embed", "gone", "photos", "--out", "x.safetensors"],
        "there is no run folder gone",
    ),
    "embeddings in another format": (
        ["embed", "run", "photos", "--out", "f.npz"],
        "--out is f.npz; embeddings are safetensors, name it *.safetensors.",
    ),
    "a missing folder is embedded": (
        ["embed", "run", "gone", "--out", "x.safetensors"],
        "gone: there is no such folder; expected a folder of images.",
    ),
    "photographs are fitted": (
        ["fit", "photos"],
        "photos: this is not a capture; looked for transforms.json",
    ),
    "a complete run is resumed": (
        ["train", "--resume", "trained"],
        "trained is complete at step 6; to train longer: "
        "gaussrep train --resume trained trainer.steps=12",
    ),
    "a complete run is resumed with as many steps": (
        ["train", "--resume", "trained", "trainer.steps=6"],
        "gaussrep train --resume trained trainer.steps=12",
    ),
    "a complete run of epochs is resumed": (
        ["train", "--resume", "passed"],
        "gaussrep train --resume passed trainer.epochs=4",
    ),
    "a complete fit is resumed": (
        ["fit", "--resume", "fitted"],
        "fitted is complete at step 6; to train longer: gaussrep fit --resume fitted steps=12",
    ),
    "a run without a checkpoint is resumed": (
        ["train", "--resume", "started"],
        "started holds no checkpoint to resume from; start it again with --overwrite",
    ),
    "a synthetic scene is misspelled": (
        ["fit", "synthetic:ball"],
        "synthetic:ball: there is no such scene; did you mean 'synthetic:balls'?",
    ),
    "scores are written to a missing folder": (
        ["evaluate", "effective-rank", "trained", "--out", "gone/x.json"],
        "--out is gone/x.json, but there is no folder gone; create it first.",
    ),
    "scores are written where nothing can be": (
        ["evaluate", "effective-rank", "trained", "--out", f"{UNWRITABLE}/x.json"],
        f"--out is {UNWRITABLE}/x.json, but the folder {UNWRITABLE} cannot be written: ",
    ),
    "embeddings are written where nothing can be": (
        ["embed", "trained", "photos", "--out", f"{UNWRITABLE}/x.safetensors"],
        f"the folder {UNWRITABLE} cannot be written: ",
    ),
    "a report is written where nothing can be": (
        ["inspect", "trained", "--out", f"{UNWRITABLE}/report"],
        f"--out is {UNWRITABLE}/report, which cannot be written: ",
    ),
    "a missing image is inspected": (["inspect", "trained", "nope.jpg"], "nope.jpg"),
    "classes are evaluated without labels": (
        ["evaluate", "knn", "trained"],
        "data set 'photos' has no labels for its train split, and this evaluation needs them; ",
    ),
    "a missing run is exported": (["export-vit", "gone", "vit"], "gone is not a run folder: "),
    "rooms are written where nothing can be": (
        ["make-rooms", f"{UNWRITABLE}/rooms", "--scenes", "1"],
        f"{UNWRITABLE}/rooms: cannot be written: ",
    ),
    "nothing is fitted": (["fit"], "data: is missing; name a capture: gaussrep fit FOLDER"),
    "no run is inspected": (
        ["inspect", "photos"],
        "photos is not a run folder: it has no config.yaml",
    ),
    "a missing run is evaluated": (["evaluate", "knn", "gone"], "there is no run folder gone"),
    "converted to another format": (
        ["convert", "scene.ply", "out.obj"],
        "out.obj: no format writes this suffix; known: ",
    ),
    "nothing is viewed": (["view", "gone.ply"], "gone.ply: there is no such file or folder."),
    "a setting is written as an option": (
        [*DEMO, "--batch_size", "8"],
        "no option --batch_size; settings are written without dashes: trainer.batch_size=8",
    ),
    "a dotted setting is written as an option": (
        [*DEMO, "--trainer.steps=100"],
        "no option --trainer.steps; settings are written without dashes: trainer.steps=100",
    ),
    "a setting of an evaluation is written as an option": (
        ["evaluate", "knn", "trained", "--k", "5"],
        "there is no option --k; settings are written without dashes: k=5",
    ),
    "a setting of a fit is written as an option": (
        ["fit", "synthetic:balls", "--sh-degree", "--overwrite"],
        "there is no option --sh-degree; settings are written without dashes: sh_degree=…",
    ),
    "an option is misspelled": ([*DEMO, "--overwritte"], "--overwrite"),
    "a setting of training in a fit": (
        ["fit", "synthetic:balls", "trainer.steps=5"],
        "trainer: unknown key; did you mean 'steps'?",
    ),
    "an unknown data set": (
        [*DEMO, "data=holiday"],
        "; for a folder of yours, give data.type=images data.root=holiday",
    ),
    "an unknown data set is evaluated": (
        ["evaluate", "knn", "trained", "data=holiday"],
        "; for a folder of yours, give data.type=folders data.root=holiday",
    ),
    "a data set is misspelled": ([*DEMO, "data=cifar1"], "did you mean 'cifar10'"),
    "a size that patches do not divide": (
        [*DEMO, "method.image_size=66"],
        "patch_size 4 does not divide image_size 66; give image_size=64 or 68",
    ),
    "a size of images that patches do not divide": (
        [*IMAGES, "data.root=photos", "data.image_size=98"],
        "; give data.image_size=64, or method.image_size=96 without data.image_size",
    ),
    "a missing run is resumed": (
        ["train", "--resume", "gone"],
        "there is no run folder gone; the newest run there is ",
    ),
    "a misspelled run is resumed": (
        ["train", "--resume", "traind"],
        "there is no run folder traind; did you mean 'trained'?",
    ),
    "a run is resumed as a fit": (
        ["fit", "--resume", "trained"],
        "holds a run of gmae, not a fit; resume it with: gaussrep train --resume trained",
    ),
    "a fit is resumed after its capture moved": (
        ["fit", "--resume", "moved"],
        "old, which is not there; give its new folder by data.path=FOLDER",
    ),
    "a fit is inspected after its capture moved": (
        ["inspect", "moved"],
        "old, which is not there; give its new folder by data.capture.path=FOLDER",
    ),
    "a file of another format is rendered": (
        ["render", "notes.ply", "--out", "x.png"],
        "notes.ply: this is not a PLY file: it does not begin with the line 'ply'.",
    ),
    "a file of another format is summarized": (
        ["info", "notes.spz"],
        "notes.spz: this is not an SPZ file: it begins neither with NGSP nor as gzip.",
    ),
    "a color by another name": (
        ["render", "scene.ply", "--out", "x.png", "--background", "red"],
        "--background is 'red', expected white, black, three numbers such as 0,0.5,1.",
    ),
    "a damaged camera path": (
        ["render", "scene.ply", "--out", "x.webp", "--path", "path.json"],
        "path.json: cannot be read: ",
    ),
    "frames are written where nothing can be": (
        ["render", "scene.ply", "--path", "orbit", "--out", f"{UNWRITABLE}/frames"],
        f"--out is {UNWRITABLE}/frames, which cannot be written: ",
    ),
    "a report in a file": (
        ["inspect", "trained", "photos/0.png", "--out", "report.html"],
        "--out is report.html; expected a folder, such as report.",
    ),
    "an image of an unread format is inspected": (
        ["inspect", "trained", "n.heic"],
        "n.heic: this format is not read; convert the image to JPEG or PNG.",
    ),
    "an encoder is exported to a folder that exists": (
        ["export-vit", "trained", "photos"],
        "photos exists already; remove it or name another folder.",
    ),
    "an encoder is exported to a file": (
        ["export-vit", "trained", "vit.safetensors"],
        "vit.safetensors would be a folder; name it without .safetensors.",
    ),
    "a fit is exported": (
        ["export-vit", "fitted", "vit"],
        "fitted is a run of 'fit', which has no vision transformer to export; expected a gmae or ",
    ),
    "weights are downloaded without trust": (
        [*DEMO, "method.encoder_weights=vit_base_patch16_224.mae"],
        "was not allowed; if you trust it, add --trust vit_base_patch16_224.mae",
    ),
    "an encoder is downloaded without trust": (
        [*DEMO, "method.encoder={type: timm-vit, pretrained: true}"],
        "was not allowed; if you trust it, add --trust vit_small_patch16_224",
    ),
    "initial weights in another format": (
        [*DEMO, "method.encoder_weights=mae.pth"],
        "method.encoder_weights is mae.pth; expected a .safetensors file or a name such as ",
    ),
    "initial weights are missing": (
        [*DEMO, "method.encoder_weights=gone.safetensors"],
        "method.encoder_weights is gone.safetensors, but there is no such file.",
    ),
}

PROGRAM = """
import json, sys
from typer.testing import CliRunner
from gaussrep.cli.main import app
found = {}
for name, arguments in json.load(sys.stdin).items():
    result = CliRunner().invoke(app, arguments)
    found[name] = [result.exit_code, result.stdout, result.stderr, "torch" in sys.modules]
print(json.dumps(found))
"""


def write_run(folder, config, step):
    """Write what is left of a complete run without its weights."""
    (folder / "checkpoints" / f"step-{step:08d}").mkdir(parents=True)
    (folder / "config.yaml").write_text(dump_yaml(config))
    RunFolder(folder).set_finished(step)


def write_runs(folder):
    fitted = fit_config("synthetic:balls", None, [], ["steps=6"])
    write_run(folder / "fitted", fitted.train_config(validate=True, stored=False), 6)
    trained = train_config("gmae", "demo", [], ["trainer.steps=6"])
    for name in ("trained", "started"):
        write_run(folder / name, trained, 6)
    shutil.rmtree(folder / "started" / "checkpoints")
    moved = fit_config(str(folder / "old"), None, [], ["steps=12"])
    write_run(folder / "moved", moved.train_config(validate=True, stored=False), 6)
    shutil.rmtree(folder / "old")
    epochs = ["trainer.steps=null", "trainer.epochs=2"]
    write_run(folder / "passed", train_config("gmae", "demo", [], epochs), 6)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """Exit code, output, errors and whether torch was imported, of each mistake in turn."""
    folder = tmp_path_factory.mktemp("mistakes")
    for name in ("empty", "photos", "my photos", "run", "capture", "old"):
        (folder / name).mkdir()
    for name in ("notes.ply", "notes.spz", "n.heic", "path.json"):
        (folder / name).write_text("notes")
    for number in range(2):
        pixels = np.full((90, 130, 3), number, dtype=np.uint8)
        Image.fromarray(pixels).save(folder / "photos" / f"{number}.png")
    (folder / "run" / "config.yaml").write_text("method: {type: gmae}\n")
    for name in ("capture", "old"):
        (folder / name / "transforms.json").write_text("{}")
    (folder / "scene.ply").write_text("ply\n")
    write_runs(folder)
    given = {name: arguments for name, (arguments, _) in MISTAKES.items()}
    before = sorted(path.name for path in folder.rglob("*"))
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM],
        input=json.dumps(given),
        cwd=folder,
        env=os.environ | {"CUDA_VISIBLE_DEVICES": "", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert sorted(path.name for path in folder.rglob("*")) == before
    return json.loads(ran.stdout)


LINUX = ("nothing can be", "another system")
NAMES = [n for n in MISTAKES if sys.platform == "linux" or not any(part in n for part in LINUX)]


@pytest.mark.parametrize("name", NAMES)
def test_a_mistake_is_one_sentence_with_its_cure_before_torch(outcomes, name):
    code, output, error, has_torch = outcomes[name]
    assert (code, output) == (2, "")
    assert MISTAKES[name][1] in error
    assert error.count("error: ") <= 1
    assert "Traceback" not in error
    assert not has_torch
