"""Pretrain encoders by reconstructing their input as 3D Gaussians; render, fit and store Gaussians.

Names are imported on first use, so `import gaussrep` does not import torch.
"""

from typing import TYPE_CHECKING

from gaussrep.runtime.lazy_names import lazy_names

if TYPE_CHECKING:
    from gaussrep import plugins
    from gaussrep.building import build
    from gaussrep.cameras import Cameras
    from gaussrep.cuboid import Cuboid
    from gaussrep.data.scenes.source import SceneSource
    from gaussrep.embedding import embed
    from gaussrep.encoders import ImageEncoder, PointEncoder
    from gaussrep.errors import GaussrepError
    from gaussrep.evaluation import Evaluation, Scores, evaluate
    from gaussrep.fitting import Capture, FitConfig, FitResult, Strategy, fit
    from gaussrep.formats import Format, load, save
    from gaussrep.gaussians import Gaussians
    from gaussrep.losses import Loss
    from gaussrep.methods import Batch, Embedding, Method, Reconstruction, StepOutput
    from gaussrep.rendering import Renderer, Rendering, get_renderer, render
    from gaussrep.runtime.thread_settings import threads
    from gaussrep.training import (
        Callback,
        Schedule,
        TrainConfig,
        TrainResult,
        load_run,
        push,
        resume,
        train,
        train_config,
    )

__version__ = "0.1.0"

__all__ = [
    "Batch",
    "Callback",
    "Cameras",
    "Capture",
    "Cuboid",
    "Embedding",
    "Evaluation",
    "FitConfig",
    "FitResult",
    "Format",
    "Gaussians",
    "GaussrepError",
    "ImageEncoder",
    "Loss",
    "Method",
    "PointEncoder",
    "Reconstruction",
    "Renderer",
    "Rendering",
    "SceneSource",
    "Schedule",
    "Scores",
    "StepOutput",
    "Strategy",
    "TrainConfig",
    "TrainResult",
    "__version__",
    "build",
    "embed",
    "evaluate",
    "fit",
    "get_renderer",
    "load",
    "load_run",
    "plugins",
    "push",
    "render",
    "resume",
    "save",
    "threads",
    "train",
    "train_config",
]

_NAMES_BY_MODULE = {
    "gaussrep.building": "build",
    "gaussrep.cameras": "Cameras",
    "gaussrep.cuboid": "Cuboid",
    "gaussrep.data.scenes.source": "SceneSource",
    "gaussrep.embedding": "embed",
    "gaussrep.encoders": "ImageEncoder PointEncoder",
    "gaussrep.errors": "GaussrepError",
    "gaussrep.evaluation": "Evaluation Scores evaluate",
    "gaussrep.fitting": "Capture FitConfig FitResult Strategy fit",
    "gaussrep.formats": "Format load save",
    "gaussrep.gaussians": "Gaussians",
    "gaussrep.losses": "Loss",
    "gaussrep.methods": "Batch Embedding Method Reconstruction StepOutput",
    "gaussrep.rendering": "Renderer Rendering get_renderer render",
    "gaussrep.runtime.thread_settings": "threads",
    "gaussrep.training": (
        "Callback Schedule TrainConfig TrainResult load_run push resume train train_config"
    ),
}
_HOMES = {name: module for module, names in _NAMES_BY_MODULE.items() for name in names.split()}

__getattr__ = lazy_names(__name__, {"plugins": "gaussrep.plugins", **_HOMES})


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
