import torch

from gaussrep_gaussiancross.report.one_scene import MOST_VIEWS, one_scene


def test_a_scene_alone_is_a_batch_of_one(make_batch, method):
    batch = make_batch(3)
    alone = one_scene(batch, 1)
    assert torch.equal(alone["points"], batch["points"][batch["scene"] == 1])
    assert alone["scene"].unique().tolist() == [0]
    assert alone["index"].tolist() == [1]
    assert torch.equal(alone["images"], batch["images"][1:2])
    with torch.no_grad():
        together = method.gaussians(batch)[1]
        found = method.gaussians(alone)[0]
    torch.testing.assert_close(found.means, together.means[: found.count])


def test_a_few_of_many_views_are_shown(make_batch):
    batch = make_batch()
    batch["frames"] = torch.arange(18).view(2, 9)
    assert one_scene(batch, 1)["frames"].tolist() == [list(range(9, 9 + MOST_VIEWS))]
