import pytest
import torch

from gaussrep.errors import DataError
from gaussrep.training.load_run import load_run

QUICK = [
    "steps=40",
    "lr=0.03",
    "batch_size=3",
    "from_scratch=false",
    "radius=0.11",
    "least_points=40",
]


def test_boxes_are_found_and_the_method_is_left_alone(evaluate, make_method, tmp_path):
    method = make_method()
    before = {name: value.clone() for name, value in method.state_dict().items()}
    scores = evaluate("instance-fine-tune", method, *QUICK, f"folder={tmp_path}")
    assert scores.own.keys() == {"ap", "ap50", "ap25"}
    assert scores.own["ap50"] > 0.9
    assert scores.own["ap"] <= scores.own["ap50"] <= scores.own["ap25"]
    aps = scores.facts["class_ap"]["feeler"]
    assert [name for name, ap in aps.items() if ap is not None] == ["chair", "table"]
    assert (aps["chair"] + aps["table"]) / 2 == pytest.approx(scores.own["ap"])
    assert all(torch.equal(value, before[name]) for name, value in method.state_dict().items())
    trained = load_run(tmp_path / "pretrained")
    assert trained.config.stuff == (0, 1)
    assert trained.config.least_points == 40


def test_a_radius_that_is_too_small_finds_nothing(evaluate, make_method):
    scores = evaluate("instance-fine-tune", make_method(), *QUICK, "radius=0.001")
    assert scores.own == {"ap": 0.0, "ap50": 0.0, "ap25": 0.0}


def test_both_rows_and_the_same_numbers_again(evaluate, make_method):
    method, settings = make_method(), [*QUICK, "from_scratch=true", "steps=6"]
    scores = evaluate("instance-fine-tune", method, *settings)
    assert list(scores.rows) == ["feeler", "from scratch"]
    assert evaluate("instance-fine-tune", method, *settings) == scores


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["data.instances=false"], r"train split has an object .* \(wall, floor left out\)"),
        (["least_points=5000"], "val split has an object of at least 5000 points"),
        (["stuff=[wall,floor,chair,table]"], "chair, table left out"),
        (["stuff=[flor]"], "no class 'flor', which stuff names; did you mean 'floor'?"),
    ],
)
def test_no_objects(evaluate, make_method, overrides, message):
    with pytest.raises(DataError, match=message):
        evaluate("instance-fine-tune", make_method(), *QUICK, *overrides)
