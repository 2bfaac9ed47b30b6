"""Configurations of the three methods; imports no torch-dependent module of gaussrep."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from nerfstudio.configs.base_config import MachineConfig, ViewerConfig
from nerfstudio.data.datamanagers.full_images_datamanager import (
    FullImageDatamanager,
    FullImageDatamanagerConfig,
)
from nerfstudio.data.dataparsers.base_dataparser import DataParserConfig
from nerfstudio.data.dataparsers.nerfstudio_dataparser import NerfstudioDataParserConfig
from nerfstudio.engine.optimizers import OptimizerConfig
from nerfstudio.engine.trainer import TrainerConfig
from nerfstudio.pipelines.base_pipeline import VanillaPipelineConfig

from gaussrep import FitConfig
from gaussrep_nerfstudio.model_config import DEFAULTS, GaussrepModelConfig
from gaussrep_nerfstudio.rgbd_config import RgbdDataParserConfig
from gaussrep_nerfstudio.scene_images import SceneImages

EPSILON = 1e-15
"""Adam's ε in 3DGS's code, as in `gaussrep.fitting.scene_model`."""


class SceneDatamanager(FullImageDatamanager[SceneImages]):
    """nerfstudio's data manager for whole images, with images and depth read by `SceneImages`."""


@dataclass
class FusedAdamConfig(OptimizerConfig):
    """Adam in one kernel."""

    _target: type = torch.optim.Adam
    lr: float = 1e-3
    """Learning rate; that of the centers is a multiple of the scene's extent and decays."""
    eps: float = EPSILON
    """Adam's ε."""
    max_norm: float | None = None
    """Largest norm of the gradient; None does not clip."""
    fused: bool = True
    """Update a tensor in one kernel."""


def trainer_config(name: str) -> TrainerConfig:
    """Configure a method.

    Args:
        name: `gaussrep`, `gaussrep-features` or `gaussrep-cross`.

    Returns:
        Configuration for `ns-train`.
    """
    model = {
        "gaussrep": {},
        "gaussrep-features": {"encoder": "statistics"},
        "gaussrep-cross": {"init": "run"},
    }[name]
    parser: DataParserConfig = NerfstudioDataParserConfig(data=Path(), load_3D_points=True)
    if name == "gaussrep-cross":
        parser = RgbdDataParserConfig()
    return TrainerConfig(
        method_name=name,
        max_num_iterations=FitConfig.model_fields["steps"].default,
        steps_per_eval_batch=0,
        steps_per_eval_image=1000,
        steps_per_eval_all_images=1000,
        steps_per_save=1000,
        mixed_precision=False,
        pipeline=VanillaPipelineConfig(
            datamanager=FullImageDatamanagerConfig(_target=SceneDatamanager, dataparser=parser),
            model=GaussrepModelConfig(**model),
        ),
        optimizers=_optimizers(),
        machine=MachineConfig(device_type="cuda" if torch.cuda.is_available() else "cpu"),
        viewer=ViewerConfig(num_rays_per_chunk=1 << 15),
        vis="viewer",
    )


def _optimizers() -> dict[str, Any]:
    """One per parameter group, with the learning rates of `gaussrep fit`."""
    rates = DEFAULTS.learning_rates.model_dump(exclude={"means_end"})
    return {
        name: {"optimizer": FusedAdamConfig(lr=rate), "scheduler": None}
        for name, rate in rates.items()
    }
