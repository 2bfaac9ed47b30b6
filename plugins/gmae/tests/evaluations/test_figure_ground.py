import math

import pytest
import torch

from gaussrep.data.shapes.config import ShapesConfig
from gaussrep.data.shapes.dataset import Shapes
from gaussrep.errors import DataError
from gaussrep_gmae.evaluations.figure_ground import iou


def test_rows_of_an_untrained_model(evaluate):
    scores = evaluate("figure-ground", data={"type": "shapes", "image_size": 32, "val_samples": 3})
    names = list(scores.rows)
    assert names[0] == "gmae"
    assert set(names[1:]) == {
        "depth, border rule",
        "depth, near side",
        "depth, far side",
        "depth, better side (oracle)",
        "pixel colors",
        "all figure",
        "center disc",
    }
    assert all(0 <= row["iou"] <= 1 and row["std"] >= 0 for row in scores.rows.values())
    best = scores.rows["depth, better side (oracle)"]["iou"]
    for row in ("depth, border rule", "depth, near side", "depth, far side"):
        assert best >= scores.rows[row]["iou"]


def test_baselines_are_what_their_names_say(evaluate):
    config = ShapesConfig(image_size=32, val_samples=3)
    rows = evaluate("figure-ground", data=config).rows
    figures = [sample["figure"] for sample in map(Shapes(config, "val").__getitem__, range(3))]
    shares = torch.stack([figure.float().mean() for figure in figures])
    assert rows["all figure"]["iou"] == pytest.approx(shares.mean().item(), abs=1e-6)
    assert rows["all figure"]["std"] == pytest.approx(shares.std(correction=0).item(), abs=1e-6)
    disc = [[math.hypot(x - 15.5, y - 15.5) <= 16 for x in range(32)] for y in range(32)]
    expected = iou(torch.tensor(disc).expand(3, 32, 32), torch.stack(figures)).mean().item()
    assert rows["center disc"]["iou"] == pytest.approx(expected, abs=1e-6)


def test_intersection_over_union():
    prediction = torch.tensor(
        [[[True, True, False]], [[False, False, False]], [[True, False, False]]]
    )
    true = torch.tensor([[[False, True, True]], [[False, False, False]], [[False, False, True]]])
    assert iou(prediction, true).tolist() == pytest.approx([1 / 3, 1.0, 0.0])


def test_data_without_figures_is_refused(evaluate):
    with pytest.raises(DataError, match=r"has no figure masks; data\.type=shapes has"):
        evaluate("figure-ground", data={"type": "photos", "image_size": 32, "val_crops": 1})
