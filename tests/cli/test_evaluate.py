import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from forked_program import run_gaussrep
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

    env = os.environ | {"PYTHONPATH": python_path, "OMP_NUM_THREADS": "1"}

    def call(*arguments, before="", program=None, start=subprocess.run):
        if program is None:
            return run_gaussrep(*arguments, cwd=folder, env=env, before=before)
        return start(
            [sys.executable, "-W", "error", "-c", program, *arguments],
            cwd=folder,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
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
        (["knn", "run", "--device", "tpu"], "--device is 'tpu'; expected auto, cpu, cuda"),
    ],
)
def test_a_mistake_is_one_sentence(gaussrep, run, arguments, words):
    done = gaussrep("evaluate", *arguments)
    assert done.returncode == 2
    *announced, line = done.stderr.splitlines()
    assert all(" …" in each for each in announced)
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


@pytest.mark.parametrize(
    ("out", "sentence"),
    [
        ("none/f.safetensors", "there is no folder none; create it first."),
        ("f.npz", "--out is f.npz; embeddings are safetensors, name it *.safetensors."),
    ],
)
def test_where_an_embedding_cannot_go(gaussrep, run, image_folder, out, sentence):
    done = gaussrep("embed", "run", "image_folder", "--out", out)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert done.stderr.endswith(f"{sentence}\n")
    assert not (gaussrep.folder / "f.npz").exists()


SLOWLY = """
import time
from gaussrep.embedding import folder, shards
shards.SHARD_SIZE = 1
read = folder.FolderImages.__getitem__
def slowly(self, key):
    time.sleep(0.5)
    return read(self, key)
folder.FolderImages.__getitem__ = slowly
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals cannot be sent to one program")
def test_an_interrupted_embedding_is_one_line_and_continues(gaussrep, run, image_folder):
    parts = gaussrep.folder / "stopped.safetensors.parts"
    arguments = ["embed", "run", "image_folder", "--out", "stopped.safetensors"]
    process = gaussrep(*arguments, program=SLOWLY + PROGRAM, start=subprocess.Popen)
    while len(list(parts.glob("part-*"))) < 2:
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    assert process.returncode == 130
    assert "Traceback" not in err
    assert err.splitlines()[-1] == (
        "interrupted; finished images are kept in stopped.safetensors.parts, the same command "
        "continues"
    )
    assert not (gaussrep.folder / "stopped.safetensors").exists()
    assert not list(parts.glob(".*"))
    kept = {part: part.stat().st_mtime_ns for part in parts.glob("part-*")}
    counting = SLOWLY.replace("time.sleep(0.5)", "print('read', key.index)")
    done = gaussrep(*arguments, before=counting)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("read ") == 5 - len(kept)


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
