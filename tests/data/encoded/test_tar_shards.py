import gzip
import io
import itertools
import pickle
import tarfile

import pytest
import torch
from encoded_samples import labeled, png, write_tar
from PIL import Image

import gaussrep as gr
from gaussrep.data.image_files import UnreadableImageError
from gaussrep.data.sample import SampleKey
from gaussrep.errors import DataError
from gaussrep.training.loading import Position, ShuffledOrder, make_loader

pytest.importorskip("webdataset")


def open_set(root, split="train", **settings):
    config = {"type": "webdataset", "root": str(root), "image_size": 12, **settings}
    return gr.build("datasets", config, split=split)


SPLITS = {"train_files": "train/*.tar", "val_files": "val/*.tar"}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # its open files
def test_samples_are_those_that_webdataset_reads(shards):
    import webdataset

    found = open_set(shards, **SPLITS)
    paths = [str(path) for path in sorted(shards.glob("train/*.tar"))]
    wanted = list(webdataset.WebDataset(paths, shardshuffle=False))
    assert len(found) == len(wanted) == 16
    assert found.classes == ("0", "1", "2")
    for index, sample in enumerate(wanted):
        assert found[index]["label"] == int(sample["cls"])
        assert found._images.content(index) == sample["png"]
        assert found.name_of(index) == f"train/{index // 8}.tar/{sample['__key__']}.png"


def test_validation_images_are_center_crops(shards):
    sample = open_set(shards, "val", **SPLITS)[1]
    with Image.open(io.BytesIO(png(17))) as image:
        box = (0, 1, 10, 11)
        wanted = image.crop(box).resize((12, 12), Image.Resampling.BICUBIC)
    assert sample["image"].shape == (3, 12, 12)
    assert (
        bytes((sample["image"] * 255).round().byte().permute(1, 2, 0).numpy()) == wanted.tobytes()
    )
    assert sample["index"] == 1
    assert sample["label"] == 2


def test_training_crops_are_functions_of_the_key(shards):
    data = open_set(shards, **SPLITS)
    first = data[SampleKey(3, epoch=1, seed=2)]["image"]
    assert torch.equal(first, data[SampleKey(3, epoch=1, seed=2)]["image"])
    assert not torch.equal(first, data[SampleKey(3, epoch=2, seed=2)]["image"])


def test_without_validation_files_some_images_are_held_out(shards):
    train, val = (open_set(shards, split, val_fraction=0.2) for split in ("train", "val"))
    names = [{part.name_of(index) for index in range(len(part))} for part in (train, val)]
    assert not names[0] & names[1]
    assert len(names[0] | names[1]) == len(train) + len(val) == 20
    assert 1 <= len(val) < 12


def test_only_the_image_and_the_label_of_a_sample_are_read(tmp_path):
    class Trap:
        def __reduce__(self):
            return (pytest.fail, ("unpickled",))

    trap = pickle.dumps(Trap())
    files = {"a.pyd": trap, "a.pickle": trap, "a.png": png(0), "a.pth": trap, "a.seg.png": b""}
    write_tar(tmp_path / "0.tar", {**files, "b.txt": b"no image", "c.jpg": png(1)})
    data = open_set(tmp_path, val_files="*.tar")
    assert [data.name_of(index) for index in range(len(data))] == ["0.tar/a.png", "0.tar/c.jpg"]
    assert set(data[0]) == {"image", "index"}
    assert data.classes == ()


