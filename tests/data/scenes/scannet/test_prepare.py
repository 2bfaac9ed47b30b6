import json
import shutil

import numpy as np
import pytest
from forked_program import run_gaussrep

from gaussrep.data.scenes.config import ScannetConfig
from gaussrep.data.scenes.dataset import SceneDataset
from gaussrep.data.scenes.frames import write_color_image, write_depth
from gaussrep.data.scenes.scannet.prepare import prepare
from gaussrep.errors import DataError
from gaussrep.runtime.work_shares import WorkShare


def outcomes(raw, out, **settings):
    return {scene.name: scene.outcome for scene in prepare(raw.root, out, **settings)}


def open_set(out, split, **settings):
    config = ScannetConfig(root=out, image_size=(24, 32), max_points=None, **settings)
    return SceneDataset(config, split)


def test_a_release_becomes_a_data_set(raw, tmp_path):
    out = tmp_path / "out"
    assert outcomes(raw, out, step=1) == {
        "scene0000_00": "written",
        "scene0011_00": "written",
        "scene0707_00": "points only",
    }
    sample = open_set(out, "val", views=2)[0]
    assert sample["points"][4].tolist() == [0, 0, 2]
    assert sample["colors"][0].tolist() == [1, 0, 0]
    np.testing.assert_allclose(sample["normals"][4], [0, 1, 0], atol=1e-6)
    assert sample["labels"].tolist() == [4, 4, 0, 0, -1, 0]
    assert sample["instances"].tolist() == [0, 0, 1, 1, 2, 1]
    assert open_set(out, "val", classes=200)[0]["labels"].tolist() == [1, 1, 0, 0, -1, 0]
    assert sample["frames"].tolist() == [1, 3]  # of five with poses: 0, 1, 3, 4, 5
    np.testing.assert_allclose(sample["viewmats"][1], raw.frames[4].viewmat, atol=1e-5)
    np.testing.assert_allclose(sample["depths"][1], raw.frames[4].depth, atol=1.1e-3)
    np.testing.assert_allclose(sample["Ks"][1], raw.K, rtol=1e-5)
    assert (out / "test" / "scene0707_00" / "coord.npy").is_file()


def test_frames_are_chosen_at_random_and_listed_by_steps(raw, tmp_path):
    chosen = []
    for seed in range(6):
        out = tmp_path / f"out{seed}"
        outcomes(raw, out, frames=3, step=2, seed=seed)
        rgbd = out / "rgbd" / "scene0000_00"
        assert {path.name for path in (rgbd / "color").iterdir()} == {"0.jpg", "1.jpg", "2.jpg"}
        listed = json.loads((out / "metadata" / "train" / "scene0000_00.json").read_text())
        names = [frame["color_path"].rpartition("/")[2] for frame in listed["frames"]]
        assert names == ["0.jpg", "2.jpg"]
        eyes = [np.loadtxt(rgbd / "pose" / f"{n}.txt")[0, 3] for n in range(3)]
        assert eyes == sorted(eyes)
        chosen.append(tuple(np.round(eyes, 3)))
    assert len(set(chosen)) > 1


def test_a_second_call_goes_on(raw, tmp_path):
    out = tmp_path / "out"
    outcomes(raw, out)
    (out / "metadata" / "val" / "scene0011_00.json").unlink()
    written = (out / "train" / "scene0000_00" / "coord.npy").stat().st_mtime_ns
    assert outcomes(raw, out) == {
        "scene0000_00": "kept",
        "scene0011_00": "written",
        "scene0707_00": "kept",
    }
    assert (out / "train" / "scene0000_00" / "coord.npy").stat().st_mtime_ns == written


def test_exported_frames_do_as_well(raw, tmp_path, world):
    folder = raw.root / "scans" / "scene0011_00"
    (folder / "scene0011_00.sens").unlink()
    for inside in ("color", "depth", "pose", "intrinsic"):
        (folder / inside).mkdir()
    frame, K = world.frame(world.eyes[3])
    write_color_image(frame.image, folder / "color" / "40.jpg")
    write_depth(frame.depth, folder / "depth" / "40.png")
    np.savetxt(folder / "pose" / "40.txt", np.linalg.inv(frame.viewmat.astype(np.float64)))
    matrix = np.eye(4)
    matrix[:3, :3] = K - [[0, 0, 0.5], [0, 0, 0.5], [0, 0, 0]]
    np.savetxt(folder / "intrinsic" / "intrinsic_depth.txt", matrix)
    out = tmp_path / "out"
    assert outcomes(raw, out)["scene0011_00"] == "written"
    sample = open_set(out, "val", views=1)[0]
    np.testing.assert_allclose(sample["viewmats"][0], frame.viewmat, atol=1e-5)
    np.testing.assert_allclose(sample["Ks"][0], K, rtol=1e-5)


@pytest.mark.slow
def test_several_scenes_at_once(raw, tmp_path):
    assert outcomes(raw, tmp_path / "out", num_workers=2)["scene0707_00"] == "points only"
    assert len(open_set(tmp_path / "out", "train", views=1)) == 1


def test_shares_write_the_files_of_one_call(raw, tmp_path):
    def contents(out):
        return {path.relative_to(out): path.read_bytes() for path in out.rglob("*.*")}

    outcomes(raw, tmp_path / "whole")
    found = [outcomes(raw, tmp_path / "shares", share=WorkShare(k, 2)) for k in (1, 2)]
    assert not found[0].keys() & found[1].keys()
    assert contents(tmp_path / "shares") == contents(tmp_path / "whole")


def test_what_is_no_release_is_refused(raw, tmp_path):
    with pytest.raises(DataError, match=r"there is no scene here; expected scans/scene0000_00"):
        list(prepare(tmp_path / "nothing", tmp_path / "out"))
    (raw.root / "scannetv2-labels.combined.tsv").unlink()
    with pytest.raises(DataError, match=r"combined\.tsv: cannot be read"):
        list(prepare(raw.root, tmp_path / "out"))


def test_the_command_goes_on_past_bad_scenes_and_says_so(raw, tmp_path):
    scans = raw.root / "scans"
    (scans / "scene0000_00" / "scene0000_00.aggregation.json").unlink()
    shutil.copytree(scans / "scene0011_00", scans / "scene11")
    done = run_gaussrep("prepare-scannet", raw.root, tmp_path / "out")
    assert done.returncode == 1, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("scene0000_00: failed: ")
    assert lines[0].endswith("scene0000_00.aggregation.json: there is no such file.")
    assert lines[1] == "scene0011_00: written"
    assert lines[2].startswith("scene11: failed: scene11: this is not a name of a ScanNet scene")
    assert lines[3:] == ["scene0707_00: points only", "2 failed, 1 written, 1 points only"]
