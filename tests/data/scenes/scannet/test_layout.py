import pytest

from gaussrep.data.scenes.scannet.layout import VAL_ROOMS, split_of
from gaussrep.errors import DataError


def test_scans_of_a_room_are_in_one_split():
    assert {split_of(f"scene0696_0{scan}") for scan in range(3)} == {"val"}
    assert [split_of(f"scene{room:04d}_00") for room in (706, 707, 806)] == [
        "train",
        "test",
        "test",
    ]
    assert len(VAL_ROOMS) == 142


@pytest.mark.parametrize("name", ["scene11_00", "scene0011", "kitchen"])
def test_other_names_are_refused(name):
    with pytest.raises(DataError, match="not a name of a ScanNet scene"):
        split_of(name)
