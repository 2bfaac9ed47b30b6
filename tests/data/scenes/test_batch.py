import torch

from gaussrep.data.scenes.batch import collate, scene_tensors
from gaussrep.data.scenes.scene import Scene


def sample(world, count, index, mixed=None):
    tensors = scene_tensors(Scene("scene", world.cloud(count, seed=index)))
    tensors |= {"index": torch.tensor(index), "skipped": torch.tensor(index % 2)}
    return tensors if mixed is None else tensors | {"mixed": torch.tensor(mixed)}


def test_points_follow_each_other(world):
    samples = [sample(world, 5, 7), sample(world, 3, 2)]
    batch = collate(samples)
    assert batch["scene"].tolist() == [0] * 5 + [1] * 3
    assert batch["index"].tolist() == [7, 2]
    assert torch.equal(batch["points"][5:], samples[1]["points"])


def test_mixed_scenes_share_a_place_and_no_instance(world):
    counts = (30, 25, 20)
    batch = collate([sample(world, count, n, mixed=True) for n, count in enumerate(counts)])
    assert "mixed" not in batch
    assert batch["scene"].tolist() == [0] * 55 + [1] * 20
    assert batch["index"].tolist() == [0, 2]
    assert batch["skipped"].tolist() == [1, 0]
    first, second = batch["instances"][:30], batch["instances"][30:55]
    assert sorted(set(first.tolist())) == [-1, 0, 1]
    assert sorted(set(second.tolist())) == [-1, 2, 3]
    assert sorted(set(batch["instances"][55:].tolist())) == [-1, 0]


def test_an_even_number_of_scenes_makes_whole_pairs(world):
    batch = collate([sample(world, 12, n, mixed=True) for n in range(4)])
    assert batch["scene"].tolist() == [0] * 24 + [1] * 24
    assert batch["index"].tolist() == [0, 2]


def test_the_first_of_a_pair_decides(world):
    counts, mixed = (10, 11, 12, 13, 14), (False, True, True, False, True)
    each = enumerate(zip(counts, mixed, strict=True))
    samples = [sample(world, count, n, mixed=mix) for n, (count, mix) in each]
    batch = collate(samples)
    assert batch["index"].tolist() == [0, 1, 2, 4]
    assert batch["scene"].bincount().tolist() == [10, 11, 25, 14]
    assert batch["skipped"].tolist() == [0, 1, 1, 0]
    alone = torch.cat([each["instances"] for each in samples])
    later = slice(33, 46)  # of the overlaid scene
    expected = alone.clone()
    expected[later][alone[later] >= 0] += alone[21:33].max() + 1
    assert torch.equal(batch["instances"], expected)


def test_batches_that_are_not_mixed_stay_apart(world):
    batch = collate([sample(world, 5, n, mixed=False) for n in range(2)])
    assert batch["index"].tolist() == [0, 1]
    assert "mixed" not in batch
