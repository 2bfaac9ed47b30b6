"""Two processes, whose shares of a step differ, make the steps of one."""

import pytest
from ranks import train_alone_and_together

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


@pytest.mark.slow
@pytest.mark.parametrize("method", RUNS)
def test_two_processes_of_unequal_shares_equal_one(tmp_path, method):
    alone, together = train_alone_and_together(RUNS[method], tmp_path)
    assert len(alone) == len(together) == STEPS
    for one, two in zip(alone, together, strict=True):
        for name, number in one.items():
            tolerance = 1e-5 if "loss" in name or name == "step" else 1e-3  # others magnify it
            assert two[name] == pytest.approx(number, rel=tolerance, abs=1e-7), name
