import pytest
import torch

from gaussrep.errors import DataError
from gaussrep_gaussiancross.scene_batch import SceneBatch, cameras_of

SEEDS = torch.tensor([5, 8])


def test_points_come_with_color_and_normal(make_batch):
    batch = make_batch()
    scenes = SceneBatch.of(batch)
    assert scenes.counts.tolist() == [900, 930]
    torch.testing.assert_close(scenes.inputs[:, :3], 2 * batch["colors"] - 1)
    assert torch.equal(scenes.inputs[:, 3:], batch["normals"])


@pytest.mark.parametrize(("ratio", "left"), [(0.0, [900, 930]), (0.5, [450, 465]), (0.999, [1, 1])])
def test_masking_removes_a_share_of_each_scene(make_batch, ratio, left):
    scenes = SceneBatch.of(make_batch())
    rest = scenes.masked(ratio, SEEDS)
    assert rest.counts.tolist() == left
    known = {tuple(row) for row in torch.cat([scenes.points, scenes.inputs], 1).tolist()}
    assert {tuple(row) for row in torch.cat([rest.points, rest.inputs], 1).tolist()} <= known
    assert torch.equal(rest.scene, rest.scene.sort().values)


def test_masking_is_a_function_of_the_seed_of_each_scene(make_batch):
    scenes = SceneBatch.of(make_batch())
    first, second = scenes.masked(0.5, SEEDS), scenes.masked(0.5, SEEDS + 1)
    assert not torch.equal(first.points, second.points)
    assert torch.equal(scenes.masked(0.5, SEEDS).points, first.points)
    alone = SceneBatch.of(make_batch(scenes=1)).masked(0.5, SEEDS[:1])
    assert torch.equal(first.points[first.scene == 0], alone.points)


def test_relative_points_forget_place_and_size(make_batch):
    small, large = (SceneBatch.of(make_batch(scale=s)).relative_points() for s in (0.1, 10.0))
    torch.testing.assert_close(small, large, atol=1e-6, rtol=1e-5)
    assert small.min() == 0
    assert 0.999 < small.max() < 1


def test_what_is_missing_is_named(make_batch):
    batch = make_batch(views=0)
    with pytest.raises(DataError, match=r"no images, depths, .* set data\.views"):
        cameras_of(batch)
    with pytest.raises(DataError, match="provides no points"):
        SceneBatch.of({"image": torch.rand(1, 3, 4, 4), "index": torch.zeros(1)})


def test_an_empty_scene_is_refused(make_batch):
    batch = make_batch(scenes=1)
    with pytest.raises(DataError, match="scene 1 of the batch has no points"):
        SceneBatch.of(batch | {"index": torch.arange(2)})
