import pytest
import torch
from torch.nn import functional

import gaussrep as gr


@pytest.fixture
def make_method(rooms):
    def make(**settings):
        torch.manual_seed(0)
        given = {"type": "point-group", "body": "feeler", "classes": 5, "stuff": [0, 1]}
        return gr.build("methods", {**given, **settings})

    return make


def test_the_heads(make_method):
    method = make_method()
    kinds = [type(layer).__name__ for layer in method.offset_head]
    assert kinds == ["Linear", "BatchNorm1d", "ReLU", "Linear"]
    shapes = [list(p.shape) for p in method.offset_head.parameters() if p.ndim == 2]
    assert shapes == [[16, 16], [3, 16]]
    assert method.class_head.weight.shape == (5, 16)


def test_loss_is_the_sum_of_its_parts(make_method, batch):
    method = make_method().eval()
    output = method.training_loss(batch)
    features = method.body.encode_points(batch)
    classes = functional.cross_entropy(method.class_head(features), batch["labels"])
    torch.testing.assert_close(output.metrics["class_loss"], classes)
    assert output.loss == output.metrics["class_loss"] + output.metrics["offset_loss"]
    output.loss.backward()
    for name, parameter in method.named_parameters():
        assert (parameter.grad is None) == name.startswith("body.decoder"), name


def test_walls_and_floors_have_no_middle(make_method, batch):
    """Giving them objects changes nothing; taking chairs and tables out leaves no offset loss."""
    method = make_method().eval()
    loss = method.training_loss(batch).loss
    stuffed = torch.where(batch["labels"] < 2, 77, batch["instances"])
    assert method.training_loss({**batch, "instances": stuffed}).loss == loss
    everything = make_method(stuff=[0, 1, 2, 3]).eval()
    assert everything.training_loss(batch).metrics["offset_loss"] == 0
    nothing = {**batch, "labels": torch.full_like(batch["labels"], -1)}
    assert method.training_loss(nothing).loss == 0


def test_proposals_of_a_scene_that_is_understood(make_method, rooms):
    """Told the classes by color and no offsets, it finds every box."""
    dataset = gr.build("datasets", "rooms", split="val")
    batch = dataset.collate([dataset[0]])
    method = make_method(radius=0.11, least_points=20).eval()
    for parameter in method.offset_head[-1].parameters():
        torch.nn.init.zeros_(parameter)
    truth = functional.one_hot(batch["labels"], 5) * 20.0
    method.class_head.forward = lambda features: truth
    found = method.proposals(batch)
    assert found.labels.tolist() == [2, 2, 3]
    boxes = {tuple(mask.tolist()) for mask in found.masks}
    assert boxes == {tuple((batch["instances"] == number).tolist()) for number in range(3)}
    assert (found.scores > 0.99).all()
