import logging

import pytest
import torch

from gaussrep.errors import CapabilityError, DataError
from gaussrep_gaussiancross.evaluations.semantic_probe import one_cycle

QUICK = ["steps=30", "lr=0.05", "batch_size=3", "baselines=false"]


def state_of(method):
    return {name: value.clone() for name, value in method.state_dict().items()}


def same(first, second):
    return all(torch.equal(value, second[name]) for name, value in first.items())


@pytest.mark.parametrize("batchnorm", ["train", "eval"])
def test_classes_are_found_and_the_method_is_left_alone(evaluate, make_feeler, batchnorm):
    method = make_feeler()
    method.backbone.layers[1].running_mean.fill_(0.3)
    before = state_of(method)
    settings = [*QUICK, "steps=80", f"batchnorm={batchnorm}"]
    scores = evaluate("semantic-probe", method, *settings)
    assert scores.own["miou"] > 0.8
    assert scores.own.keys() == {"miou", "macc", "all_acc"}
    assert same(before, method.state_dict())
    assert not any(module.training for module in method.modules())
    assert all(parameter.grad is None for parameter in method.parameters())
    ious = scores.facts["iou"]["feeler"]
    assert ious["lamp"] is None
    assert sum(ious[name] for name in ("wall", "floor", "chair", "table")) / 4 == pytest.approx(
        scores.own["miou"]
    )
    assert scores.facts["train_scenes"] == 6
    assert scores.facts["val_scenes"] == 2
    assert scores.facts["unseen_classes"] == []


def test_only_one_protocol_lets_the_averages_move(evaluate, make_feeler):
    """Running averages that are far off are mended by the released protocol, and by it alone."""
    method = make_feeler()
    method.backbone.layers[1].running_mean.fill_(5.0)
    live, still = (
        evaluate("semantic-probe", method, *QUICK, "steps=40", f"batchnorm={name}").own["miou"]
        for name in ("train", "eval")
    )
    assert still < 0.2 < live  # nothing passes the ReLU, so nothing can be told apart


def test_a_random_backbone_has_a_row_of_its_own(evaluate, make_feeler):
    """A backbone that says nothing loses against fresh weights."""
    method = make_feeler()
    torch.nn.init.zeros_(method.backbone.layers[1].weight)
    torch.nn.init.zeros_(method.backbone.layers[1].bias)
    scores = evaluate("semantic-probe", method, *QUICK, "baselines=true")
    assert list(scores.rows) == [
        "feeler",
        "random backbone",
        "color and normal",
        "color, normal and height",
        "random features",
        "constant class",
    ]
    assert scores.rows["random backbone"]["miou"] > scores.own["miou"] + 0.3
    assert scores.rows["random features"]["miou"] > scores.own["miou"] + 0.3
    assert scores.facts["width"] == method.point_width
    constant = [value for value in scores.facts["iou"]["constant class"].values() if value]
    assert constant == [scores.rows["constant class"]["all_acc"]]


def test_features_of_all_resolutions(evaluate, make_feeler):
    """A method that has none is refused; one whose encoder has one resolution has the same."""
    method = make_feeler()
    with pytest.raises(CapabilityError, match="multi_scale=false"):
        evaluate("semantic-probe", method, *QUICK, "multi_scale=true")
    one = evaluate("semantic-probe", method, *QUICK)
    method.encode_points_multi_scale = method.encode_points
    joined = evaluate("semantic-probe", method, *QUICK, "multi_scale=true")
    assert joined.own == one.own
    assert joined.facts["width"] == method.backbone.multi_scale_width


def test_the_size_of_features_has_no_influence(evaluate, make_feeler):
    """Features a thousand times smaller, as those of a backbone with fresh batch norms are."""
    method = make_feeler()
    large = evaluate("semantic-probe", method, *QUICK).own["miou"]
    with torch.no_grad():
        method.backbone.layers[1].weight.mul_(0.001)
    small, released = (
        evaluate("semantic-probe", method, *QUICK, f"standardize={value}").own["miou"]
        for value in ("true", "false")
    )
    assert small > large - 0.1
    assert released < small - 0.2


