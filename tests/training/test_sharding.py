import pytest
import torch
from torch import nn

from gaussrep.errors import ConfigError
from gaussrep.training.sharding import gathered, holds_shares, local_part, require_shardable


def test_whole_tensors_stay_as_they_are():
    values = {"a": [torch.ones(2), 3, ("x", None)], 0: {"step": torch.tensor(1.0)}}
    found = gathered(values)
    assert found["a"][0] is values["a"][0]
    assert found["a"][1:] == [3, ("x", None)]
    assert found[0]["step"] is values[0]["step"]
    assert not holds_shares(nn.Linear(2, 2))
    assert local_part(values["a"][0]) is values["a"][0]


@pytest.mark.parametrize(
    ("settings", "replaces", "needs"),
    [
        ([], True, "the method toy replaces its parameters"),
        (["callbacks.average.type=ema"], False, "the callback average may need them; leave"),
        (["evaluations.rank.type=effective-rank"], False, "set trainer.evaluations_every=0"),
    ],
)
def test_what_needs_whole_weights_is_refused(configure, settings, replaces, needs):
    with pytest.raises(ConfigError, match=needs):
        require_shardable(
            configure("trainer.shard_weights=true", *settings), replaces_parameters=replaces
        )


def test_a_plain_run_may_be_divided(configure):
    require_shardable(configure("trainer.shard_weights=true"), replaces_parameters=False)
