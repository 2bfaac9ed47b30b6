import os
import tarfile

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from torch.utils.data import DataLoader

from gaussrep.building import build
from gaussrep.data.bsds500 import BSDS500, UnreadableAnnotationsError, read_annotations
from gaussrep.data.config import BSDS500Config
from gaussrep.data.image_files import UnreadableImageError
from gaussrep.errors import DataError

savemat = pytest.importorskip("scipy.io").savemat


def write_annotations(path, annotators, height=4, width=6):
    """Annotator `a` splits the image after column `a + 1`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cells = np.empty((1, annotators), dtype=object)
    for number in range(annotators):
        segments = np.ones((height, width), dtype=np.uint16)
        segments[:, number + 2 :] = 2
        boundaries = np.zeros((height, width), dtype=np.uint8)
        boundaries[:, number + 1] = 1
        cells[0, number] = {"Segmentation": segments, "Boundaries": boundaries}
    savemat(path, {"groundTruth": cells}, do_compression=True)


def write_color_image(path, height=4, width=6, gray=51):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (width, height), (gray, gray, gray)).save(path)


@pytest.fixture
def root(tmp_path):
    for split, stems in (("train", ("20", "100")), ("val", ("3",))):
        for stem in stems:
            write_color_image(tmp_path / "images" / split / f"{stem}.jpg")
            write_annotations(tmp_path / "groundTruth" / split / f"{stem}.mat", 2)
    (tmp_path / "images" / "train" / "Thumbs.db").touch()
    return tmp_path


def test_samples_have_the_agreed_form(root):
    sample = BSDS500(BSDS500Config(root=root))[1]
    assert set(sample) == {"image", "index", "boundaries", "segments"}
    assert sample["image"].shape == (3, 4, 6)
    torch.testing.assert_close(sample["image"], torch.full((3, 4, 6), 0.2))
    assert sample["index"].item() == 1
    assert sample["boundaries"].dtype == torch.bool
    assert sample["segments"].dtype == torch.int64
    assert sample["boundaries"].int().tolist() == [
        [[0, 1, 0, 0, 0, 0]] * 4,
        [[0, 0, 1, 0, 0, 0]] * 4,
    ]
    assert sample["segments"].tolist() == [[[1, 1, 2, 2, 2, 2]] * 4, [[1, 1, 1, 2, 2, 2]] * 4]


def test_splits_and_sorted_order(root):
    write_color_image(root / "images" / "train" / "100.jpg", gray=255)
    train, val = BSDS500(BSDS500Config(root=root)), BSDS500(BSDS500Config(root=root), "val")
    assert (len(train), len(val)) == (2, 1)
    assert train[0]["image"].min() == 1
    for index in (-1, 2):
        with pytest.raises(IndexError, match="outside 0 to 1"):
            train[index]


@pytest.mark.parametrize("place", ["data", "BSDS500/data", "BSR/BSDS500/data"])
def test_the_published_archive_s_folders_are_found(root, tmp_path_factory, place):
    outer = tmp_path_factory.mktemp("outer")
    (outer / place).parent.mkdir(parents=True, exist_ok=True)
    (outer / place).symlink_to(root)
    assert len(BSDS500(BSDS500Config(root=outer))) == 2


def test_a_folder_without_the_data(tmp_path):
    with pytest.raises(DataError, match="expected the folder of BSDS500 that holds the folders"):
        BSDS500(BSDS500Config(root=tmp_path))


def test_a_missing_and_an_empty_split(root):
    (root / "images" / "val" / "3.jpg").unlink()
    (root / "groundTruth" / "val" / "3.mat").unlink()
    with pytest.raises(DataError, match=r"val: this folder holds no image\."):
        BSDS500(BSDS500Config(root=root), "val")
    (root / "groundTruth" / "val").rmdir()
    with pytest.raises(DataError, match=r"val: cannot be read: No such file or directory\."):
        BSDS500(BSDS500Config(root=root), "val")


def test_files_without_a_partner_are_named(root):
    lost = root / "groundTruth" / "train" / "20.mat"
    kept = lost.rename(root / "kept")
    with pytest.raises(DataError, match=r"20\.jpg: this image's annotations, .*20\.mat, are"):
        BSDS500(BSDS500Config(root=root))
    kept.rename(lost)
    (root / "images" / "train" / "100.jpg").unlink()
    with pytest.raises(DataError, match=r"100\.mat: the image for these, .*100\.jpg, is"):
        BSDS500(BSDS500Config(root=root))


def test_annotations_of_another_size(root):
    write_annotations(root / "groundTruth" / "val" / "3.mat", 1, height=6, width=4)
    with pytest.raises(
        UnreadableAnnotationsError, match=r"3\.mat: Boundaries has the shape \(6, 4\)"
    ):
        BSDS500(BSDS500Config(root=root), "val")[0]


def test_annotations_without_annotators(tmp_path):
    savemat(tmp_path / "a.mat", {"groundTruth": np.empty((1, 0), dtype=object)})
    with pytest.raises(UnreadableAnnotationsError, match=r"a\.mat: this file holds no annotator"):
        read_annotations(tmp_path / "a.mat", 4, 6)


def test_other_matlab_files(tmp_path):
    for content in ({"other": 1}, {"groundTruth": 1}, {"groundTruth": {"Boundaries": "x"}}):
        savemat(tmp_path / "a.mat", content)
        with pytest.raises(
            UnreadableAnnotationsError, match=r"a\.mat: these annotations cannot be"
        ):
            read_annotations(tmp_path / "a.mat", 4, 6)


@pytest.mark.parametrize("workers", [0, 1])
def test_a_damaged_file_is_one_sentence_from_any_process(root, workers):
    path = root / "groundTruth" / "val" / "3.mat"
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(UnreadableAnnotationsError) as caught:
        next(iter(DataLoader(BSDS500(BSDS500Config(root=root), "val"), num_workers=workers)))
    message = str(caught.value)
    assert message.startswith(f"{path}: these annotations cannot be read (")
    assert message.endswith("get them again from BSDS500.")
    assert "\n" not in message


def test_a_damaged_image_is_named(root):
    (root / "images" / "val" / "3.jpg").write_bytes(b"no picture")
    with pytest.raises(UnreadableImageError, match=r"3\.jpg: this image cannot be read"):
        BSDS500(BSDS500Config(root=root), "val")[0]


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damaged_annotations_load_or_are_one_error(tmp_path, data):
    path = tmp_path / "a.mat"
    write_annotations(path, 2)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    message = None
    try:
        assert read_annotations(path, 4, 6).boundaries.shape[1:] == (4, 6)
    except UnreadableAnnotationsError as error:
        message = str(error)
    assert message is None or (message.startswith(str(path)) and "\n" not in message)


def test_the_plugin_system_builds_it(root):
    dataset = build("datasets", {"type": "bsds500", "root": root}, split="val")
    assert len(dataset) == 1


def test_real_images(real_data, tmp_path):
    archive = real_data / "bsds500-trainval.tar"
    if not archive.exists():
        pytest.skip(f"needs {archive.name}")
    names = [f"{kind}/val/{stem}" for kind, stem in (("images", "101085.jpg"),)]
    names += ["groundTruth/val/101085.mat"]
    with tarfile.open(archive) as files:
        for name in names:
            files.extract(name, tmp_path, filter="data")
    sample = BSDS500(BSDS500Config(root=tmp_path), "val")[0]
    annotators, height, width = sample["boundaries"].shape
    assert sample["image"].shape == (3, height, width)
    assert {height, width} == {321, 481}
    assert annotators >= 4
    for boundaries, segments in zip(sample["boundaries"], sample["segments"], strict=True):
        assert 0.005 < boundaries.float().mean() < 0.1
        assert segments.min() == 1
        changes = torch.zeros_like(boundaries)
        changes[:, :-1] |= segments.diff(dim=1) != 0
        changes[:-1] |= segments.diff(dim=0) != 0
        near = torch.nn.functional.max_pool2d(boundaries[None].float(), 3, 1, 1)[0] > 0
        assert near[changes].float().mean() > 0.99