def test_the_seed_decides(evaluate, make_feeler):
    method = make_feeler()
    settings = ["steps=4", "batch_size=2", "limit=3"]
    torch.manual_seed(1)
    first, again, other = (
        evaluate("semantic-probe", method, *settings, f"seed={seed}") for seed in (0, 0, 1)
    )
    assert first == again
    assert first.rows != other.rows
    alone = evaluate("semantic-probe", method, *settings, "baselines=false")
    assert alone.own == first.own


def test_fewer_scenes_and_fewer_points(evaluate, make_feeler):
    settings = ["limit=1", "batchnorm=eval", "cached_points=50", "steps=3"]
    facts = evaluate("semantic-probe", make_feeler(), *QUICK, *settings).facts
    assert facts["train_scenes"] == facts["val_scenes"] == 1


def test_votes(evaluate, make_feeler):
    facts = evaluate("semantic-probe", make_feeler(), *QUICK, "votes=13", "steps=2").facts
    assert facts["votes"] == 13


def test_training_scenes_are_augmented_in_one_protocol_only(evaluate, make_feeler):
    """The toy's noise doubles where colors jitter."""
    method = make_feeler()
    off = "data.augment.color_jitter.probability=0"
    for name, equal in (("train", False), ("eval", True)):
        settings = [*QUICK, "steps=4", f"batchnorm={name}"]
        rows = [evaluate("semantic-probe", method, *settings, *more).rows for more in ([], [off])]
        assert (rows[0] == rows[1]) == equal


def test_views_are_not_read(evaluate, make_feeler):
    """The toy asserts that none are asked for."""
    evaluate("semantic-probe", make_feeler(), *QUICK, "steps=1", "data.views=2")


def test_a_class_that_training_never_saw(evaluate, make_feeler, caplog):
    """Training sees two points; validation shows four classes."""
    overrides = ["steps=2", "limit=1", "batchnorm=eval", "cached_points=2"]
    with caplog.at_level(logging.WARNING, "gaussrep.evaluation"):
        facts = evaluate("semantic-probe", make_feeler(), *QUICK, *overrides).facts
    assert len(facts["unseen_classes"]) in (2, 3)
    (warning,) = caplog.messages
    assert f"training never saw a point of {', '.join(facts['unseen_classes'])}" in warning


@pytest.mark.parametrize(
    ("overrides", "data", "message"),
    [
        ([], "nameless", "'nameless' has no classes of points"),
        (["data.labeled=false"], "rooms", "no point of the train split of data set 'rooms' has"),
        (["data.held_out=0"], "rooms", "the val split of data set 'rooms' has no scenes"),
        (["data.first_label=3"], "rooms", "has the label 6, but the 5 classes go from 0 to 4"),
    ],
)
def test_bad_data(evaluate, make_feeler, overrides, data, message):
    with pytest.raises(DataError, match=message):
        evaluate("semantic-probe", make_feeler(), *overrides, data=data)


@pytest.mark.parametrize("steps", [100, 1000])
def test_as_torch_has_it(steps):
    """Torch's peak comes one step before the end of the warm-up; ours at its end."""
    parameter = torch.nn.Parameter(torch.zeros(()))
    optimizer = torch.optim.AdamW([parameter], lr=1.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, 1.0, steps, pct_start=0.05, div_factor=10, final_div_factor=1000
    )
    expected = []
    for _ in range(steps):
        expected.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    actual = [one_cycle(step, steps) for step in range(steps)]
    assert actual[0] == pytest.approx(expected[0]) == 0.1
    assert actual[-1] == pytest.approx(expected[-1]) == 1e-4
    tolerance = 40 / steps
    assert max(abs(a - b) for a, b in zip(actual, expected, strict=True)) < tolerance


@pytest.mark.parametrize("steps", [1, 2, 19, 20, 40])
def test_short_ones(steps):
    rates = [one_cycle(step, steps) for step in range(steps)]
    assert all(0 < rate <= 1 for rate in rates)
    assert max(rates) == 1.0
