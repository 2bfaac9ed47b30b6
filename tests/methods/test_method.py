import pytest
import torch
from torch import nn

from gaussrep.config import ComponentConfig
from gaussrep.errors import CapabilityError
from gaussrep.methods import Embedding, Method, StepOutput


class Mean(Method):
    def __init__(self):
        super().__init__(ComponentConfig(type="mean"))
        self.weight = nn.Parameter(torch.tensor(2.0))

    def training_loss(self, batch):
        return StepOutput(self.weight * batch["image"].mean())


def test_training_loss_is_what_must_be_written():
    with pytest.raises(TypeError, match="training_loss"):
        Method(ComponentConfig())  # pyright: ignore[reportAbstractUsage]


def test_keeps_its_config():
    assert Mean().config.type == "mean"


def test_forward_is_the_training_loss():
    method = Mean()
    output = method({"image": torch.full((2, 3), 4.0)})
    assert output.loss.item() == 8.0
    assert output.metrics == {}
    output.loss.backward()
    assert method.weight.grad == 4.0


def test_nothing_is_exempt_from_weight_decay_unless_named():
    assert Mean().no_weight_decay() == set()


@pytest.mark.parametrize(
    ("name", "wanted"), [("gaussians", "predicts no Gaussians"), ("embed", "gives no embedding")]
)
def test_what_a_method_cannot_give_is_one_sentence(name, wanted):
    with pytest.raises(CapabilityError, match=f"Mean {wanted}"):
        getattr(Mean(), name)({})


def test_results_are_frozen():
    output = StepOutput(torch.tensor(1.0))
    with pytest.raises(AttributeError):
        output.loss = torch.tensor(2.0)  # pyright: ignore[reportAttributeAccessIssue]
    embedding = Embedding(torch.zeros(2, 3, 4), torch.zeros(2, 4))
    with pytest.raises(AttributeError):
        embedding.pooled = torch.ones(2, 4)  # pyright: ignore[reportAttributeAccessIssue]
