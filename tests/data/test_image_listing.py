import pytest
from hypothesis import given
from hypothesis import strategies as st

from gaussrep.data.image_files import list_images, split_images
from gaussrep.errors import DataError


def touch(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def test_pictures_of_all_folders_in_sorted_order(tmp_path):
    touch(tmp_path, "b.png", "a/z.JPG", "a/b/c.webp", "a.jpeg", "\N{SNOWMAN}/ü ñ.bmp", "notes.txt")
    assert list_images(tmp_path) == [
        "a.jpeg", "a/b/c.webp", "a/z.JPG", "b.png", "\N{SNOWMAN}/ü ñ.bmp",
    ]  # fmt: skip


def test_hidden_files_and_folders_are_left_out(tmp_path):
    touch(tmp_path, "a.png", "._a.png", ".thumbnails/a.png")
    assert list_images(tmp_path) == ["a.png"]


def test_a_link_in_a_circle_ends_and_nothing_counts_twice(tmp_path):
    touch(tmp_path, "a/x.png")
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert list_images(tmp_path) == ["a/x.png"]


def test_links_to_files_and_folders_elsewhere_are_followed(tmp_path):
    touch(tmp_path, "store/x.png", "other/y.png")
    root = tmp_path / "root"
    root.mkdir()
    (root / "linked").symlink_to(tmp_path / "store")
    (root / "y.png").symlink_to(tmp_path / "other" / "y.png")
    assert list_images(root) == ["linked/x.png", "y.png"]


def test_missing_empty_and_mistaken_folders(tmp_path):
    with pytest.raises(DataError, match=r"none: there is no such folder; wanted a folder"):
        list_images(tmp_path / "none")
    with pytest.raises(DataError, match=r"holds no image \(\.bmp"):
        list_images(tmp_path)
    touch(tmp_path, "a.png")
    with pytest.raises(DataError, match=r"a\.png: this is a file"):
        list_images(tmp_path / "a.png")


def test_a_link_to_itself_is_one_sentence(tmp_path):
    (tmp_path / "self").symlink_to(tmp_path / "self")
    with pytest.raises(DataError, match="self"):
        list_images(tmp_path)


NAMES = st.lists(st.text(min_size=1), min_size=2, max_size=40, unique=True)


@given(NAMES, st.floats(0.01, 0.99))
def test_a_split_loses_and_doubles_nothing_and_both_have_some(names, share):
    train, val = split_images(names, share)
    assert sorted(train + val) == sorted(names)
    assert train
    assert val


def test_the_share_is_met_and_the_same_ones_stay_held_out():
    names = [f"picture {number}.png" for number in range(4000)]
    _, val = split_images(names, 0.05)
    assert 140 <= len(val) <= 260
    _, fewer = split_images(names[:2000], 0.05)
    assert fewer == [name for name in val if name in set(names[:2000])]


def test_the_split_is_the_same_on_every_machine():
    # By `printf 11.jpg | b2sum -l 64` the digests of these two alone begin below 0x3333.
    _, val = split_images([f"{number}.jpg" for number in range(20)], 0.2)
    assert val == ["11.jpg", "12.jpg"]


def test_a_single_picture_is_for_training():
    assert split_images(["a.png"], 0.99) == (["a.png"], [])
