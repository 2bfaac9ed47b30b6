import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from forked_program import run_gaussrep

from gaussrep.building import build
from gaussrep.errors import DataError
from gaussrep.runtime import WorkShare
from gaussrep_rooms.config import RoomsConfig
from gaussrep_rooms.room import make_room
from gaussrep_rooms.writing import write_rooms

PROGRAM = [sys.executable, "-c", "from gaussrep.cli.main import main; main()"]
TINY = RoomsConfig(frames=2, height=12, width=16, points=100)
OPTIONS = ("--frames", 2, "--height", 12, "--width", 16, "--points", 100)


def run(*arguments):
    return run_gaussrep("make-rooms", *arguments)


def write(root, **changes):
    given = {"seed": 4, "train": 2, "val": 1, **changes}
    return write_rooms(root, given.pop("config", TINY), **given)


def contents(root):
    return {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_scenes_of_both_splits_are_written(tmp_path):
    steps = []
    written = write(tmp_path / "rooms", on_progress=lambda *step: steps.append(step))
    assert (written.made, written.kept) == (3, 0)
    assert steps == [(0, 3), (1, 3), (2, 3), (3, 3)]
    for split, number in (("train", 0), ("val", 1), ("train", 2)):
        folder = tmp_path / "rooms" / split / f"scene000{number}_00"
        cloud = make_room(4, number, TINY).cloud
        assert np.array_equal(np.load(folder / "coord.npy"), cloud.points.numpy())
        assert np.array_equal(np.load(folder / "segment20.npy"), cloud.labels.numpy())
        assert np.array_equal(np.load(folder / "instance.npy"), cloud.instances.numpy())
    settings = json.loads((tmp_path / "rooms" / "rooms.json").read_text())
    assert settings == {"seed": 4, **TINY.model_dump()}


def test_the_data_set_scannet_reads_them(tmp_path):
    write(tmp_path)
    config = {"type": "scannet", "root": tmp_path, "views": 2, "image_size": (12, 16)}
    scenes = build("datasets", config, split="val")
    assert scenes.names == ("scene0001_00",)
    sample, room = scenes[0], make_room(4, 1, TINY)
    assert np.array_equal(sample["labels"].sort()[0], room.cloud.labels.sort()[0])
    depths = np.stack([frame.depth for frame in room.frames])
    np.testing.assert_allclose(sample["depths"], depths, atol=6e-4)
    np.testing.assert_allclose(sample["Ks"][0], room.intrinsics, rtol=1e-5)
    viewmats = np.stack([frame.viewmat for frame in room.frames])
    np.testing.assert_allclose(sample["viewmats"], viewmats, atol=1e-4)
    images = np.stack([frame.image for frame in room.frames]).transpose(0, 3, 1, 2) / 255
    assert np.abs(sample["images"].numpy() - images).mean() < 0.05  # JPEG


def test_finished_rooms_are_kept_and_begun_ones_are_made_again(tmp_path):
    write(tmp_path)
    whole = contents(tmp_path)
    (tmp_path / "metadata" / "train" / "scene0002_00.json").unlink()
    (tmp_path / "train" / "scene0002_00" / "coord.npy").write_bytes(b"half")
    untouched = (tmp_path / "train" / "scene0000_00" / "coord.npy").stat().st_mtime_ns
    written = write(tmp_path)
    assert (written.made, written.kept) == (1, 2)
    assert contents(tmp_path) == whole
    assert (tmp_path / "train" / "scene0000_00" / "coord.npy").stat().st_mtime_ns == untouched


def test_more_rooms_leave_the_others_as_they_are(tmp_path):
    write(tmp_path)
    before = contents(tmp_path)
    assert write(tmp_path, train=3, val=2).made == 2
    after = contents(tmp_path)
    assert {path: after[path] for path in before} == before
    assert len(after) > len(before)


def test_a_folder_whose_settings_were_not_written_whole_is_begun_again(tmp_path):
    leftover = tmp_path / f".{'0' * 32}.tmp"
    leftover.write_text("{")
    write(tmp_path, train=1, val=0)
    assert not leftover.exists()


def test_other_settings_and_other_folders_are_refused(tmp_path):
    write(tmp_path / "rooms", train=1, val=0)
    with pytest.raises(DataError, match="made with seed 4, but 5 was given; give the same"):
        write(tmp_path / "rooms", seed=5)
    with pytest.raises(DataError, match="made with frames 2, but 3 was given"):
        write(tmp_path / "rooms", config=TINY.model_copy(update={"frames": 3}))
    with pytest.raises(DataError, match="holds something else; name a new or an empty folder"):
        write(tmp_path)
    (tmp_path / "rooms" / "rooms.json").write_text("{")
    with pytest.raises(DataError, match="damaged"):
        write(tmp_path / "rooms")
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="cannot be written"):
        write(tmp_path / "file")


