import numpy as np
import pytest

from gaussrep.data.scenes import scene_files
from gaussrep.data.scenes.scene_files import read_array, read_matrix
from gaussrep.data.unreadable import UnreadableSceneError


def test_arrays_come_back(tmp_path):
    np.save(tmp_path / "a.npy", np.arange(6).reshape(2, 3))
    assert read_array(tmp_path / "a.npy").tolist() == [[0, 1, 2], [3, 4, 5]]


def test_pickles_are_not_opened(tmp_path):
    np.save(tmp_path / "a.npy", np.array({"frames": 1}), allow_pickle=True)
    with pytest.raises(UnreadableSceneError, match=r"a\.npy: this array cannot be read"):
        read_array(tmp_path / "a.npy")


def test_damaged_arrays_are_named(tmp_path):
    path = tmp_path / "a.npy"
    with pytest.raises(UnreadableSceneError, match=r"a\.npy: there is no such file"):
        read_array(path)
    np.save(path, np.zeros(100))
    whole = path.read_bytes()
    for cut in (0, 5, 40, 300):
        path.write_bytes(whole[:cut])
        with pytest.raises(UnreadableSceneError, match=r"a\.npy: this array cannot be read"):
            read_array(path)
    np.save(path, np.array(["words"]))
    with pytest.raises(UnreadableSceneError, match="no array of numbers"):
        read_array(path)


def test_matrices(tmp_path):
    path = tmp_path / "0.txt"
    path.write_text("1 0 0\n0 inf 0\n0 0 1\n")
    assert read_matrix(path)[1, 1] == np.inf
    path.write_text("1 0 0\n")
    with pytest.raises(UnreadableSceneError, match=r"0\.txt: this file holds 3 numbers, expected"):
        read_matrix(path)
    path.write_text("one")
    with pytest.raises(UnreadableSceneError, match=r"0\.txt: this matrix cannot be read"):
        read_matrix(path)
    with pytest.raises(UnreadableSceneError, match=r"1\.txt: there is no such file"):
        read_matrix(tmp_path / "1.txt")


def test_an_archive_is_unpacked_up_to_a_limit(tmp_path, monkeypatch):
    np.savez_compressed(tmp_path / "a.npz", a=np.zeros(1000), b=np.arange(3))
    assert scene_files.read_npz(tmp_path / "a.npz")["b"].tolist() == [0, 1, 2]
    monkeypatch.setattr(scene_files, "MAX_UNPACKED", 4000)
    with pytest.raises(ValueError, match="unpacks to 8,"):
        scene_files.read_npz(tmp_path / "a.npz")
    np.savez(tmp_path / "a.npz", a=np.zeros(1000))
    assert len(scene_files.read_npz(tmp_path / "a.npz")["a"]) == 1000
