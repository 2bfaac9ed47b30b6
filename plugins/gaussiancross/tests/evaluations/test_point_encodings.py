import pytest
import torch

from gaussrep_gaussiancross.evaluations.point_encodings import (
    RANDOM_FEATURES,
    calibrate_batch_norms,
    inputs_with_height,
    preserve_module_state,
    random_features,
    raw_inputs,
)


def test_inputs_are_in_one_range_for_any_unit_of_length(batch):
    inputs = inputs_with_height(batch)
    assert inputs.shape == (len(batch["points"]), 7)
    for scene in range(2):
        heights = inputs[batch["scene"] == scene, 6]
        assert heights.aminmax() == (-1, pytest.approx(1))
    larger = inputs_with_height({**batch, "points": 100 * batch["points"] + 7})
    torch.testing.assert_close(larger, inputs, atol=1e-4, rtol=0)
    assert raw_inputs(height=False).encode(batch).equal(inputs[:, :6])
    assert raw_inputs(height=True).encode(batch).equal(inputs)
    assert (raw_inputs(height=False).width, raw_inputs(height=True).width) == (6, 7)


def test_random_features_are_functions_of_single_points(batch):
    torch.manual_seed(0)
    encoding = random_features(torch.device("cpu"))
    features = encoding.encode(batch)
    assert features.shape == (len(batch["points"]), RANDOM_FEATURES)
    assert features.min() == 0 < features.mean()
    recolored = {**batch, "colors": batch["colors"].clone()}
    recolored["colors"][0] = 1 - recolored["colors"][0]
    changed = (encoding.encode(recolored) != features).any(dim=1)
    assert changed.nonzero().flatten().tolist() == [0]


def test_calibration_sets_running_averages_to_those_of_the_scenes(make_feeler, batch):
    method = make_feeler()
    norm = method.backbone.layers[1]
    norm.running_mean.fill_(7.0)
    momentum = norm.momentum
    calibrate_batch_norms(method, [batch, batch])
    assert norm.momentum == momentum
    assert not any(module.training for module in method.modules())
    with torch.no_grad():
        features = method.encode_points(batch)
        calibrated = norm.running_mean.clone()
        method.backbone.train()
        norm.momentum = 1.0
        method.encode_points(batch)
    torch.testing.assert_close(calibrated, norm.running_mean)
    assert 0.1 < features.std() < 2


def interrupted(method):
    with preserve_module_state(method):
        method.train()
        method.backbone.layers(torch.randn(8, 6) + 3)
        assert not torch.equal(method.backbone.layers[1].running_mean, torch.zeros(16))
        raise KeyboardInterrupt


def test_averages_and_modes_are_restored_even_after_an_error(make_feeler):
    method = make_feeler()
    method.decoder.train()
    before = {name: value.clone() for name, value in method.state_dict().items()}
    with pytest.raises(KeyboardInterrupt):
        interrupted(method)
    assert all(torch.equal(value, before[name]) for name, value in method.state_dict().items())
    modes = {name: module.training for name, module in method.named_modules()}
    assert [name for name, training in modes.items() if training] == ["decoder"]
