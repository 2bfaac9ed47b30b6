import subprocess
import sys

import pytest


@pytest.fixture
def copy(script, tmp_path):
    """Run the script on two classes of three images per split."""
    for split in ("train", "test"):
        for name in ("cat", "dog"):
            (tmp_path / "all" / split / name).mkdir(parents=True)
            for number in (2, 0, 1):
                (tmp_path / "all" / split / name / f"{number}.jpg").write_text(name)

    def run(*options):
        command = [sys.executable, script("first_images").__file__, "all", "few", *options]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    return run


def test_the_first_of_each_class_are_copied(copy, tmp_path):
    assert copy("--train", "2", "--test", "1").returncode == 0
    found = sorted(path.relative_to(tmp_path / "few") for path in tmp_path.glob("few/*/*/*"))
    assert [str(path) for path in found] == [
        "test/cat/0.jpg", "test/dog/0.jpg",
        "train/cat/0.jpg", "train/cat/1.jpg", "train/dog/0.jpg", "train/dog/1.jpg",
    ]  # fmt: skip
    assert (tmp_path / "few/train/dog/1.jpg").read_text() == "dog"


def test_mistakes_are_one_line_and_copy_nothing(copy, tmp_path):
    assert copy("--train", "2", "--test", "4").stderr == (
        "error: all/test/cat has 3 images, fewer than the requested 4\n"
    )
    (tmp_path / "all/test").rename(tmp_path / "all/val")
    assert copy("--train", "2", "--test", "1").stderr == (
        "error: there is no folder of a class in all/test; expected all/test/CLASS/*.jpg\n"
    )
    assert not (tmp_path / "few").exists()


def test_a_folder_that_is_there_is_kept(copy, tmp_path):
    (tmp_path / "few").mkdir()
    done = copy("--train", "2", "--test", "1")
    assert done.stderr == "error: few exists already; remove it, or give another OUT\n"
    assert done.returncode == 1
