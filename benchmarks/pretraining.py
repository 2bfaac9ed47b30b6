"""Runs that are made complete, whatever is there of them."""

from pathlib import Path

from safetensors.torch import save_model

from gaussrep.errors import RunError
from gaussrep.runtime.atomic_files import atomic_write
from gaussrep.training.components import TrainingComponents
from gaussrep.training.config import TrainConfig
from gaussrep.training.run_folder import RunFolder
from gaussrep.training.trainer import resume, train


def pretrain(config: TrainConfig, folder: Path, *, is_trained: bool) -> None:
    """Make a run complete, whatever is there of it."""
    run = RunFolder(folder)
    if run.exists() and run.read_config() != config:
        raise RunError(f"{folder} holds a run with other settings; give another --runs folder")
    if not is_trained:
        if not run.weights_file.exists():
            keep_first_weights(config, folder)
    elif not run.checkpoints():
        train(config, folder, overwrite=True)
    elif max(run.checkpoints()) != config.trainer.steps:
        resume(folder)


def keep_first_weights(config: TrainConfig, folder: Path) -> None:
    """Write a run of no step: the weights that training with this seed would start from."""
    method = TrainingComponents.build(config, world_size=1).method
    run = RunFolder.create(folder, config, {"untrained": True}, overwrite=True)
    with atomic_write(run.weights_file) as temporary:
        save_model(method, str(temporary))
