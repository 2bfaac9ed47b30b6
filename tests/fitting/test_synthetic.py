import torch

from gaussrep.fitting.synthetic import known_scene, synthetic_capture


def test_scene_is_what_it_says():
    scene = known_scene()
    assert 300 < scene.count < 600
    assert scene.means[:, :2].norm(dim=-1).max() < 1.05
    assert -0.05 < scene.means[:, 2].min() < scene.means[:, 2].max() < 1.0


def test_views_show_all_of_it():
    capture = synthetic_capture(hold_out_every=10, views=20, size=32)
    assert capture.train.count == 18
    assert capture.held_out.count == 2
    border = torch.ones(32, 32, dtype=torch.bool)
    border[1:-1, 1:-1] = False
    assert capture.train.alphas[:, border].max() < 0.05
    assert capture.train.alphas.amax((1, 2)).min() > 0.9
    assert (capture.train.cameras.positions[:, 2] > 0.4).all()
