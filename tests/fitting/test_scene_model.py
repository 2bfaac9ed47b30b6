import pytest
import torch

from gaussrep import sh
from gaussrep.fitting.config import LearningRatesConfig
from gaussrep.fitting.scene_model import SceneModel, make_optimizers


def test_gives_back_the_gaussians_it_was_made_of(tiny_scene):
    found = SceneModel(tiny_scene, sh_degree=2).gaussians()
    for name in ("means", "quats", "scales", "opacities"):
        torch.testing.assert_close(getattr(found, name), getattr(tiny_scene, name))
    directions = torch.randn(12, 3)
    torch.testing.assert_close(sh.evaluate(found.sh, directions), tiny_scene.colors)
    assert found.sh.shape == (12, 9, 3)


@pytest.mark.parametrize(("degree", "bases"), [(0, 1), (1, 4), (2, 9), (None, 9), (3, 9)])
def test_gives_coefficients_up_to_a_degree(tiny_scene, degree, bases):
    model = SceneModel(tiny_scene.replace(colors=None, sh=torch.rand(12, 16, 3)), sh_degree=2)
    found = model.gaussians(degree)
    assert found.sh.shape[1] == bases
    torch.testing.assert_close(found.sh, torch.cat([*model.raw.values()][4:6], 1)[:, :bases])


def test_has_no_higher_harmonics_at_degree_0(tiny_scene):
    model = SceneModel(tiny_scene, sh_degree=0)
    assert "shN" not in model.raw
    assert model.sh_degree == 0
    assert model.gaussians().sh_degree == 0


@pytest.mark.parametrize("antialiased", [False, True])
def test_keeps_the_mark_of_antialiasing(tiny_scene, antialiased):
    model = SceneModel(tiny_scene.replace(antialiased=antialiased))
    assert model.gaussians().antialiased is antialiased


def test_keeps_features(tiny_scene):
    model = SceneModel(tiny_scene.replace(features=torch.rand(12, 5)))
    assert model.gaussians().features.shape == (12, 5)


def test_opacities_of_0_and_1_stay_finite(tiny_scene):
    extreme = tiny_scene.replace(opacities=torch.tensor([0.0, 1.0] * 6))
    found = SceneModel(extreme)
    assert found.raw["opacities"].isfinite().all()
    torch.testing.assert_close(found.gaussians().opacities, extreme.opacities, atol=2e-6, rtol=0)


@pytest.mark.parametrize("nested", [False, True])
def test_loads_weights_of_another_count_under_a_living_optimizer(tiny_scene, nested):
    saved, model = SceneModel(tiny_scene[:7]), SceneModel(tiny_scene)
    optimizers = make_optimizers(model, LearningRatesConfig(), 1.0)
    model.gaussians().means.sum().backward()
    if nested:
        torch.nn.ModuleList([model]).load_state_dict(torch.nn.ModuleList([saved]).state_dict())
    else:
        model.load_state_dict(saved.state_dict())
    assert model.count == 7
    before = model.raw["means"].detach().clone()
    model.gaussians().means.sum().backward()
    optimizers["means"].step()
    assert (model.raw["means"] < before).all()


def test_refuses_weights_of_another_degree(tiny_scene):
    with pytest.raises(RuntimeError, match="shN"):
        SceneModel(tiny_scene, 2).load_state_dict(SceneModel(tiny_scene, 1).state_dict())
