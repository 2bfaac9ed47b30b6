import pytest
import torch

from gaussrep.building import build
from gaussrep.errors import CapabilityError
from gaussrep.training.config import TrainerConfig
from gaussrep.training.optimizer import make_optimizer
from gaussrep_gaussiancross.downstream.segmentation_loss import segmentation_loss


@pytest.fixture
def make_segmenter(rooms):
    def make(body="feeler"):
        torch.manual_seed(0)
        settings = {"type": "point-segmenter", "body": body, "classes": 5}
        return build("methods", settings)

    return make


def test_the_head_is_linear_in_the_features(make_segmenter, batch):
    segmenter = make_segmenter().eval()
    features = segmenter.body.encode_points(batch)
    wanted = features @ segmenter.head.weight.T + segmenter.head.bias
    torch.testing.assert_close(segmenter.scores(batch), wanted)
    loss = segmenter.training_loss(batch).loss
    torch.testing.assert_close(loss, segmentation_loss(wanted, batch["labels"]))


def test_the_backbone_learns_and_the_rest_of_the_body_does_not(make_segmenter, batch):
    segmenter = make_segmenter()
    segmenter.training_loss(batch).loss.backward()
    for name, parameter in segmenter.named_parameters():
        assert (parameter.grad is None) == name.startswith("body.decoder"), name
    make_optimizer(segmenter, TrainerConfig(steps=1))  # its names are known


def test_what_it_saw_is_counted_in_training_only(make_segmenter, batch):
    segmenter = make_segmenter()
    wanted = [int((batch["labels"] == label).sum()) for label in range(5)]
    segmenter.eval().training_loss(batch)
    assert segmenter.seen.sum() == 0
    segmenter.train().training_loss(batch)
    assert segmenter.seen.tolist() == wanted
    assert wanted[-1] == 0 < wanted[0]
    unknown = {**batch, "labels": torch.full_like(batch["labels"], -1)}
    assert segmenter.training_loss(unknown).loss == 0
    assert segmenter.seen.tolist() == wanted


def test_other_methods_are_refused(make_segmenter):
    with pytest.raises(CapabilityError, match=r"Numb does not encode points, .* gaussiancross"):
        make_segmenter("numb")
