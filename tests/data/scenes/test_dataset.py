import pytest
import torch

from gaussrep.building import build
from gaussrep.data.sample import SampleKey
from gaussrep.data.scenes.config import ScannetConfig
from gaussrep.data.scenes.dataset import SceneDataset
from gaussrep.errors import DataError
from gaussrep.training.loading import CollatingDataset, make_loader

SIZE = (12, 16)


@pytest.fixture
def open_set(scannet_root):
    def make(split="train", **settings):
        settings = {"image_size": SIZE} | settings
        return SceneDataset(ScannetConfig(root=scannet_root, **settings), split)

    return make


def test_samples_hold_what_is_agreed(open_set):
    sample = open_set(views=3)[0]
    count = len(sample["points"])
    wanted = {
        "points": (torch.float32, (count, 3)),
        "colors": (torch.float32, (count, 3)),
        "normals": (torch.float32, (count, 3)),
        "labels": (torch.int64, (count,)),
        "instances": (torch.int64, (count,)),
        "index": (torch.int64, ()),
        "skipped": (torch.int64, ()),
        "images": (torch.float32, (3, 3, *SIZE)),
        "depths": (torch.float32, (3, *SIZE)),
        "viewmats": (torch.float32, (3, 4, 4)),
        "Ks": (torch.float32, (3, 3, 3)),
        "frames": (torch.int64, (3,)),
    }
    found = {name: (tensor.dtype, tuple(tensor.shape)) for name, tensor in sample.items()}
    assert found == wanted
    assert "images" not in open_set()[0]


def test_validation_gives_scenes_as_they_were_written(open_set, world):
    dataset = open_set("val", views=2)
    sample, cloud = dataset[0], world.cloud(63, 3)
    torch.testing.assert_close(sample["points"], cloud.points)
    torch.testing.assert_close(sample["colors"], cloud.colors)
    torch.testing.assert_close(sample["normals"], cloud.normals)
    assert torch.equal(sample["labels"], cloud.labels)
    assert torch.equal(sample["instances"], cloud.instances)
    assert sample["frames"].tolist() == [1, 4]
    frame, K = world.frame(world.eyes[4], *SIZE)
    torch.testing.assert_close(sample["viewmats"][1], torch.from_numpy(frame.viewmat))
    torch.testing.assert_close(sample["Ks"][1], torch.from_numpy(K).float())
    wrong = (sample["depths"][1] / torch.from_numpy(frame.depth) - 1).abs()
    assert wrong.max() < 0.05  # the nearest pixel lies half a pixel of the file off
    image = torch.from_numpy(frame.image).permute(2, 0, 1) / 255
    assert (sample["images"][1] - image).abs().mean() < 0.02


def test_training_is_a_pure_function_of_the_key(open_set):
    dataset = open_set(views=2)
    key = SampleKey(1, epoch=3, seed=5)
    first, again, other = dataset[key], dataset[key], dataset[SampleKey(1, epoch=4, seed=5)]
    for name, tensor in first.items():
        assert torch.equal(tensor, again[name]), name
    assert first["points"].shape != other["points"].shape or not torch.equal(
        first["points"], other["points"]
    )


def test_views_are_drawn_without_replacement_unless_there_are_too_few(open_set):
    for epoch in range(5):
        frames = open_set(views=6)[SampleKey(0, epoch)]["frames"].tolist()
        assert sorted(frames) == list(range(6))
    drawn = {tuple(open_set(views=2)[SampleKey(0, epoch)]["frames"].tolist()) for epoch in range(9)}
    assert len(drawn) > 3
    frames = open_set(views=8)[0]["frames"].tolist()
    assert set(frames) == set(range(6))
    assert len(frames) == 8


def test_points_are_cropped_in_training_only(open_set):
    assert len(open_set(max_points=20)[0]["points"]) == 20
    assert len(open_set("val", max_points=20)[0]["points"]) == 63
    assert len(open_set(max_points=None)[SampleKey(0)]["points"]) > 40


def test_names_classes_and_indices(open_set):
    dataset = open_set()
    assert dataset.names == ("scene0000_00", "scene0001_00", "scene0002_00")
    assert dataset.classes[2] == "cabinet"
    assert len(dataset.classes) == 20
    assert len(open_set(classes=200).classes) == 200
    assert dataset.index_of("scene0002_00") == 2
    with pytest.raises(DataError, match=r"no scene 'scene0003_0' .* did you mean 'scene000"):
        dataset.index_of("scene0003_0")
    with pytest.raises(IndexError):
        dataset[3]


def test_limited_data_limits_training_only(open_set):
    assert len(open_set(fraction=0.34)) == 1
    assert len(open_set("val", fraction=0.34)) == 1
    sample = open_set(labeled_points=7)[0]
    assert int((sample["labels"] >= 0).sum()) == 7
    assert int((open_set("val", labeled_points=7)[0]["labels"] >= 0).sum()) > 50


def test_a_layout_without_labels_of_200_classes_has_none(open_set):
    assert set(open_set("val", classes=200)[0]["labels"].tolist()) == {-1}


def test_the_loader_joins_batches(open_set):
    dataset = open_set(views=2)
    assert isinstance(dataset, CollatingDataset)
    keys = [[SampleKey(0), SampleKey(2)]]
    loader = make_loader(dataset, keys, num_workers=0, device=torch.device("cpu"))
    (batch,) = loader
    assert batch["index"].tolist() == [0, 2]
    assert batch["images"].shape == (2, 2, 3, *SIZE)
    assert batch["scene"].bincount().sum() == len(batch["points"])


def test_mixed_batches_are_drawn_by_the_key(open_set):
    dataset = open_set(mix3d=0.5)
    mixed = [bool(dataset[SampleKey(0, epoch)]["mixed"]) for epoch in range(30)]
    assert 3 < sum(mixed) < 27
    assert "mixed" not in open_set("val", mix3d=0.5)[0]


def test_the_data_set_is_registered(scannet_root):
    config = {"type": "scannet", "root": scannet_root}
    assert len(build("datasets", config, split="val")) == 1
    with pytest.raises(DataError, match=r"train: cannot be read: .* prepare-scannet"):
        SceneDataset(ScannetConfig(root=scannet_root / "test"), "train")
