import json
import socket

import numpy as np
import pytest
from encoded_samples import png

import gaussrep as gr
from gaussrep.data.encoded import parquet_files
from gaussrep.data.encoded.parquet_files import ParquetImages
from gaussrep.data.image_files import UnreadableImageError
from gaussrep.errors import DataError
from gaussrep.training.loading import ShuffledOrder

datasets = pytest.importorskip("datasets")


@pytest.fixture(autouse=True)
def offline(monkeypatch, tmp_path):
    """No connection, and a cache of the test's own."""

    def refuse(*arguments):
        raise AssertionError("a connection was made")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", str(tmp_path / "cache"))


def table(numbers, **columns):
    rows = {"image": [{"bytes": png(number), "path": None} for number in numbers]}
    rows |= {"label": [number % 3 for number in numbers], **columns}
    kinds = {"image": datasets.Image(), "label": datasets.ClassLabel(names=["cat", "dog", "emu"])}
    kinds |= {name: datasets.Value("int64") for name in columns}
    return datasets.Dataset.from_dict(rows, features=datasets.Features(kinds))


def open_set(root, split="train", **settings):
    config = {"type": "huggingface", "root": str(root), "image_size": 12, **settings}
    return gr.build("datasets", config, split=split)


@pytest.fixture
def parquet(tmp_path):
    root = tmp_path / "set [1]"  # letters that patterns use
    (root / "data").mkdir(parents=True)
    for name, numbers in {"train-0": range(6), "train-1": range(6, 9), "test-0": [20, 21]}.items():
        table(numbers).to_parquet(str(root / "data" / f"{name}.parquet"))
    return root


def contents(data):
    return [data._images.content(data._number(index)) for index in range(len(data))]


def test_parquet_is_read_by_split(parquet, tmp_path):
    patterns = {"train_files": "**/train-*.parquet", "val_files": "**/test-*.parquet"}
    train, val = (open_set(parquet, split, **patterns) for split in ("train", "val"))
    assert contents(train) == [png(number) for number in range(9)]
    assert contents(val) == [png(20), png(21)]
    assert train.classes == ("cat", "dog", "emu")
    assert [train[index]["label"] for index in range(4)] == [0, 1, 2, 0]
    assert train[5]["image"].shape == (3, 12, 12)
    assert train.name_of(5) == "row 5"


def test_the_cache_is_where_it_is_wanted(parquet, tmp_path):
    open_set(parquet, cache=str(tmp_path / "elsewhere"))
    assert list((tmp_path / "elsewhere").rglob("*.arrow"))
    assert not (tmp_path / "cache").exists()


def test_folders_of_save_to_disk_need_no_copy(tmp_path):
    table(range(9)).save_to_disk(str(tmp_path / "one"))
    train, val = (open_set(tmp_path / "one", split, val_fraction=0.3) for split in ("train", "val"))
    assert sorted(contents(train) + contents(val)) == sorted(png(number) for number in range(9))
    splits = {"train": table(range(4)), "test": table([7])}
    datasets.DatasetDict(splits).save_to_disk(str(tmp_path / "two"))
    assert contents(open_set(tmp_path / "two")) == [png(number) for number in range(4)]
    assert contents(open_set(tmp_path / "two", "val")) == [png(7)]
    assert not (tmp_path / "cache").exists()


def test_columns_are_chosen(tmp_path):
    rows = table(range(4), coarse=[5, 6, 5, 5]).rename_column("image", "picture")
    rows.save_to_disk(str(tmp_path / "set"))
    data = open_set(tmp_path / "set", image_field="picture", label_field="coarse", classes=9)
    assert len(data.classes) == 9
    assert open_set(tmp_path / "set", label_field="none").classes == ()
    with pytest.raises(
        DataError, match="the columns are picture, label, coarse; expected the column"
    ):
        open_set(tmp_path / "set", image_field="image")
    with pytest.raises(DataError, match="a label is 6; expected 0 to 2"):
        open_set(tmp_path / "set", label_field="coarse", classes=3)


def test_a_file_that_a_row_names_is_not_opened(tmp_path):
    (tmp_path / "secret.png").write_bytes(png(0))
    rows = {"image": [{"bytes": None, "path": str(tmp_path / "secret.png")}] * 2}
    stored = {"bytes": datasets.Value("binary"), "path": datasets.Value("string")}
    kinds = datasets.Features({"image": stored})
    datasets.Dataset.from_dict(rows, features=kinds).save_to_disk(str(tmp_path / "set"))
    with pytest.raises(UnreadableImageError, match="row 0 holds no image; expected encoded bytes"):
        open_set(tmp_path / "set")[0]


def test_bytes_of_other_programs_are_images(tmp_path):
    datasets.Dataset.from_dict({"photo": [png(3)] * 2, "size": [1, 2]}).to_parquet(
        str(tmp_path / "a.parquet")
    )
    assert open_set(tmp_path).classes == ()
    assert open_set(tmp_path)._images.content(1) == png(3)


