import pytest
import torch

from gaussrep.fitting.config import LearningRatesConfig, SceneFitConfig
from gaussrep.fitting.fitter import SceneFitter
from gaussrep.fitting.scene_model import SceneModel, make_optimizers
from gaussrep.fitting.strategy import (
    Strategy,
    reset_state,
    update_params_and_optimizer_state,
)
from gaussrep.fitting.synthetic import synthetic_capture


@pytest.fixture
def trained(tiny_scene):
    """A model and its optimizers after three steps."""
    model = SceneModel(tiny_scene, 1)
    optimizers = make_optimizers(model, LearningRatesConfig(), 1.0)
    for _ in range(3):
        step(model, optimizers)
    return model, optimizers


def step(model, optimizers):
    sum((tensor.square() * torch.arange(1, 1 + len(tensor)).view(-1, *[1] * (tensor.ndim - 1)))
        .sum() for tensor in model.raw.values()).backward()  # fmt: skip
    for optimizer in optimizers.values():
        optimizer.step()
        optimizer.zero_grad()


def states(model, optimizers):
    return {
        (name, key): value.clone()
        for name, optimizer in optimizers.items()
        for key, value in optimizer.state[model.raw[name]].items()
    }


def test_survivors_keep_their_state_and_new_ones_have_none(trained):
    model, optimizers = trained
    before, raw = states(model, optimizers), {k: v.detach().clone() for k, v in model.raw.items()}
    source_index = torch.tensor([0, 3, 5, 5, 11])
    is_new = torch.tensor([False, False, False, True, False])
    update_params_and_optimizer_state(model, optimizers, source_index, is_new)
    for name, tensor in model.raw.items():
        assert torch.equal(tensor, raw[name][source_index])
    after = states(model, optimizers)
    assert after.keys() == before.keys()
    for key, value in after.items():
        if key[1] == "step":
            assert value == before[key]
        else:
            assert torch.equal(value[~is_new], before[key][source_index[~is_new]])
            assert not value[is_new].any()


def test_survivors_move_on_as_if_nothing_had_happened(trained, tiny_scene):
    model, optimizers = trained
    alone = SceneModel(tiny_scene, 1)
    others = make_optimizers(alone, LearningRatesConfig(), 1.0)
    for _ in range(3):
        step(alone, others)
    update_params_and_optimizer_state(model, optimizers, torch.arange(7))
    step(model, optimizers)
    step(alone, others)
    for name, tensor in model.raw.items():
        torch.testing.assert_close(tensor, alone.raw[name][:7])


def test_puts_in_changed_values(trained):
    model, optimizers = trained
    wanted = torch.full((2, 3), 7.0)
    update_params_and_optimizer_state(
        model, optimizers, torch.tensor([4, 4]), changed={"means": wanted}
    )
    assert torch.equal(model.raw["means"], wanted)
    assert len(model.raw["quats"]) == 2


def test_old_parameters_are_forgotten(trained):
    model, optimizers = trained
    update_params_and_optimizer_state(model, optimizers, torch.arange(3))
    for name, optimizer in optimizers.items():
        assert list(optimizer.state) == [model.raw[name]] == optimizer.param_groups[0]["params"]


def test_works_before_the_first_step(tiny_scene):
    model = SceneModel(tiny_scene)
    optimizers = make_optimizers(model, LearningRatesConfig(), 1.0)
    update_params_and_optimizer_state(model, optimizers, torch.arange(4))
    assert not optimizers["means"].state
    step(model, optimizers)
    assert model.count == 4


def test_restart_forgets_one_tensor(trained):
    model, optimizers = trained
    before = states(model, optimizers)
    reset_state(optimizers, "opacities")
    for (name, key), value in states(model, optimizers).items():
        if name == "opacities" and key != "step":
            assert not value.any()
        else:
            assert torch.equal(value, before[name, key])


class Recording(Strategy):
    """Notes the largest gradient of each step, and asks for those of odd steps."""

    def __init__(self):
        super().__init__()
        self.largest = []

    def needs_pixel_gradients(self, step):
        return step % 2 == 1

    def after_step(self, scene, optimizers, info):
        assert info.pixel_gradients.shape == (2, scene.count, 2)
        self.largest.append(info.pixel_gradients.abs().max().item())


def test_gradients_that_a_strategy_does_not_need_are_zeros():
    capture = synthetic_capture(views=4, size=16)
    fitter = SceneFitter(SceneFitConfig(type="fit"), 0, capture.train.cameras)
    fitter.init(capture)
    fitter.strategy = strategy = Recording()
    optimizers = make_optimizers(fitter.scene, fitter.config.learning_rates, fitter.extent)
    images = capture.train[[0, 1]]
    for step in (1, 2):
        fitter.begin_step(step - 1, 2)
        views = fitter.render_step(images.cameras)
        fitter.compute_loss(views, images).total.backward()
        fitter.end_step(step, optimizers)
    assert strategy.largest[0] > 0
    assert strategy.largest[1] == 0