@pytest.mark.parametrize(
    ("files", "settings", "complaint"),
    [
        ({"a.png": b"", "a.jpg": b""}, {}, "the sample a has several images, jpg and png; choose"),
        ({"a.png": b"", "a.cls": b"cat"}, {}, "the label of a is not a whole number"),
        ({"a.png": b"", "a.cls": b"1" * 40}, {}, "the label of a is not a whole number"),
        ({"a.png": b"", "a.cls": b"1", "b.png": b""}, {}, "1 of 2 samples have no label"),
        ({"a.png": b"", "a.cls": b"7"}, {"classes": 5}, "a label is 7; expected 0 to 4"),
        ({"a.png": b"", "a.cls": b"9" * 9}, {}, "a label is 999999999; expected 0 to 999999"),
        ({"a.txt": b""}, {}, "the files of the train split hold no image"),
        ({"a.png": b"x"}, {"image_field": "jpg"}, "the files of the train split hold no image"),
    ],
)
def test_shards_that_cannot_be_used_are_refused(tmp_path, files, settings, complaint):
    write_tar(tmp_path / "0.tar", files)
    with pytest.raises(DataError, match=complaint):
        open_set(tmp_path, val_files="*.tar", **settings)


def test_one_of_several_images_is_chosen(tmp_path):
    write_tar(tmp_path / "0.tar", {"a.png": png(0), "a.mask.png": png(1), "a.jpg": b"x"})
    data = open_set(tmp_path, val_files="*.tar", image_field="mask.png")
    assert data.name_of(0) == "0.tar/a.mask.png"


def damaged(shard: bytes) -> dict[str, bytes]:
    header = bytearray(shard)
    header[512 * 4 : 512 * 4 + 20] = b"x" * 20  # where the third file starts
    return {"cut": shard[:2000], "header": bytes(header), "packed": gzip.compress(shard)}


@pytest.mark.parametrize("fault", ["cut", "header", "packed"])
def test_a_damaged_shard_is_one_sentence(tmp_path, fault):
    write_tar(tmp_path / "0.tar", labeled(range(4)))
    (tmp_path / "0.tar").write_bytes(damaged((tmp_path / "0.tar").read_bytes())[fault])
    with pytest.raises(DataError, match=r"0\.tar: this shard cannot be read \(.+\); expected an "):
        open_set(tmp_path)


def test_a_negative_size_does_not_read_for_ever(tmp_path):
    member = tarfile.TarInfo("a.png")
    member.size = -512
    (tmp_path / "0.tar").write_bytes(member.tobuf(tarfile.GNU_FORMAT) + bytes(1024))
    with pytest.raises(DataError, match="this shard cannot be read"):
        open_set(tmp_path)


def test_a_damaged_image_and_a_vanished_shard_are_named(shards):
    write_tar(shards / "train" / "0.tar", {"a.png": png(0)[:60], "a.cls": b"0"})
    data = open_set(shards, **SPLITS)
    with pytest.raises(UnreadableImageError, match=r"train/0\.tar/a\.png: this image cannot be re"):
        data[0]
    (shards / "train" / "0.tar").write_bytes(b"short")
    with pytest.raises(UnreadableImageError, match=r"a\.png: this image is cut off; the shard has"):
        data[0]
    (shards / "train" / "0.tar").unlink()
    with pytest.raises(UnreadableImageError, match=r"train/0\.tar: No such file"):
        data[0]


def test_shares_of_two_processes_and_a_resumed_run_are_the_samples_of_one(shards):
    data = open_set(shards, **SPLITS)

    def batches(processes, rank, step):
        order = ShuffledOrder(size=len(data), seed=5, batch_size=6, world_size=processes)
        keys = itertools.islice(order.batches(rank, Position(0, 0)), 5)
        loader = make_loader(data, list(keys)[step:], num_workers=0, device=torch.device("cpu"))
        return list(loader)

    whole = batches(1, 0, 0)
    parts = zip(batches(2, 0, 0), batches(2, 1, 0), strict=True)
    for batch, (first, second) in zip(whole, parts, strict=True):
        for name, values in batch.items():
            assert torch.equal(values, torch.cat([first[name], second[name]]))
    for batch, again in zip(whole[3:], batches(1, 0, 3), strict=True):
        assert all(torch.equal(values, again[name]) for name, values in batch.items())


def test_one_image_cannot_be_divided(tmp_path):
    write_tar(tmp_path / "0.tar", {"a.png": png(0)})
    assert len(open_set(tmp_path)) == 1
    with pytest.raises(DataError, match="there is one image; nothing can be held out"):
        open_set(tmp_path, "val")
