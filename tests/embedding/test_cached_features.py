import logging
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest
import torch

from gaussrep.embedding.cached_features import CachedFeatures, image_keys
from gaussrep.encoders.encoder import ImageEncoder
from gaussrep.encoders.teacher import build_teacher
from gaussrep.encoders.teacher_config import StatisticsConfig
from gaussrep.errors import ValueRangeError

IMAGES = torch.randint(256, (2, 3, 4, 6), generator=torch.Generator().manual_seed(0)) / 255


def test_a_level_of_one_pixel_makes_another_key():
    first, second = image_keys(IMAGES)
    changed = IMAGES.clone()
    changed[0, 1, 2, 3] = (changed[0, 1, 2, 3] * 255 + 1).remainder(256) / 255
    assert image_keys(changed)[0] != first
    assert image_keys(changed)[1] == second != first


def test_less_than_half_a_level_does_not():
    assert image_keys((IMAGES + 0.4 / 255).clamp(0, 1)) == image_keys(IMAGES)


def test_the_shape_counts():
    assert image_keys(IMAGES.reshape(2, 3, 6, 4)) != image_keys(IMAGES)


def test_the_layout_in_memory_does_not():
    strided = IMAGES.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2)
    assert image_keys(strided) == image_keys(IMAGES)


def test_a_key_is_the_same_everywhere():
    assert image_keys(torch.full((1, 3, 2, 2), 0.5)) == ["ac851e78042d4d417a402c3e4104f5bd"]


CONFIG = StatisticsConfig(type="statistics", width=4)


class Counting(ImageEncoder):
    """Gives images back, times a weight, and counts them."""

    def __init__(self, gain=1.0):
        super().__init__()
        self.gain = torch.nn.Parameter(torch.tensor(gain), requires_grad=False)
        self.seen = 0

    @property
    def width(self):
        return 3

    def forward(self, images):
        self.seen += len(images)
        return self.gain * images.movedim(1, -1)


@pytest.fixture
def images():
    return torch.randint(256, (3, 3, 4, 6), generator=torch.Generator().manual_seed(0)) / 255


def files(folder):
    return sorted(folder.rglob("*.npy"))


def test_each_image_is_encoded_once(tmp_path, images):
    encoder = Counting()
    cached = CachedFeatures(encoder, CONFIG, tmp_path)
    first = cached(images[:2])
    assert first.shape == (2, 4, 6, cached.width)
    assert first.dtype == torch.float32
    assert torch.equal(first, images[:2].movedim(1, -1).half().float())
    both = cached(images[[1, 2, 0]])
    assert encoder.seen == 3
    assert torch.equal(both[[2, 0]], first)
    assert torch.equal(CachedFeatures(encoder, CONFIG, tmp_path)(images), both[[2, 0, 1]])
    assert encoder.seen == 3
    assert len(files(tmp_path)) == 3


def test_the_numbers_are_the_same_without_a_folder(tmp_path, images):
    teacher = build_teacher(CONFIG)
    inputs = torch.nn.functional.interpolate(images, (16, 24))
    cached, plain = CachedFeatures(teacher, CONFIG, tmp_path), CachedFeatures(teacher, CONFIG)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        cold, warm, none = cached(inputs), cached(inputs), plain(inputs)
    assert torch.equal(cold, warm)
    assert torch.equal(cold, none)
    assert torch.equal(cold[1:2], plain(inputs[1:2]))
    assert torch.allclose(cold, teacher(inputs), atol=1e-3)
    assert not cold.requires_grad


def test_other_pixels_weights_and_settings_have_their_own(tmp_path, images):
    encoder = Counting()
    CachedFeatures(encoder, CONFIG, tmp_path)(images)
    brighter = (images + 2 / 255).clamp(0, 1)
    CachedFeatures(encoder, CONFIG, tmp_path)(brighter)
    assert encoder.seen == 6
    heavier = Counting(2.0)
    assert CachedFeatures(heavier, CONFIG, tmp_path)(images).max() > 1.5
    other = CachedFeatures(encoder, CONFIG.model_copy(update={"seed": 1}), tmp_path)
    other(images)
    assert encoder.seen == 9
    assert len(list(tmp_path.glob("statistics-*/encoder.json"))) == 3


@pytest.mark.parametrize("damage", ["cut", "empty", "zeros", "other shape", "pickled"])
def test_a_damaged_file_is_made_again_with_one_warning(tmp_path, images, caplog, damage):
    encoder = Counting()
    cached = CachedFeatures(encoder, CONFIG, tmp_path)
    whole = cached(images)
    file = files(tmp_path)[0]
    content = file.read_bytes()
    hurt(file, content, damage)
    assert torch.equal(cached(images), whole)
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert str(file) in record.message
    assert "made again" in record.message
    assert file.read_bytes() == content
    assert encoder.seen == 4


def hurt(file, content, damage):
    match damage:
        case "cut":
            file.write_bytes(content[:-5])
        case "empty":
            file.write_bytes(b"")
        case "zeros":
            file.write_bytes(bytes(len(content)))
        case "other shape":
            np.save(file, np.zeros((4, 6, 2), np.float16))
        case "pickled":
            np.save(file, np.array([{}], dtype=object), allow_pickle=True)


def test_a_full_folder_takes_no_more(tmp_path, images, caplog):
    encoder = Counting()
    cached = CachedFeatures(encoder, CONFIG, tmp_path, limit=1)
    whole = cached(images)
    assert len(files(tmp_path)) == 1
    assert torch.equal(cached(images), whole)
    assert encoder.seen == 5
    (record,) = caplog.records
    assert "reached its limit" in record.message
    assert CachedFeatures(encoder, CONFIG, tmp_path, limit=1)(images[:1]).shape[0] == 1
    assert encoder.seen == 5


def test_a_full_disk_costs_one_warning(tmp_path, images, caplog, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    cached = CachedFeatures(Counting(), CONFIG, tmp_path)
    monkeypatch.setattr(np, "save", full)
    assert torch.equal(cached(images), images.movedim(1, -1).half().float())
    (record,) = caplog.records
    assert "cannot be written (No space left on device)" in record.message
    assert not [file for file in tmp_path.rglob("*") if file.suffix in (".npy", ".tmp")]


def test_values_beyond_float16_are_refused(tmp_path, images):
    with pytest.raises(ValueRangeError, match="a teacher's features in float16"):
        CachedFeatures(Counting(1e6), CONFIG, tmp_path)(images)


def encode_here(folder):
    torch.set_num_threads(1)  # OpenMP's threads do not survive a fork
    inputs = torch.arange(4 * 3 * 64).reshape(4, 3, 8, 8) % 251 / 255
    cached = CachedFeatures(build_teacher(CONFIG), CONFIG, folder)
    return [cached(inputs).sum().item() for _ in range(5)]


@pytest.mark.skipif(sys.platform != "linux", reason="torch is used after a fork")
def test_processes_share_a_folder(tmp_path):
    with ProcessPoolExecutor(2, mp_context=get_context("fork")) as pool:
        sums = list(pool.map(encode_here, [tmp_path] * 4))
    assert len({value for each in sums for value in each}) == 1
    assert len(files(tmp_path)) == 4
    assert not list(tmp_path.rglob("*.tmp"))
