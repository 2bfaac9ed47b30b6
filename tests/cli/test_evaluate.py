import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from gaussrep.embedding import FolderEmbedding

TOY = Path(__file__).parents[1] / "evaluation" / "toy"
PROGRAM = "from gaussrep.cli.main import main; main()"
QUIET = ["trainer.device=cpu", "trainer.tensorboard=false"]
GMAE = [
    *("method.image_size=8", "method.patch_size=4", "method.queries=4"),
    *("method.renderer=reference", "method.encoder={width: 16, depth: 1, heads: 1}"),
    *("method.decoder={width: 16, depth: 1, heads: 1}", "trainer.epochs=null"),
]


@pytest.fixture(scope="module")
def gaussrep(tmp_path_factory):
    """Run the program in one folder, with the toy distribution installed."""
    folder = tmp_path_factory.mktemp("work")
    python_path = os.pathsep.join([str(TOY), os.environ.get("PYTHONPATH", "")])

    def call(*arguments, program=PROGRAM):
        return subprocess.run(
            [sys.executable, "-W", "error", "-c", program, *arguments],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": python_path, "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            check=False,
        )

    call.folder = folder
    return call


@pytest.fixture(scope="module")
def run(gaussrep):
    """A finished run of the toy, on images without labels."""
    settings = [
        "data=plain",
        "data.image_size=8",
        "trainer.steps=2",
        "trainer.batch_size=4",
        *QUIET,
    ]
    done = gaussrep("train", "looker", *settings, "--run", "run")
    assert done.returncode == 0, done.stderr
    return gaussrep.folder / "run"


@pytest.fixture(scope="module")
def image_folder(gaussrep):
    folder = gaussrep.folder / "image_folder"
    folder.mkdir()
    for number in range(5):
        Image.new("RGB", (9, 12), (40 * number, 0, 0)).save(folder / f"{number}.png")
    (folder / "2.png").write_bytes(b"none")
    return folder


def test_a_table_and_where_the_json_is(gaussrep, run):
    done = gaussrep("evaluate", "knn", "run", "data=colors", "k=2")
    assert done.returncode == 0, done.stderr
    header, row, *others, where = done.stdout.splitlines()
    assert header.split() == ["top1"]
    assert row.split() == ["looker", "1"]
    assert [line.rpartition("  ")[0].strip() for line in others[:2]] == ["random encoder", "chance"]
    assert others[2:] == [
        "random encoder: the same method with random weights, before any training",
        "chance: always the most frequent class of the training split",
    ]
    assert where == "Scores: run/evaluations/knn.json"
    assert json.loads((run / "evaluations" / "knn.json").read_text())["facts"]["k"] == 2


def test_another_file_and_rows_to_compare_with(gaussrep, run):
    done = gaussrep("evaluate", "reconstruction", "run", "--out", "r.json", "--device", "cpu")
    assert done.returncode == 0, done.stderr
    header, own, baseline, where = done.stdout.splitlines()
    assert header.split() == ["psnr", "ssim"]
    assert own.startswith("looker ")
    assert baseline.startswith("mean visible color ")
    assert where == "Scores: r.json"
    scores = json.loads((gaussrep.folder / "r.json").read_text())["scores"]
    assert own.split()[1] == f"{scores['looker']['psnr']:.4g}"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["knn", "run"], "'plain' has no labels"),
        (["knn", "run", "kk=3"], "kk = 3: unknown key; did you mean 'k'"),
        (["kn", "run"], "knn"),
        (["knn", "nowhere"], "there is no run folder nowhere"),
        (["knn", "run", "--device", "tpu"], "the device 'tpu' is not available here"),
    ],
)
def test_a_mistake_is_one_sentence(gaussrep, run, arguments, words):
    done = gaussrep("evaluate", *arguments)
    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    assert line.startswith("error: ")
    assert words in line


@pytest.mark.parametrize(
    "arguments",
    [
        *(["evaluate", "--help"], ["embed", "--help"], ["evaluate", "knn", "run", "kk=3"]),
        ["embed", "nowhere", "image_folder", "--out", "f.safetensors"],
    ],
)
def test_help_and_mistakes_do_not_import_torch(gaussrep, run, arguments):
    program = (
        "import sys; from gaussrep.cli.main import app\n"
        "try: app()\n"
        "finally: assert 'torch' not in sys.modules"
    )
    done = gaussrep(*arguments, program=program)
    assert done.returncode == (0 if "--help" in arguments else 2), done.stderr


def test_embedding_a_folder(gaussrep, run, image_folder):
    arguments = ["run", "image_folder", "--out", "f.safetensors", "--batch-size", "2"]
    done = gaussrep("embed", *arguments, "--tokens")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "f.safetensors: 4 images, 1 left out\n"
    assert "left out: image_folder/2.png: this image cannot be read" in done.stderr
    found = FolderEmbedding.open(gaussrep.folder / "f.safetensors")
    assert found.names == ("0.png", "1.png", "3.png", "4.png")
    assert found.load().shape == (4, 4, 6)
    assert gaussrep("embed", *arguments).returncode == 0
    assert found.load().shape == (4, 6)


def test_where_an_embedding_cannot_go(gaussrep, run, image_folder):
    done = gaussrep("embed", "run", "image_folder", "--out", "none/f.safetensors")
    assert done.returncode == 2
    assert done.stderr == (
        "error: --out is none/f.safetensors, but there is no folder none; create it first.\n"
    )


def test_gmae(gaussrep, image_folder):
    """The whole way, with the method that the program is made for."""
    pytest.importorskip("gaussrep_gmae")
    (image_folder / "2.png").unlink()
    settings = ["data.root=image_folder", "data.val_fraction=0.5", "trainer.steps=2", *QUIET, *GMAE]
    settings += ["trainer.batch_size=2", "evaluations.rank=effective-rank", "data.type=images"]
    done = gaussrep(
        "train", "gmae", "--preset", "tiny", *settings, "data.image_size=8", "--run", "gmae"
    )
    assert done.returncode == 0, done.stderr
    assert "rank/rank" in (gaussrep.folder / "gmae" / "metrics.csv").read_text()
    done = gaussrep("evaluate", "reconstruction", "gmae", "draws=2")
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()[1:3]] == ["gmae", "mean"]
    done = gaussrep("embed", "gmae", "image_folder", "--out", "g.safetensors")
    assert done.returncode == 0, done.stderr
    assert FolderEmbedding.open(gaussrep.folder / "g.safetensors").load().shape == (4, 16)
