import pytest
import torch

from gaussrep.fitting.config import RatesConfig
from gaussrep.fitting.make_strategy import make_strategy
from gaussrep.fitting.rates import make_optimizers
from gaussrep.fitting.scene_model import SceneModel
from gaussrep.fitting.strategy import StepMade
from gaussrep.fitting.strategy_config import McmcConfig
from gaussrep.rendering import render

STEPS, EXTENT = 100, 2.0


@pytest.fixture
def model(tiny_scene):
    """Three of its Gaussians are dead."""
    opacities = tiny_scene.opacities.clone()
    opacities[[1, 4, 8]] = 0.004
    return SceneModel(tiny_scene.replace(opacities=opacities), 1)


@pytest.fixture
def optimizers(model):
    made = make_optimizers(model, RatesConfig(), EXTENT)
    sum(tensor.square().sum() for tensor in model.raw.values()).backward()
    for name, optimizer in made.items():
        optimizer.step() if name == "sh0" else None
        optimizer.zero_grad()
    return made


def after(model, optimizers, number=50, **settings):
    config = McmcConfig(**{"every": 10, "most": 12, "noise": 0.0, **settings})
    strategy = make_strategy(config, steps=STEPS, extent=EXTENT)
    chance = torch.Generator().manual_seed(0)
    made = StepMade(number, 1e-3, torch.zeros(1, model.count, 2), chance)
    strategy.after_step(model, optimizers, made)
    return strategy


def test_the_dead_move_to_the_living_and_the_picture_stays(model, optimizers, ring):
    dead, living = [1, 4, 8], [0, 2, 3, 5, 6, 7, 9, 10, 11]
    places = model.raw["means"].detach().clone()
    before = render(model.gaussians(), ring).color.detach()
    after(model, optimizers)
    found = model.gaussians().detach()
    assert torch.equal(found.means[living], places[living])
    distance = torch.cdist(found.means[dead], places[living])
    assert (distance.min(-1).values == 0).all()
    assert (found.opacities > 0.1).all()
    changed = (render(found, ring).color - before).abs()
    assert changed.mean() < 0.01  # only the shape across the center differs a little
    moments = optimizers["sh0"].state[model.raw["sh0"]]["exp_avg"]
    shared = distance.min(-1).indices
    assert not moments[dead].any()
    assert not moments[torch.tensor(living)[shared]].any()
    untouched = sorted(set(range(9)) - set(shared.tolist()))
    assert moments[torch.tensor(living)[untouched]].any(-1).all()


@pytest.mark.parametrize("number", [1, 55, 90])
def test_nothing_moves_at_other_steps(model, optimizers, number):
    before = model.raw["means"].detach().clone()
    after(model, optimizers, number, most=20)
    assert torch.equal(model.raw["means"], before)


def test_their_number_grows_to_the_most_by_the_share_of_steps(model, optimizers):
    counts = []
    for number in range(1, STEPS + 1):
        after(model, optimizers, number, most=60, full=0.5)
        counts.append(model.count)
    assert counts[9] < counts[29] < 60
    assert counts[49] == counts[-1] == 60
    ratios = [counts[i + 10] / counts[i] for i in (9, 19, 29)]
    assert max(ratios) / min(ratios) < 1.1  # geometrically


def test_new_ones_share_the_place_and_the_opacity_of_an_old_one(tiny_scene, ring):
    model = SceneModel(tiny_scene, 0)
    optimizers = make_optimizers(model, RatesConfig(), EXTENT)
    before = render(model.gaussians(), ring).color.detach()
    after(model, optimizers, most=40)
    assert model.count == 40
    changed = (render(model.gaussians(), ring).color - before).abs()
    assert changed.mean() < 0.03


def test_noise_moves_the_faint_and_not_the_opaque(model, optimizers):
    before = model.raw["means"].detach().clone()
    after(model, optimizers, number=55, noise=5e5)
    moved = (model.raw["means"] - before).norm(dim=-1)
    assert (moved[[1, 4, 8]] > 0.1).all()
    assert moved[model.gaussians().opacities > 0.5].max() < 1e-12


def test_noise_is_that_of_the_same_scene_at_any_size(tiny_scene):
    moved = []
    for size in (1.0, 10.0):
        larger = tiny_scene.replace(means=size * tiny_scene.means, scales=size * tiny_scene.scales)
        model = SceneModel(larger.replace(opacities=torch.full((12,), 0.005)), 0)
        config = McmcConfig(every=10, most=12)
        strategy = make_strategy(config, steps=STEPS, extent=size)
        chance = torch.Generator().manual_seed(0)
        made = StepMade(55, 1e-3 * size, torch.zeros(1, 12, 2), chance)
        strategy.after_step(model, {}, made)
        moved.append((model.raw["means"].detach() - larger.means) / size)
    assert moved[0].norm() > 1e-3
    torch.testing.assert_close(moved[1], moved[0], rtol=1e-3, atol=1e-5)


def test_penalty_is_by_hand(tiny_scene):
    config = McmcConfig(opacity_weight=0.1, scale_weight=0.2)
    found = make_strategy(config, steps=STEPS, extent=4.0).penalty(tiny_scene)
    expected = 0.1 * tiny_scene.opacities.mean() + 0.2 * tiny_scene.scales.mean() / 4
    torch.testing.assert_close(found, expected)


def test_when_all_are_dead_none_moves(tiny_scene):
    model = SceneModel(tiny_scene.replace(opacities=torch.full((12,), 0.001)), 0)
    before = model.raw["means"].detach().clone()
    after(model, {})
    assert torch.equal(model.raw["means"], before)
