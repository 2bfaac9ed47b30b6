import logging
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file

from gaussrep.embedding import FolderEmbedding, embed, shards
from gaussrep.embedding.folder import embed_share
from gaussrep.errors import CapabilityError, DataError, FormatError, RunError
from gaussrep.runtime.work_shares import WorkShare

NAMES = ("a/0.png", "a/2.png", "a/4.png", "a/6.png", "b/1.png", "b/3.png", "b/5.png")
WANTED = torch.tensor([[10.0 * int(name[2]), 0, 255] for name in NAMES]) / 255


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    monkeypatch.setattr(shards, "SHARD_SIZE", 3)


@pytest.mark.parametrize("settings", [{}, {"batch_size": 2}, {"num_workers": 1, "batch_size": 1}])
def test_pooled_embeddings_and_their_names(method, image_folder, tmp_path, settings):
    out = tmp_path / "features.safetensors"
    found = embed(method, image_folder, out, image_size=8, **settings)
    assert found.names == NAMES
    assert found.damaged == ("a/3.png",)
    torch.testing.assert_close(found.load(), WANTED)
    assert load_file(out).keys() == {"pooled"}
    assert FolderEmbedding.open(out) == found
    assert {path.name for path in tmp_path.iterdir()} == {"image_folder", "features.safetensors"}


def test_each_shard_is_named_once_and_not_in_every_batch(
    method, image_folder, tmp_path, monkeypatch
):
    named, join = [], Path.__truediv__

    def counted(folder, name):
        if str(name).startswith("part-"):
            named.append(name)
        return join(folder, name)

    monkeypatch.setattr(Path, "__truediv__", counted)
    embed(method, image_folder, tmp_path / "f.safetensors", image_size=8, batch_size=1)
    assert named == [f"part-{number:06d}.safetensors" for number in range(3)]


def test_tokens(method, image_folder, tmp_path):
    found = embed(method, image_folder, tmp_path / "t.safetensors", image_size=8, tokens=True)
    torch.testing.assert_close(found.load(), WANTED[:, None].expand(-1, 4, -1))
    with safe_open(found.file, framework="pt") as tensors:
        assert list(tensors.keys()) == ["tokens"]


def test_the_central_square_is_embedded(method, tmp_path):
    photo = Image.new("RGB", (30, 10), "red")
    photo.paste("blue", (10, 0, 20, 10))
    photo.save(tmp_path / "wide.png")
    found = embed(method, tmp_path, tmp_path / "f.safetensors", image_size=10)
    assert found.load().tolist() == [[0, 0, 1]]


def test_shares_make_the_file_of_one_call(method, image_folder, tmp_path):
    whole, out = tmp_path / "whole.safetensors", tmp_path / "shares.safetensors"
    embed(method, image_folder, whole, image_size=8, batch_size=2)
    settings = {"image_size": 8, "batch_size": 2}
    assert embed_share(method, image_folder, out, WorkShare(2, 2), **settings) == 2
    assert embed_share(method, image_folder, out, WorkShare(1, 2), **settings) == 0
    method.seen = 0
    embed(method, image_folder, out, **settings)
    assert method.seen == 0
    assert out.read_bytes() == whole.read_bytes()


def test_a_killed_call_goes_on_and_gives_the_same_file(method, image_folder, tmp_path):
    embed(method, image_folder, tmp_path / "whole.safetensors", image_size=8, batch_size=2)
    assert method.seen == 7

    def kill(done, total):
        assert total == 8
        if done == 5:
            raise KeyboardInterrupt

    out = tmp_path / "parts.safetensors"
    with pytest.raises(KeyboardInterrupt):
        embed(method, image_folder, out, image_size=8, batch_size=2, on_progress=kill)
    assert not out.exists()
    method.seen = 0
    told = []
    embed(
        method,
        image_folder,
        out,
        image_size=8,
        batch_size=2,
        on_progress=lambda done, _: told.append(done),
    )
    assert told == [3, 5, 6, 8]  # the first part of three was finished
    assert method.seen == 5
    assert out.read_bytes() == (tmp_path / "whole.safetensors").read_bytes()


def test_parts_of_another_embedding_are_refused(method, image_folder, tmp_path):
    def kill(done, total):
        if done > 3:
            raise KeyboardInterrupt

    out = tmp_path / "f.safetensors"
    with pytest.raises(KeyboardInterrupt):
        embed(method, image_folder, out, image_size=8, on_progress=kill)
    refusal = r"f\.safetensors\.parts holds parts of another embedding .* give another --out"
    with pytest.raises(RunError, match=refusal):
        embed(method, image_folder, out, image_size=9)
    with pytest.raises(RunError, match=refusal):
        embed(method, image_folder, out, image_size=8, tokens=True)
    torch.nn.init.constant_(method.gain, 2.0)
    with pytest.raises(RunError, match=refusal):
        embed(method, image_folder, out, image_size=8)
    torch.nn.init.ones_(method.gain)
    assert embed(method, image_folder, out, image_size=8).names == NAMES


def test_a_damaged_part_is_named(method, image_folder, tmp_path):
    def damage(done, total):
        if done == total:
            part = tmp_path / "f.safetensors.parts" / "part-000000.safetensors"
            part.write_bytes(part.read_bytes()[:-3])

    out = tmp_path / "f.safetensors"
    with pytest.raises(RunError, match=r"part-000000\.safetensors is damaged; remove it"):
        embed(method, image_folder, out, image_size=8, on_progress=damage)


def test_a_damaged_image_is_warned_about(method, image_folder, tmp_path, caplog):
    with caplog.at_level(logging.WARNING, "gaussrep"):
        embed(method, image_folder, tmp_path / "f.safetensors", image_size=8)
    [record] = caplog.records
    assert record.getMessage().startswith(f"left out: {image_folder / 'a' / '3.png'}: this image")


def test_only_damaged_images(method, tmp_path):
    for number in range(4):
        (tmp_path / f"{number}.jpg").write_bytes(b"")
    with pytest.raises(DataError, match="none of the 4 images here can be read"):
        embed(method, tmp_path, tmp_path / "f.safetensors", image_size=8)
    assert not (tmp_path / "f.safetensors.parts").exists()


def test_a_folder_without_images_and_a_method_without_embedding(
    method, image_folder, tmp_path, monkeypatch
):
    with pytest.raises(DataError, match="there is no such folder"):
        embed(method, tmp_path / "none", tmp_path / "f.safetensors", image_size=8)
    with pytest.raises(DataError, match="cannot write"):
        embed(method, image_folder, image_folder / "b" / "1.png" / "f.safetensors", image_size=8)
    monkeypatch.setattr("gaussrep.embedding.folder.LONGEST_LIST", 100)
    with pytest.raises(DataError, match=r"8 images take \d+ bytes, .* subfolders one by one"):
        embed(method, image_folder, tmp_path / "f.safetensors", image_size=8)
    monkeypatch.undo()
    from gaussrep.methods import Method

    monkeypatch.setattr(type(method), "embed", Method.embed)
    with pytest.raises(CapabilityError, match="Averager gives no embedding"):
        embed(method, image_folder, tmp_path / "f.safetensors", image_size=8)


@pytest.mark.parametrize("content", [None, b"", b"1234567890"])
def test_a_file_that_is_none(tmp_path, content):
    file = tmp_path / "f.safetensors"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(FormatError, match="is not the embedding of a folder of images"):
        FolderEmbedding.open(file)
