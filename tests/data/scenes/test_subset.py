from itertools import pairwise

import pytest

from gaussrep.data.scenes.subset import subset_scenes
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
