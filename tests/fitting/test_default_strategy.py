import pytest
import torch

from gaussrep.fitting.config import LearningRatesConfig
from gaussrep.fitting.default_strategy import SPLIT_FACTOR, DefaultStrategy
from gaussrep.fitting.scene_model import SceneModel, make_optimizers
from gaussrep.fitting.strategy import StepInfo
from gaussrep.fitting.strategy_config import DefaultStrategyConfig

STEPS, EXTENT = 100, 2.0
SMALL, LARGE, FAINT = 2, 5, 9


@pytest.fixture
def model(tiny_scene):
    scales, opacities = tiny_scene.scales.clone(), tiny_scene.opacities.clone()
    scales[SMALL], scales[LARGE], opacities[FAINT] = 0.01, 0.15, 0.004
    return SceneModel(tiny_scene.replace(scales=scales, opacities=opacities), 1)


@pytest.fixture
def optimizers(model):
    made = make_optimizers(model, LearningRatesConfig(), EXTENT)
    model.raw["sh0"].square().sum().backward()
    made["sh0"].step()
    made["sh0"].zero_grad()
    return made


def strategy(**settings):
    config = DefaultStrategyConfig(**{"refine_every": 10, "reset_fraction": 1.0, **settings})
    return DefaultStrategy(config, steps=STEPS, extent=EXTENT)


def pull(model, *chosen, views=1):
    gradients = torch.full((views, model.count, 2), 1e-6)
    gradients[:, list(chosen), 0] = 1e-3
    return gradients


def made(number, gradients):
    return StepInfo(number, 1e-3, gradients, torch.Generator().manual_seed(0))


def test_clones_the_small_splits_the_large_and_removes_the_faint(model, optimizers):
    raw = {name: tensor.detach().clone() for name, tensor in model.raw.items()}
    strategy().after_step(model, optimizers, made(20, pull(model, SMALL, LARGE)))
    assert model.count == 12 + 1 + 1 - 1
    old = [i for i in range(12) if i not in (LARGE, FAINT)]
    for name, tensor in model.raw.items():
        assert torch.equal(tensor[:10], raw[name][old])
        assert torch.equal(tensor[10], raw[name][SMALL])
    halves = model.raw["scales"][11:]
    torch.testing.assert_close(halves.exp(), (raw["scales"][[LARGE] * 2].exp() / SPLIT_FACTOR))
    offsets = model.raw["means"][11:] - raw["means"][LARGE]
    assert (offsets.norm(dim=-1) > 0).all()
    assert (offsets.norm(dim=-1) < 4 * 0.15 * 3**0.5).all()
    moments = optimizers["sh0"].state[model.raw["sh0"]]["exp_avg"]
    assert moments[:10].any(-1).all()
    assert not moments[10:].any()


def test_a_threshold_is_passed_by_the_mean_over_views_that_show_it(model, optimizers):
    acting, gradients = strategy(), torch.zeros(1, 12, 2)
    gradients[0, SMALL, 0] = 3e-4  # above 2e-4 in the one of ten steps that shows it
    for number in range(11, 21):
        acting.after_step(model, optimizers, made(number, gradients if number == 15 else
                          torch.zeros(1, 12, 2)))  # fmt: skip
    assert model.count == 12 + 1 - 1


def test_views_of_a_batch_weigh_as_if_they_came_one_by_one(model, optimizers):
    acting = strategy()
    gradients = torch.zeros(4, 12, 2)
    gradients[:, SMALL, 0] = 6e-5  # each a quarter of the gradient that it has alone
    acting.after_step(model, optimizers, made(20, gradients))
    assert model.count == 12 + 1 - 1


@pytest.mark.parametrize("number", [1, 15, 50, 90])
def test_nothing_changes_at_other_steps(model, optimizers, number):
    acting = strategy(reset_fraction=0.04)
    acting.after_step(model, optimizers, made(number, pull(model, SMALL)))
    assert model.count == 12


def test_only_the_strongest_grow_where_there_is_little_room(model, optimizers):
    gradients = pull(model, *range(12))
    gradients[0, [SMALL, 3]] *= 2
    strategy(max_gaussians=14).after_step(model, optimizers, made(20, gradients))
    assert model.count == 12 + 2 - 1


def test_opacities_are_reset(model, optimizers):
    model.raw["opacities"].square().sum().backward()
    optimizers["opacities"].step()
    strategy(reset_fraction=0.3).after_step(model, optimizers, made(30, pull(model)))
    assert model.gaussians().opacities.max() > 0.5
    strategy(reset_fraction=0.3).after_step(model, optimizers, made(31, pull(model)))
    opacities = model.gaussians().opacities.detach()
    assert opacities.max().item() == pytest.approx(0.01, rel=1e-4)
    assert not optimizers["opacities"].state[model.raw["opacities"]]["exp_avg"].any()


@pytest.mark.parametrize(("number", "count"), [(20, 11), (40, 10)])
def test_the_huge_are_removed_once_opacities_were_reset(model, optimizers, number, count):
    acting = strategy(prune_scale=0.05, reset_fraction=0.3)
    model.raw["scales"].data.clamp_(max=-2.9)
    model.raw["scales"].data[LARGE] = 0.0
    acting.after_step(model, optimizers, made(number, pull(model)))
    assert model.count == count


def test_what_was_watched_survives_a_checkpoint(model, optimizers):
    first = strategy()
    first.after_step(model, optimizers, made(11, pull(model, SMALL)))
    second = strategy()
    second.state = {name: part.clone() for name, part in first.state.items()}
    second.after_step(model, optimizers, made(20, torch.zeros(1, 12, 2)))
    assert model.count == 12 + 1 - 1


def test_it_adds_nothing_to_the_loss(tiny_scene):
    assert strategy().penalty(tiny_scene).item() == 0
