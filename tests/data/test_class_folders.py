import os

import pytest

from gaussrep.data.folder_checks import split_folder
from gaussrep.data.folders import check_same_classes, label_names, list_classes
from gaussrep.errors import DataError


def test_the_preferred_name_of_a_split_wins(tmp_path):
    (tmp_path / "test").mkdir()
    assert split_folder(tmp_path, ("val", "test")) == tmp_path / "test"
    (tmp_path / "val").mkdir()
    assert split_folder(tmp_path, ("val", "test")) == tmp_path / "val"


def test_a_missing_split_is_one_sentence(tmp_path):
    (tmp_path / "val").touch()
    with pytest.raises(DataError, match=r"there is no folder val or test here; expected train and"):
        split_folder(tmp_path, ("val", "test"))


def test_classes_are_the_folders_in_sorted_order(tmp_path):
    for name in ("n10", "n9", "Zebra", "n1", ".cache"):
        (tmp_path / name).mkdir()
    (tmp_path / "notes.txt").touch()
    assert list_classes(tmp_path) == ("Zebra", "n1", "n10", "n9")


def test_a_folder_that_is_none_cannot_be_read(tmp_path):
    with pytest.raises(DataError, match="none: cannot be read: No such file"):
        list_classes(tmp_path / "none")


def test_labels_are_positions_among_the_classes(tmp_path):
    names = ["b/1.png", "a/deep/b/2.png", "c/3.png", "b/a.png"]
    assert label_names(names, ("a", "b", "c"), tmp_path) == [1, 0, 2, 1]


def test_images_in_no_class_are_named_and_counted(tmp_path):
    with pytest.raises(DataError, match=r": x\.png in no class; expected each image in the folder"):
        label_names(["a/1.png", "x.png"], ("a",), tmp_path)
    with pytest.raises(DataError, match=r"0\.png, 1\.png, 2\.png and 1,997 more in no class"):
        label_names([f"{number}.png" for number in range(2000)], (), tmp_path)


def test_a_class_without_an_image_is_named(tmp_path):
    with pytest.raises(DataError, match="no image in a, c; fill the folder or remove it"):
        label_names(["b/1.png"], ("a", "b", "c"), tmp_path)


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        (["a"], "val: lacks b, c; expected the same folders as in train, one per class"),
        (["a", "b", "c", "d"], "val: has d besides; expected"),
        (["a", "b", "d"], "val: lacks c and has d besides; expected"),
    ],
)
def test_splits_with_different_classes_are_refused(tmp_path, given, complaint):
    with pytest.raises(DataError) as caught:
        check_same_classes(["a", "b", "c"], given, tmp_path / "train", tmp_path / "val")
    assert complaint in str(caught.value).replace(f"{tmp_path}{os.sep}", "")


def test_splits_with_the_same_classes_pass(tmp_path):
    check_same_classes(["a", "b"], ["a", "b"], tmp_path, tmp_path)
