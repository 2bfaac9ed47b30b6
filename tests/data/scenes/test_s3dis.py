import numpy as np
import pytest

from gaussrep.building import build
from gaussrep.errors import CapabilityError, DataError


@pytest.fixture
def root(tmp_path):
    for area in range(1, 7):
        room = tmp_path / f"Area_{area}" / "office_1"
        room.mkdir(parents=True)
        np.save(room / "coord.npy", np.random.default_rng(area).random((20, 3), np.float32))
        np.save(room / "color.npy", np.full((20, 3), 51, np.uint8))
        np.save(room / "normal.npy", np.tile(np.float32([0, 0, 1]), (20, 1)))
        np.save(room / "segment.npy", np.arange(20).reshape(-1, 1).astype(np.int16) % 13)
        np.save(room / "instance.npy", np.arange(20).reshape(-1, 1).astype(np.int16))
    return tmp_path


def open_set(root, split, **settings):
    return build("datasets", {"type": "s3dis", "root": root, **settings}, split=split)


def test_area_5_is_held_out(root):
    assert open_set(root, "val").names == ("Area_5/office_1",)
    assert open_set(root, "train").names == tuple(f"Area_{n}/office_1" for n in (1, 2, 3, 4, 6))
    assert open_set(root, "val", val_areas=(1, 3)).names == ("Area_1/office_1", "Area_3/office_1")


def test_a_room_as_it_is_stored(root):
    dataset = open_set(root, "val")
    sample = dataset[0]
    assert sample["labels"].tolist() == [n % 13 for n in range(20)]
    assert sample["instances"].tolist() == list(range(20))
    assert set(sample["colors"].flatten().tolist()) == {np.float32(0.2)}
    assert len(dataset.classes) == 13
    assert dataset.classes[12] == "clutter"
    with pytest.raises(CapabilityError, match="holds no images"):
        dataset.source.frames("Area_5/office_1")


@pytest.mark.parametrize("ignored", [255, -100])
def test_labels_of_no_class_are_a_setting(root, ignored):
    labels = np.arange(20).reshape(-1, 1) % 13
    labels[::2] = ignored
    np.save(root / "Area_5" / "office_1" / "segment.npy", labels)
    with pytest.raises(DataError, match=r"expected -1 \(none\) to 12; set data\.ignored_labels"):
        open_set(root, "val")[0]
    found = open_set(root, "val", ignored_labels=(ignored,))[0]["labels"].tolist()
    assert found == [-1 if n % 2 == 0 else n % 13 for n in range(20)]


def test_a_room_without_normals_is_read(root, caplog):
    (root / "Area_5" / "office_1" / "normal.npy").unlink()
    normals = open_set(root, "val")[0]["normals"].numpy()
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1, atol=1e-6)
    assert "preprocess_s3dis writes it with --parse_normal" in caplog.text


def test_missing_areas_are_named(root, tmp_path):
    (root / "Area_5" / "office_1").rename(root / "elsewhere")
    with pytest.raises(DataError, match="Area_5: there is no scene here"):
        open_set(root, "val")
    with pytest.raises(DataError, match="Area_1: cannot be read"):
        open_set(tmp_path / "nothing", "train")
