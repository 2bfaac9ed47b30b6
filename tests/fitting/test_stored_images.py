import csv
import logging

import pytest
import torch
from PIL import Image

from gaussrep.errors import DataError
from gaussrep.fitting import fit
from gaussrep.fitting import stored_images as module
from gaussrep.fitting.capture import open_capture
from gaussrep.fitting.capture_config import CaptureDatasetConfig, RecordingConfig, TransformsConfig
from gaussrep.fitting.dataset import CaptureDataset, images_of
from gaussrep.fitting.method import SceneFit
from gaussrep.fitting.posed_images import PosedImages
from gaussrep.fitting.run_fit import resume_fit
from gaussrep.fitting.stored_images import StoredImages
from gaussrep.fitting.transforms import write_transforms
from gaussrep.training.loading import make_loader

TINY = 1e-9


@pytest.fixture
def folder(tmp_path, tiny_capture):
    """Ten views of 16 x 16 pixels with transparency, the last one held out."""
    write_transforms(tiny_capture.train, tmp_path / "capture")
    return tmp_path / "capture"


def opened(folder, **settings):
    return open_capture(TransformsConfig(path=str(folder), **settings))


def assert_equal(found, expected):
    assert isinstance(found, PosedImages)
    for name in ("colors", "alphas", "depths", "masks"):
        one, two = getattr(found, name), getattr(expected, name)
        assert (one is None) == (two is None)
        assert one is None or torch.equal(one, two)
    assert torch.equal(found.cameras.viewmats, expected.cameras.viewmats)
    assert torch.equal(found.cameras.Ks, expected.cameras.Ks)


@pytest.mark.parametrize("change", ["none", "mask", "size", "opaque"])
def test_stored_images_are_those_of_memory(folder, change):
    first = folder / "images/00000.png"
    if change == "mask":
        (folder / "transforms.json").write_text(
            (folder / "transforms.json")
            .read_text()
            .replace(
                '"file_path": "images/00000.png"',
                '"file_path": "images/00000.png", "mask_path": "mask.png"',
            )
        )
        Image.new("L", (16, 16)).save(folder / "mask.png")
    elif change == "size":
        Image.open(first).resize((8, 8)).save(first)
    elif change == "opaque":
        for path in (folder / "images").iterdir():
            Image.open(path).convert("RGB").save(path)
    memory, stored = opened(folder), opened(folder, max_memory_gb=TINY)
    assert isinstance(memory.train, PosedImages)
    assert isinstance(stored.train, StoredImages)
    assert (memory.train.masks is not None) == (change in ("mask", "size"))
    for images in (memory.train, stored.train):
        assert images.has_transparency == (change != "opaque")
    assert_equal(stored.train.read(), memory.train)
    assert_equal(stored.train[2:4].read(), memory.train[2:4])
    assert_equal(stored.held_out.read(), memory.held_out)


def test_the_limit_is_that_of_decoded_images(folder):
    size = 10 * 16 * 16 * 4 * 4 / module.GIGABYTE
    assert isinstance(opened(folder, max_memory_gb=size).train, PosedImages)
    assert isinstance(opened(folder, max_memory_gb=0.99 * size).train, StoredImages)


def test_bad_frames_are_left_out_either_way(folder, caplog):
    (folder / "images/00003.png").write_bytes(b"no image")
    with caplog.at_level(logging.WARNING, "gaussrep"):
        stored = opened(folder, max_memory_gb=TINY, hold_out_every=5)
    assert "1 of 10 frames are left out: images/00003.png" in caplog.text
    assert (stored.train.count, stored.held_out.count) == (8, 1)
    assert_equal(stored.train.read(), opened(folder, hold_out_every=5).train)


def test_a_recording_is_stored_with_its_depth(recording, tmp_path):
    settings = {"path": str(recording), "hold_out_every": 5, "cache": str(tmp_path)}
    memory = open_capture(RecordingConfig(**settings))
    stored = open_capture(RecordingConfig(**settings, max_memory_gb=TINY))
    assert isinstance(stored.train, StoredImages)
    assert stored.train.layout.depths
    assert_equal(stored.train.read(), memory.train)
    assert_equal(stored.held_out.read(), memory.held_out)


def test_few_views_are_decoded_at_a_time(folder, monkeypatch):
    alive = []
    read = module.StoredImages.read

    def counted(self):
        alive.append(self.count)
        return read(self)

    stored = opened(folder, max_memory_gb=TINY)
    monkeypatch.setattr(module.StoredImages, "read", counted)
    config = CaptureDatasetConfig(capture={"path": str(folder)})
    dataset = CaptureDataset(config, "train", stored)
    keys = dataset.sample_order(seed=1, batch_size=2, gradient_accumulation_steps=1, world_size=1)
    device = torch.device("cpu")
    batches = iter(make_loader(dataset, keys.batches(0), num_workers=0, device=device))
    for step in range(1, 4):
        batch = next(batches)
        assert alive == [1] * 2 * step
        assert_equal(images_of(batch), opened(folder).train[batch["index"]])


def test_an_image_that_grew_is_an_error(folder):
    stored = opened(folder, max_memory_gb=TINY)
    path = folder / "images/00000.png"
    Image.open(path).resize((32, 32)).save(path)
    with pytest.raises(DataError, match="became larger"):
        stored.train[[0]].read()
    path.unlink()
    with pytest.raises(DataError, match=r"00000\.png"):
        stored.train[[0]].read()


def test_a_fit_has_the_same_numbers_also_where_it_is_resumed(
    folder, tiny_config, tmp_path, monkeypatch
):
    settings = [f"data.path={folder}", "steps=6", "evaluate_every=6", "log_every=1"]
    settings += ["checkpoint_every=2", "tensorboard=false", "renderer=reference"]
    memory, stored = tmp_path / "memory", tmp_path / "stored"
    fit(tiny_config(*settings), memory)
    assert "num_workers: 0" in (memory / "config.yaml").read_text(encoding="utf-8")
    start = SceneFit.on_step_start

    def interrupt(self, step, steps):
        if step == 3:
            raise KeyboardInterrupt
        start(self, step, steps)

    monkeypatch.setattr(SceneFit, "on_step_start", interrupt)
    with pytest.raises(KeyboardInterrupt):
        fit(tiny_config(*settings, f"data.max_memory_gb={TINY}"), stored)
    assert "num_workers: 2" in (stored / "config.yaml").read_text(encoding="utf-8")
    monkeypatch.setattr(SceneFit, "on_step_start", start)
    resume_fit(stored)
    weights = [(run / "model.safetensors").read_bytes() for run in (memory, stored)]
    assert weights[0] == weights[1]
    losses = [[(row["loss"], row["val_psnr"]) for row in rows(run)] for run in (memory, stored)]
    assert losses[0] == losses[1]


def rows(run):
    with (run / "metrics.csv").open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))
