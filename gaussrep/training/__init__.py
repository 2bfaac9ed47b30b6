"""Training: one trainer for all methods, its callbacks, optimizers and schedules, run folders.

Importing this package does not import torch.
"""

from typing import TYPE_CHECKING

from gaussrep.runtime.lazy_names import lazy_names

if TYPE_CHECKING:
    from gaussrep.training.callback import Callback
    from gaussrep.training.checkpoint import load_run
    from gaussrep.training.config import TrainConfig, train_config
    from gaussrep.training.loading import ShuffledOrder, make_loader
    from gaussrep.training.optimization import Schedule
    from gaussrep.training.publishing import push
    from gaussrep.training.random_state import seeded
    from gaussrep.training.train_state import TrainState
    from gaussrep.training.trainer import TrainResult, resume, train, train_or_resume

__all__ = [
    "Callback",
    "Schedule",
    "ShuffledOrder",
    "TrainConfig",
    "TrainResult",
    "TrainState",
    "load_run",
    "make_loader",
    "push",
    "resume",
    "seeded",
    "train",
    "train_config",
    "train_or_resume",
]

__getattr__ = lazy_names(
    __name__,
    {
        "Callback": "gaussrep.training.callback",
        "Schedule": "gaussrep.training.optimization",
        "ShuffledOrder": "gaussrep.training.loading",
        "TrainConfig": "gaussrep.training.config",
        "TrainResult": "gaussrep.training.trainer",
        "TrainState": "gaussrep.training.train_state",
        "load_run": "gaussrep.training.checkpoint",
        "make_loader": "gaussrep.training.loading",
        "push": "gaussrep.training.publishing",
        "resume": "gaussrep.training.trainer",
        "seeded": "gaussrep.training.random_state",
        "train": "gaussrep.training.trainer",
        "train_config": "gaussrep.training.config",
        "train_or_resume": "gaussrep.training.trainer",
    },
)