def test_a_full_disk_is_one_sentence(tmp_path, monkeypatch):
    """NumPy 2's arrays that could not be written whole raise an OSError without a number."""

    def fail(*_):
        raise OSError("1500 requested and 168 written")

    with monkeypatch.context() as full:
        full.setattr("gaussrep_rooms.writing.write_scene", fail)
        with pytest.raises(DataError, match=r"rooms: cannot be written: 1500 requested and 168"):
            write(tmp_path / "rooms")
    assert write(tmp_path / "rooms").made == 3


def test_shares_make_the_rooms_of_one_call(tmp_path):
    write(tmp_path / "whole", train=2, val=1)
    made = [write(tmp_path / "shares", share=WorkShare(number, 2)).made for number in (2, 1)]
    assert made == [1, 2]
    assert contents(tmp_path / "shares") == contents(tmp_path / "whole")


def test_the_command_makes_rooms_in_two_processes_and_goes_on(tmp_path):
    out = tmp_path / "rooms"
    done = run(out, "--scenes", 2, "--val", 1, "--seed", 4, "--processes", 2, *OPTIONS)
    assert (done.returncode, done.stdout) == (0, f"{out}: 3 rooms made, 0 kept\n"), done.stderr
    write(tmp_path / "here")
    assert contents(out) == contents(tmp_path / "here")
    done = run(out, "--scenes", 2, "--val", 1, "--seed", 4, *OPTIONS)
    assert (done.returncode, done.stdout) == (0, f"{out}: 0 rooms made, 3 kept\n")


@pytest.mark.skipif(sys.platform == "win32", reason="signals cannot be sent to one program")
def test_an_interrupted_command_finishes_the_rooms_in_work_and_is_one_line(tmp_path):
    out = tmp_path / "rooms"
    arguments = ["make-rooms", out, "--scenes", 40, "--val", 0, "--processes", 2, *OPTIONS]
    process = subprocess.Popen(
        [*PROGRAM, *map(str, arguments)],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while len(list(out.glob("metadata/train/*.json"))) < 2:
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does, to the workers as well
    _, err = process.communicate()
    assert process.returncode == 130
    assert "Traceback" not in err
    assert err.splitlines()[-1] == (
        f"interrupted; finished rooms are kept in {out}, the same command makes the others"
    )
    scenes = {path.name for path in out.glob("train/*")}
    assert scenes == {path.stem for path in out.glob("metadata/train/*.json")}
    assert 2 <= len(scenes) < 40
    assert not list(out.rglob(".*"))


def test_bad_arguments_are_one_line_and_exit_code_2(tmp_path):
    for arguments, said in (
        (("--scenes", 0, "--val", 0), "expected at least one room"),
        (("--points", 0), "--points"),
    ):
        done = run(tmp_path / "rooms", *arguments)
        assert done.returncode == 2
        assert said in done.stderr
        assert "Traceback" not in done.stderr
    assert not (tmp_path / "rooms").exists()
