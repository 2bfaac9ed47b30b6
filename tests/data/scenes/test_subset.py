import json
import pickle
from itertools import pairwise

import numpy as np
import pytest
import torch

from gaussrep.data.scenes.augment_config import DropoutConfig
from gaussrep.data.scenes.augmentation import dropout, random_subsample, sphere_crop
from gaussrep.data.scenes.scene import Scene
from gaussrep.data.scenes.subset import LabeledPoints, subset_scenes
from gaussrep.errors import DataError

NAMES = tuple(f"scene{number:04d}_00" for number in range(200))


def test_smaller_shares_lie_within_larger_ones(tmp_path):
    chosen = [subset_scenes(NAMES, share, 0, tmp_path) for share in (0.01, 0.05, 0.1, 0.2, 1.0)]
    assert [len(names) for names in chosen] == [2, 10, 20, 40, 200]
    for smaller, larger in pairwise(chosen):
        assert set(smaller) < set(larger)
        assert list(smaller) == sorted(smaller)


def test_another_seed_chooses_others_and_one_scene_is_the_least(tmp_path):
    assert (
        subset_scenes(NAMES, 0.1, 0, tmp_path) == subset_scenes(NAMES[::-1], 0.1, 0, tmp_path)[::-1]
    )
    assert subset_scenes(NAMES, 0.1, 0, tmp_path) != subset_scenes(NAMES, 0.1, 1, tmp_path)
    assert len(subset_scenes(NAMES[:3], 0.01, 0, tmp_path)) == 1


def test_an_official_list_is_obeyed(tmp_path):
    listed = tmp_path / "tasks" / "scenes" / "5.txt"
    listed.parent.mkdir(parents=True)
    listed.write_text("scene0007_00\nscene0003_00\n")
    assert subset_scenes(NAMES, 0.05, 0, tmp_path) == ("scene0003_00", "scene0007_00")
    listed.write_text("scene0303_00\n")
    with pytest.raises(DataError, match=r"5\.txt: this list names the scene scene0303_00"):
        subset_scenes(NAMES, 0.05, 0, tmp_path)
    listed.write_text("")
    with pytest.raises(DataError, match=r"5\.txt: this list names no scene"):
        subset_scenes(NAMES, 0.05, 0, tmp_path)


@pytest.fixture
def scene(world):
    return Scene("scene0000_00", world.cloud(100))


@pytest.fixture
def lists(tmp_path):
    folder = tmp_path / "tasks" / "points"
    folder.mkdir(parents=True)
    return folder


def test_so_many_points_keep_their_labels(scene, tmp_path):
    kept = LabeledPoints(tmp_path, 20, 0).keep(scene).cloud
    labeled = kept.labels >= 0
    assert int(labeled.sum()) == 20
    assert torch.equal(kept.labels[labeled], scene.cloud.labels[labeled])
    assert kept.count == 100
    again = LabeledPoints(tmp_path, 20, 0).keep(scene).cloud.labels
    assert torch.equal(again, kept.labels)
    other = LabeledPoints(tmp_path, 20, 0).keep(scene.replace(name="scene0001_00")).cloud.labels
    assert not torch.equal(other, kept.labels)
    seeded = LabeledPoints(tmp_path, 20, 1).keep(scene).cloud.labels
    assert not torch.equal(seeded, kept.labels)


@pytest.mark.parametrize("seed", range(5))
def test_labeled_points_survive_dropout_and_crops(scene, tmp_path, seed):
    rng = np.random.default_rng(seed)
    limited = LabeledPoints(tmp_path, 10, 0).keep(scene)
    dropped = dropout(limited, DropoutConfig(probability=1, fraction=0.9), rng)
    assert int((dropped.cloud.labels >= 0).sum()) == 10
    assert dropped.cloud.count <= 20
    for fewer in (sphere_crop, random_subsample):
        cropped = fewer(limited, 12, rng)
        assert cropped.cloud.count == 12
        assert int((cropped.cloud.labels >= 0).sum()) == 10


@pytest.mark.parametrize("ending", [".json", ".npz", ".pth", ""])
def test_official_lists_are_obeyed(scene, tmp_path, lists, ending):
    path = lists / f"points20{ending}"
    points = {"scene0000_00": [2, 5]}
    if ending == ".json":
        path.write_text(json.dumps(points))
    elif ending == ".npz":
        np.savez(path, **points)
    else:
        torch.save({"scene0000_00": torch.tensor([2, 5])}, path)
    kept = LabeledPoints(tmp_path, 20, 0).keep(scene)
    assert kept.protected_mask.nonzero()[:, 0].tolist() == [2, 5]


def test_bad_lists_are_named(scene, tmp_path, lists):
    path = lists / "points20.json"
    path.write_text('{"scene0000_00": [100]}')
    with pytest.raises(DataError, match=r"points20\.json: points 100 to 100 .* which has 100"):
        LabeledPoints(tmp_path, 20, 0).keep(scene)
    path.write_text("{}")
    with pytest.raises(DataError, match=r"no entry for the scene scene0000_00"):
        LabeledPoints(tmp_path, 20, 0).keep(scene)
    path.write_text("[]")
    with pytest.raises(DataError, match="holds no mapping"):
        LabeledPoints(tmp_path, 20, 0)


def test_pickles_are_refused_with_the_cure(tmp_path, lists):
    (lists / "points50").write_bytes(pickle.dumps({"scene0000_00": {1, 2}}))
    with pytest.raises(DataError, match=r"points50: cannot be read safely .* write it as JSON"):
        LabeledPoints(tmp_path, 50, 0)
