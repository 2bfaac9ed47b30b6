import pytest
import torch

from gaussrep.errors import CapabilityError


def test_of_a_method(evaluate, make_method):
    method = make_method()
    scores = evaluate("effective-rank", method, data="plain")
    assert 1 < scores.own["rank"] <= 6
    assert scores.facts == {"samples": 24, "width": 6}
    torch.nn.init.zeros_(method.norm.weight)
    torch.nn.init.ones_(method.norm.bias)
    assert evaluate("effective-rank", method, data="plain").own["rank"] == pytest.approx(1.0)
    with pytest.raises(CapabilityError, match="no embedding"):
        evaluate("effective-rank", make_method("mute"), data="plain")
