import pytest
import torch

from gaussrep.fitting.config import LearningRatesConfig
from gaussrep.fitting.mcmc import N_MAX, MCMCStrategy, compute_relocation
from gaussrep.fitting.scene_model import SceneModel, make_optimizers
from gaussrep.fitting.strategy import StepInfo
from gaussrep.fitting.strategy_config import MCMCStrategyConfig
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
    made = make_optimizers(model, LearningRatesConfig(), EXTENT)
    sum(tensor.square().sum() for tensor in model.raw.values()).backward()
    for name, optimizer in made.items():
        optimizer.step() if name == "sh0" else None
        optimizer.zero_grad()
    return made


def after(model, optimizers, number=50, **settings):
    config = MCMCStrategyConfig(
        **{"refine_every": 10, "max_gaussians": 12, "noise": 0.0, **settings}
    )
    strategy = MCMCStrategy(config, steps=STEPS, extent=EXTENT)
    rng = torch.Generator().manual_seed(0)
    made = StepInfo(number, 1e-3, torch.zeros(1, model.count, 2), rng)
    strategy.after_step(model, optimizers, made)
    return strategy


def test_the_dead_move_to_the_living_and_the_image_stays(model, optimizers, ring):
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
    after(model, optimizers, number, max_gaussians=20)
    assert torch.equal(model.raw["means"], before)


def test_their_number_grows_to_the_most_by_the_share_of_steps(model, optimizers):
    counts = []
    for number in range(1, STEPS + 1):
        after(model, optimizers, number, max_gaussians=60, full_fraction=0.5)
        counts.append(model.count)
    assert counts[9] < counts[29] < 60
    assert counts[49] == counts[-1] == 60
    ratios = [counts[i + 10] / counts[i] for i in (9, 19, 29)]
    assert max(ratios) / min(ratios) < 1.1  # geometrically


def test_new_ones_share_the_place_and_the_opacity_of_an_old_one(tiny_scene, ring):
    model = SceneModel(tiny_scene, 0)
    optimizers = make_optimizers(model, LearningRatesConfig(), EXTENT)
    before = render(model.gaussians(), ring).color.detach()
    after(model, optimizers, max_gaussians=40)
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
        config = MCMCStrategyConfig(refine_every=10, max_gaussians=12)
        strategy = MCMCStrategy(config, steps=STEPS, extent=size)
        rng = torch.Generator().manual_seed(0)
        made = StepInfo(55, 1e-3 * size, torch.zeros(1, 12, 2), rng)
        strategy.after_step(model, {}, made)
        moved.append((model.raw["means"].detach() - larger.means) / size)
    assert moved[0].norm() > 1e-3
    torch.testing.assert_close(moved[1], moved[0], rtol=1e-3, atol=1e-5)


def test_penalty_is_by_hand(tiny_scene):
    config = MCMCStrategyConfig(opacity_weight=0.1, scale_weight=0.2)
    found = MCMCStrategy(config, steps=STEPS, extent=4.0).penalty(tiny_scene)
    expected = 0.1 * tiny_scene.opacities.mean() + 0.2 * tiny_scene.scales.mean() / 4
    torch.testing.assert_close(found, expected)


def test_when_all_are_dead_none_moves(tiny_scene):
    model = SceneModel(tiny_scene.replace(opacities=torch.full((12,), 0.001)), 0)
    before = model.raw["means"].detach().clone()
    after(model, {})
    assert torch.equal(model.raw["means"], before)


@pytest.mark.parametrize("k", [1, 2, 3, 7, 51])
def test_copies_stop_as_much_light_as_the_one(k):
    opacities = torch.tensor([0.02, 0.5, 0.9, 0.994])
    scales = torch.tensor([[0.1, 0.2, 0.4]]).repeat(4, 1)
    shared, narrower = compute_relocation(opacities, scales, torch.full((4,), k))
    x = torch.linspace(-8, 8, 4001, dtype=torch.float64)[:, None]

    def stopped(opacity, scale, copies):
        bell = (-0.5 * (x / scale).square()).exp()
        return (1 - (1 - opacity * bell) ** copies).sum(0)

    torch.testing.assert_close(1 - (1 - shared.double()) ** k, opacities.double())
    one = stopped(opacities.double(), scales[:, 2].double(), 1)
    many = stopped(shared.double(), narrower[:, 2].double(), k)
    torch.testing.assert_close(many, one, rtol=1e-5, atol=0)
    torch.testing.assert_close(narrower[:, 0] / narrower[:, 2], torch.full((4,), 0.25))


def test_one_copy_is_the_same():
    shared, scales = compute_relocation(torch.tensor([0.3]), torch.ones(1, 3), torch.tensor([1]))
    torch.testing.assert_close(shared, torch.tensor([0.3]))
    torch.testing.assert_close(scales, torch.ones(1, 3))


def test_no_more_than_so_many_copies_are_reckoned_with():
    many = compute_relocation(torch.tensor([0.5]), torch.ones(1, 3), torch.tensor([1000]))
    most = compute_relocation(torch.tensor([0.5]), torch.ones(1, 3), torch.tensor([N_MAX]))
    assert torch.equal(many[0], most[0])
    assert torch.equal(many[1], most[1])


def test_what_cannot_be_seen_keeps_its_scale():
    shared, scales = compute_relocation(torch.zeros(1), torch.ones(1, 3), torch.tensor([4]))
    assert shared.item() == 0
    assert torch.equal(scales, torch.ones(1, 3))
