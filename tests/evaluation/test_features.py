import pytest
import torch

from gaussrep.building import build
from gaussrep.errors import DataError, ValueRangeError
from gaussrep.evaluation.config import KNNConfig
from gaussrep.evaluation.features import extract, labeled_split


@pytest.fixture
def colors(looker):
    return build("datasets", "colors", split="val")


def config(**settings):
    return KNNConfig(**{"data": "colors", **settings})


def test_features_are_those_of_the_method_in_the_order_of_the_data(colors, make_method):
    method = make_method()
    found = extract(method, colors, config(batch_size=7))
    samples = [colors[i] for i in range(24)]
    with torch.no_grad():
        wanted = method.embed({"image": torch.stack([s["image"] for s in samples])}).pooled
    torch.testing.assert_close(found.pooled, wanted)
    assert found.labels.tolist() == [i % 3 for i in range(24)]
    assert not found.pooled.requires_grad


def test_workers_change_nothing(colors, make_method):
    method = make_method()
    inside, outside = (extract(method, colors, config(num_workers=n)) for n in (0, 1))
    assert torch.equal(inside.pooled, outside.pooled)


def test_weights_that_are_not_finite_are_refused(colors, make_method):
    method = make_method()
    torch.nn.init.constant_(method.norm.bias, float("nan"))
    with pytest.raises(ValueRangeError, match="not finite"):
        extract(method, colors, config())


def test_an_empty_split_is_refused(looker, make_method):
    empty = build("datasets", {"type": "colors", "held_out": 0}, split="val")
    with pytest.raises(DataError, match="a split of data set 'colors' is empty"):
        extract(make_method(), empty, config())


def test_samples_are_drawn_by_the_seed(looker):
    drawn = config(limit=10).chosen(100)
    assert len(set(drawn)) == 10
    assert drawn == sorted(drawn) == config(limit=10).chosen(100)
    assert drawn != config(limit=10, seed=1).chosen(100)
    assert config(limit=10).chosen(3) == [0, 1, 2]


def test_training_images_are_not_augmented(looker):
    data = config(data={"type": "colors", "flip": 1.0}).data
    dark = labeled_split(data, "train", augment=True)[0]["image"]
    light = labeled_split(data, "train")[0]["image"]
    assert torch.equal(dark, light / 2)


@pytest.mark.parametrize(("width", "height"), [(12, 12), (18, 12), (12, 40)])
def test_crops_of_training_images_are_their_central_squares(tmp_path, width, height):
    """Against the validation split, which shows central squares, of the same images."""
    from PIL import Image

    generator = torch.Generator().manual_seed(0)
    pixels = torch.randint(256, (height, width, 3), generator=generator, dtype=torch.uint8)
    for split in ("train", "val"):
        folder = tmp_path / split / "noise"
        folder.mkdir(parents=True)
        Image.fromarray(pixels.numpy()).save(folder / "a.png")
    data = KNNConfig(data={"type": "folders", "root": tmp_path, "image_size": 12}).data
    train, val = (labeled_split(data, split) for split in ("train", "val"))
    assert torch.equal(train[0]["image"], val[0]["image"])
    assert not torch.equal(labeled_split(data, "train", augment=True)[0]["image"], val[0]["image"])
