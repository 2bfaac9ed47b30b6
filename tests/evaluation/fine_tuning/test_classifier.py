import pytest
import torch
from torch.nn import functional

from gaussrep.building import build
from gaussrep.errors import CapabilityError
from gaussrep.evaluation.fine_tuning.classifier import mixes
from gaussrep.training.config import TrainerConfig
from gaussrep.training.optimization import make_optimizer


@pytest.fixture
def make_classifier(looker):
    def make(base_method="looker", **settings):
        torch.manual_seed(0)
        settings = {"base_method": base_method, "width": 6, "classes": 3, **settings}
        classifier = build("methods", {"type": "classifier", **settings})
        torch.nn.init.normal_(classifier.head.weight)
        return classifier

    return make


@pytest.fixture
def batch(looker):
    generator = torch.Generator().manual_seed(1)
    return {
        "image": torch.rand(5, 3, 12, 12, generator=generator),
        "label": torch.tensor([0, 2, 1, 1, 0]),
    }


def test_the_head_is_linear_in_the_pooled_embedding(make_classifier, batch):
    classifier = make_classifier().eval()
    pooled = classifier.base_method.embed(batch).pooled
    expected = pooled @ classifier.head.weight.T + classifier.head.bias
    torch.testing.assert_close(classifier.scores(batch), expected)
    assert torch.equal(classifier.embed(batch).pooled, pooled)


def test_in_evaluation_nothing_is_smoothed_or_mixed(make_classifier, batch):
    classifier = make_classifier(mixup=1.0, cutmix=1.0, label_smoothing=0.3).eval()
    output = classifier.training_loss(batch)
    scores = classifier.scores(batch)
    torch.testing.assert_close(output.loss, functional.cross_entropy(scores, batch["label"]))
    right = (scores.argmax(1) == batch["label"]).float().mean()
    assert torch.equal(output.metrics["top1"], right)


def test_smoothed_labels_by_hand(make_classifier, batch):
    classifier = make_classifier(label_smoothing=0.3).train()
    logs = classifier.scores(batch).log_softmax(1)
    targets = 0.7 * functional.one_hot(batch["label"], 3) + 0.1
    torch.testing.assert_close(
        classifier.training_loss(batch).loss, -(targets * logs).sum(1).mean()
    )


@pytest.mark.parametrize("kind", ["mixup", "cutmix"])
def test_mixed_targets_say_what_the_image_shows(make_classifier, kind):
    """Images of pure colors show how much of each class is in them."""
    (mix,) = mixes(make_classifier(**{kind: 1.0}).config)
    torch.manual_seed(0)
    labels = torch.tensor([0, 1, 2])
    images = torch.eye(3)[:, :, None, None].expand(3, 3, 12, 12)
    shares = set()
    for _ in range(10):
        mixed, targets = mix(images.clone(), labels)
        torch.testing.assert_close(mixed.mean((2, 3)), targets)
        shares.add(round(targets[0, 0].item(), 4))
        pure = (mixed == 0) | (mixed == 1)
        assert pure.all() == (kind == "cutmix")
    assert len(shares) > 5


def test_both_kinds_of_mixing_take_turns(make_classifier):
    assert len(mixes(make_classifier(mixup=0.8, cutmix=1.0).config)) == 2
    assert mixes(make_classifier().config) == []


def test_mixing_draws_from_torchs_generator(make_classifier, batch):
    classifier = make_classifier(mixup=0.8, cutmix=1.0).train()
    losses = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        losses.append(classifier.training_loss(batch).loss.item())
    assert losses[0] == losses[1] != losses[2]


def test_layers_learn_at_falling_rates_and_the_rest_not_at_all(make_classifier):
    classifier = make_classifier(layer_decay=0.5)
    names = {parameter: name for name, parameter in classifier.named_parameters()}
    optimizer = make_optimizer(classifier, TrainerConfig(steps=1, lr=1.0))
    scales = {
        names[parameter]: group["lr_scale"]
        for group in optimizer.param_groups
        for parameter in group["params"]
    }
    assert scales == {
        "base_method.stem.weight": 0.25,
        "base_method.stem.bias": 0.25,
        "base_method.block.weight": 0.5,
        "base_method.block.bias": 0.5,
        "base_method.norm.weight": 1.0,
        "base_method.norm.bias": 1.0,
        "head.weight": 1.0,
        "head.bias": 1.0,
    }


def test_a_method_without_layers(make_classifier):
    with pytest.raises(CapabilityError, match="Mute cannot be fine-tuned: it names no layers"):
        make_classifier("mute")


def test_weights_with_older_names_load(make_classifier):
    classifier, saved = make_classifier(), make_classifier().state_dict()
    older = {name.replace("base_method.", "body."): value + 1 for name, value in saved.items()}
    classifier.load_state_dict(older)
    for name, value in classifier.state_dict().items():
        assert torch.equal(value, saved[name] + 1), name
