"""Two processes, whose shares of a step differ, make the steps of one."""

import pytest
import torch
from ranks import train_alone_and_together
from safetensors.torch import load_file

STEPS = 20
TRAINER = {
    "steps": STEPS,
    "lr": 3e-4,
    "schedule": {"type": "constant"},
    "log_every": 1,
    "validate_every": 10,
    "evaluations_every": 10,
    "device": "cpu",
    "tensorboard": False,
}
SMALL = {"width": 24, "depth": 1, "heads": 2}
IMAGES = {
    "data": {"type": "shapes", "samples": 40, "val_samples": 5, "image_size": 16},
    "trainer": {**TRAINER, "batch_size": 5, "gradient_accumulation_steps": 2},
    "evaluations": {"rank": {"type": "effective-rank"}},
}
MASKED = {"image_size": 16, "patch_size": 4, "encoder": SMALL, "decoder": SMALL}
CROSS = {
    "type": "gaussiancross",
    "backbone": {"type": "sparse-unet", "size": "tiny"},
    "grid_size": 0.2,
    "anchors": [6, 6, 4],
    "feature_channels": 4,
    "min_gaussians": 16,
    "dense": {"widths": [8, 16], "out_channels": 8},
    "renderer": "cpu",
}
RUNS = {
    "gmae": {"method": {"type": "gmae", **MASKED, "queries": 16, "renderer": "cpu"}, **IMAGES},
    "mae": {"method": {"type": "mae", **MASKED}, **IMAGES},
    "gaussiancross": {
        "method": CROSS,
        "data": {"type": "scannet", "root": "nowhere", "views": 2},
        "trainer": {**TRAINER, "lr": 1e-4, "batch_size": 3, "evaluations_every": 0},
    },
}


LABELS = {"steps": 3, "validate_every": 3, "evaluations_every": 0, "lr": 1e-5}
POINTS = {
    "data": {"type": "scannet", "root": "nowhere", "views": 0},
    "trainer": {**TRAINER, **LABELS, "batch_size": 5},
}
TASKS = {
    "classifier": {
        "method": {
            "type": "classifier",
            "body": {"type": "mae", **MASKED},
            "width": 24,
            "classes": 3,
            "mixup": 0.8,
            "cutmix": 1.0,
        },
        "data": IMAGES["data"],
        "trainer": {**IMAGES["trainer"], **LABELS, "lr": 3e-3, "gradient_accumulation_steps": 1},
    },
    "point-segmenter": {
        "method": {"type": "point-segmenter", "base_method": CROSS, "classes": 3}, **POINTS
    },
    "point-group": {
        "method": {"type": "point-group", "base_method": CROSS, "classes": 3, "radius": 0.3},
        **POINTS,
    },
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("method", RUNS)
def test_two_processes_of_unequal_shares_equal_one(tmp_path, method):
    alone, together = train_alone_and_together(RUNS[method], tmp_path)
    assert len(alone) == len(together) == STEPS
    for one, two in zip(alone, together, strict=True):
        for name, number in one.items():
            tolerance = 1e-5 if "loss" in name or name == "step" else 1e-3  # others magnify it
            assert two[name] == pytest.approx(number, rel=tolerance, abs=1e-7), name


@pytest.mark.slow
@pytest.mark.parametrize("method", TASKS)
def test_two_processes_train_on_labels_as_one(tmp_path, method):
    alone, together = train_alone_and_together(TASKS[method], tmp_path)
    for one, two in zip(alone, together, strict=True):
        losses = {name: number for name, number in one.items() if "loss" in name}
        assert {name: two[name] for name in losses} == pytest.approx(losses, rel=1e-5, abs=1e-7)
    if method == "point-segmenter":
        counts = [load_file(tmp_path / n / "model.safetensors")["class_counts"] for n in "12"]
        assert torch.equal(*counts)
        assert counts[0].sum() > 15 * 300