def test_damaged_offsets_are_found_before_a_row_is_read(tmp_path):
    table(range(4)).save_to_disk(str(tmp_path))
    (file,) = tmp_path.glob("*.arrow")
    ends = np.cumsum([0, *(len(png(number)) for number in range(4))], dtype=np.int32)
    content = file.read_bytes()
    assert content.count(ends.tobytes()) == 1
    damaged = np.array([*ends[:4], 2**31 - 1], dtype=np.int32)
    file.write_bytes(content.replace(ends.tobytes(), damaged.tobytes()))
    with pytest.raises(DataError, match=r"this data set cannot be read \("):
        open_set(tmp_path)


@pytest.mark.parametrize("fault", ["parquet", "arrow", "outside", "state", "column"])
def test_damaged_files_are_one_sentence(tmp_path, fault):
    folder = tmp_path / "set"
    table(range(4)).save_to_disk(str(folder))
    if fault == "parquet":
        folder = tmp_path
        (folder / "a.parquet").write_bytes(b"PAR1 nothing")
    elif fault == "arrow":
        (folder / "data-00000-of-00001.arrow").write_bytes(b"ARROW1\0\0")
    elif fault == "outside":
        state = json.loads((folder / "state.json").read_text())
        state["_data_files"] = [{"filename": "../other.arrow"}]
        (folder / "state.json").write_text(json.dumps(state))
    elif fault == "state":
        (folder / "state.json").write_text("[" * 100_000)
    else:
        datasets.Dataset.from_dict({"a": [1]}).save_to_disk(str(folder / "more"))
        folder /= "more"
    with pytest.raises(DataError, match=r"this data set cannot be read \(|expected one column of "):
        open_set(folder)


def write_groups(path, numbers, **settings):
    table(numbers).to_parquet(str(path), batch_size=3, **settings)


def test_streamed_parquet_is_read_in_place(parquet, tmp_path):
    patterns = {"train_files": "**/train-*.parquet", "val_files": "**/test-*.parquet"}
    train, val = (
        open_set(parquet, split, streaming=True, **patterns) for split in ("train", "val")
    )
    assert contents(train) == [png(number) for number in range(9)]
    assert contents(val) == [png(20), png(21)]
    assert train.classes == ("cat", "dog", "emu")
    assert [train[index]["label"] for index in range(4)] == [0, 1, 2, 0]
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("split", ["train", "val"])
def test_streaming_holds_out_the_same_images(parquet, split):
    given = {"train_files": "**/train-*.parquet", "val_fraction": 0.4}
    streamed = open_set(parquet, split, streaming=True, **given)
    assert contents(streamed) == contents(open_set(parquet, split, **given))
    pieces = streamed.pieces()
    assert pieces.samples.sum() == len(streamed)
    assert pieces.read.sum() == 9


def test_each_row_group_is_read_once_per_epoch(tmp_path, monkeypatch):
    write_groups(tmp_path / "a.parquet", range(30))
    data = open_set(tmp_path, streaming=True, shuffle_buffer=5, val_fraction=0.2)
    reads, read = [], ParquetImages._read

    def count(self, path, number):
        reads.append(number)
        return read(self, path, number)

    monkeypatch.setattr(ParquetImages, "_read", count)
    order = ShuffledOrder(size=len(data), seed=3, batch_size=1, pieces=data.pieces()).permutation(0)
    shown = [data._images.content(data._number(int(index))) for index in order]
    assert sorted(reads) == list(range(10))
    assert sorted(shown) == sorted(contents(data))
    assert list(order) != sorted(order)


def test_files_with_other_columns_are_refused(tmp_path):
    table([0]).to_parquet(str(tmp_path / "a.parquet"))
    table([1]).remove_columns("label").to_parquet(str(tmp_path / "b.parquet"))
    with pytest.raises(DataError, match=r"b.parquet: its column label is missing; expected int64"):
        open_set(tmp_path, streaming=True)


def test_a_row_group_that_is_too_large_is_refused(tmp_path, monkeypatch):
    write_groups(tmp_path / "a.parquet", range(3))
    monkeypatch.setattr(parquet_files, "MAX_GROUP_BYTES", 100)
    with pytest.raises(DataError, match=r"row group 0 holds .* expected at most 2 GB"):
        open_set(tmp_path, streaming=True)


def test_a_damaged_row_group_names_its_file(tmp_path):
    path = tmp_path / "a.parquet"
    write_groups(path, range(6))
    data = open_set(tmp_path, streaming=True, val_fraction=0.1)
    content = bytearray(path.read_bytes())
    content[4:200] = bytes(196)
    path.write_bytes(content)
    with pytest.raises(UnreadableImageError, match=r"a.parquet: row group \d cannot be read"):
        contents(data)


def test_a_file_that_lost_rows_is_named(tmp_path):
    path = tmp_path / "a.parquet"
    write_groups(path, range(3))
    data = open_set(tmp_path, streaming=True, val_fraction=0.1)
    write_groups(path, range(1))
    with pytest.raises(UnreadableImageError, match=r"a.parquet: row [12] is missing"):
        contents(data)


def test_columns_of_unequal_length_are_refused(tmp_path, monkeypatch):
    """As the footer of a damaged file gives them; found by `make fuzz`."""
    write_groups(tmp_path / "a.parquet", range(3))
    index = ParquetImages._index
    monkeypatch.setattr(
        ParquetImages, "_index", lambda *given: [count + 1 for count in index(*given)]
    )
    with pytest.raises(DataError, match="the column label holds 3 rows of 4; the files are dam"):
        open_set(tmp_path, streaming=True)
