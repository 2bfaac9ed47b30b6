import itertools

import pytest
import torch

from gaussrep.building import build
from gaussrep.errors import CapabilityError
from gaussrep.training.config import TrainerConfig
from gaussrep.training.optimization import make_optimizer
from gaussrep_gaussiancross.evaluations.segmenter import (
    jaccard_gradient,
    lovasz_softmax,
    segmentation_loss,
)


@pytest.fixture
def make_segmenter(rooms):
    def make(base_method="feeler"):
        torch.manual_seed(0)
        settings = {"type": "point-segmenter", "base_method": base_method, "classes": 5}
        return build("methods", settings)

    return make


def test_the_head_is_linear_in_the_features(make_segmenter, batch):
    segmenter = make_segmenter().eval()
    features = segmenter.base_method.encode_points(batch)
    wanted = features @ segmenter.head.weight.T + segmenter.head.bias
    torch.testing.assert_close(segmenter.scores(batch), wanted)
    loss = segmenter.training_loss(batch).loss
    torch.testing.assert_close(loss, segmentation_loss(wanted, batch["labels"]))


def test_the_backbone_learns_and_the_rest_of_the_base_method_does_not(make_segmenter, batch):
    segmenter = make_segmenter()
    segmenter.training_loss(batch).loss.backward()
    for name, parameter in segmenter.named_parameters():
        assert (parameter.grad is None) == name.startswith("base_method.decoder"), name
    make_optimizer(segmenter, TrainerConfig(steps=1))  # its names are known


@pytest.mark.parametrize("name", ["point-segmenter", "point-group"])
def test_weights_of_0_1_load(rooms, name):
    method = build("methods", {"type": name, "base_method": "feeler", "classes": 5})
    saved = method.state_dict()
    old_names = {new: old for old, new in type(method).renamed_weights.items()}
    old = {}
    for key, value in saved.items():
        first, dot, rest = key.partition(".")
        old[old_names.get(first, first) + dot + rest] = value + 1
    assert any(key.startswith("body.") for key in old)
    method.load_state_dict(old)
    loaded = method.state_dict().values()
    assert all(map(torch.equal, loaded, old.values()))


def test_what_it_saw_is_counted_in_training_only(make_segmenter, batch):
    segmenter = make_segmenter()
    wanted = [int((batch["labels"] == label).sum()) for label in range(5)]
    segmenter.eval().training_loss(batch)
    assert segmenter.class_counts.sum() == 0
    segmenter.train().training_loss(batch)
    assert segmenter.class_counts.tolist() == wanted
    assert wanted[-1] == 0 < wanted[0]
    unknown = {**batch, "labels": torch.full_like(batch["labels"], -1)}
    assert segmenter.training_loss(unknown).loss == 0
    assert segmenter.class_counts.tolist() == wanted


def test_other_methods_are_refused(make_segmenter):
    with pytest.raises(CapabilityError, match=r"Numb does not encode points, .* gaussiancross"):
        make_segmenter("numb")


CERTAIN = 200.0


def jaccard_loss(wrong, true):
    """One minus intersection over union, where `wrong` of the points are taken for the other."""
    output = {i for i in range(len(true)) if true[i] != wrong[i]}
    truth = {i for i in range(len(true)) if true[i]}
    return 1 - len(output & truth) / len(output | truth) if output | truth else 0.0


@pytest.mark.parametrize("labels", [(0, 1, 1, 0, 1), (1, 1, 1, 1, 1), (0, 0, 1, 0, 0)])
def test_it_is_the_jaccard_loss_at_every_vertex(labels):
    """Certain predictions, right or wrong, of two classes: the mean over classes that occur."""
    for predictions in itertools.product((0, 1), repeat=5):
        scores = CERTAIN * torch.nn.functional.one_hot(torch.tensor(predictions), 2).double()
        wanted = []
        for label in set(labels):
            true = [own == label for own in labels]
            wrong = [prediction != own for prediction, own in zip(predictions, labels, strict=True)]
            wanted.append(jaccard_loss(wrong, true))
        found = lovasz_softmax(scores, torch.tensor(labels)).item()
        assert found == pytest.approx(sum(wanted) / len(wanted), abs=1e-6)


def test_between_vertices_it_is_the_lovasz_extension():
    """Against its definition: integrate the Jaccard loss of the points whose error exceeds t."""
    generator = torch.Generator().manual_seed(0)
    scores = torch.randn(7, 3, generator=generator, dtype=torch.float64)
    labels = torch.tensor([0, 1, 0, 1, 1, 0, 0])  # class 2 does not occur
    probabilities = scores.softmax(1)
    wanted = []
    for label in (0, 1):
        true = labels == label
        errors = torch.where(true, 1 - probabilities[:, label], probabilities[:, label])
        levels = [0.0, *errors.sort().values.tolist()]
        wanted.append(
            sum(
                (high - low) * jaccard_loss((errors >= high).tolist(), true.tolist())
                for low, high in itertools.pairwise(levels)
            )
        )
    assert lovasz_softmax(scores, labels).item() == pytest.approx(sum(wanted) / 2, abs=1e-6)


def test_gradient():
    generator = torch.Generator().manual_seed(1)
    scores = torch.randn(6, 4, generator=generator, dtype=torch.float64, requires_grad=True)
    labels = torch.tensor([0, 3, 1, 1, 0, 3])
    assert torch.autograd.gradcheck(lambda scores: lovasz_softmax(scores, labels), scores)


def test_growth_sums_to_the_loss_of_all_wrong():
    truth = torch.tensor([[True, False], [False, False], [True, True]])
    assert jaccard_gradient(truth).sum(0).tolist() == [1.0, 1.0]
    assert (jaccard_gradient(truth) >= 0).all()


def test_points_without_a_class_cost_nothing():
    generator = torch.Generator().manual_seed(2)
    scores = torch.randn(6, 3, generator=generator, requires_grad=True)
    labels = torch.tensor([0, -1, 2, -1, 1, 0])
    known = labels >= 0
    wanted = torch.nn.functional.cross_entropy(scores, labels, ignore_index=-1)
    wanted = wanted + lovasz_softmax(scores[known], labels[known])
    torch.testing.assert_close(segmentation_loss(scores, labels), wanted)
    nothing = segmentation_loss(scores, torch.full((6,), -1))
    nothing.backward()
    assert nothing == 0
    assert scores.grad.eq(0).all()
