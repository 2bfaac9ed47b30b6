"""Training a copy of a method's backbone, and a head, for a task on scenes."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from gaussrep.config import dump_yaml
from gaussrep.errors import RunError
from gaussrep.evaluation.evaluation import name_of
from gaussrep.evaluation.features import device_of
from gaussrep.methods.digest import digest_of
from gaussrep.methods.method import Method
from gaussrep.training.config import TrainConfig, TrainerConfig
from gaussrep.training.load_run import load_run
from gaussrep.training.run_folder import RunFolder
from gaussrep.training.train import resume, train
from gaussrep_gaussiancross.downstream.config import SegmenterConfig
from gaussrep_gaussiancross.downstream.pointgroup.method import PointGroup
from gaussrep_gaussiancross.downstream.segmenter import Segmenter
from gaussrep_gaussiancross.evaluations.config import PointFineTuneConfig
from gaussrep_gaussiancross.evaluations.scenes import without_views
from gaussrep_gaussiancross.point_method import PointMethod


def fine_tuned(
    method: PointMethod, task: SegmenterConfig, config: PointFineTuneConfig, scenes: int
) -> Iterator[tuple[str, Method]]:
    """Train for a task from a method's weights, and from fresh ones where that is wanted.

    Each is a run in a folder of its own, `pretrained` and `from-scratch`. Where that holds the same
    run already, it is gone on with, or read if it is complete. The weights are those after the last
    step, not the best ones.

    Args:
        method: Gives the weights; is left as it is.
        task: Settings of the method that is trained, without its `start`.
        config: How to train, and on which data.
        scenes: Number of training scenes.

    Yields:
        The name of a row, and the trained method on the device of `method`, in evaluation mode.

    Raises:
        RunError: A folder holds another run.
    """
    trainer = _trainer(config, scenes, device_of(method).type)
    with _folder(config) as folder:
        for row, given in _starts(method, config).items():
            start = "" if given is None else digest_of(given)
            run_config = TrainConfig(
                method=task.model_copy(update={"start": start}),
                data=without_views(config.data),
                trainer=trainer,
                seed=config.seed,
            )
            place = folder / ("from-scratch" if given is None else "pretrained")
            _train(run_config, place, given)
            yield row, load_run(place).to(device_of(method))


def _starts(method: PointMethod, config: PointFineTuneConfig) -> dict[str, PointMethod | None]:
    scratch = {"from scratch": None} if config.from_scratch else {}
    return {name_of(method): method, **scratch}


def _trainer(config: PointFineTuneConfig, scenes: int, device: str) -> TrainerConfig:
    processes = int(os.environ.get("WORLD_SIZE", "1"))  # set by whoever launches several
    same = ("steps", "lr", "warmup", "weight_decay", "betas", "precision", "workers")
    return TrainerConfig.model_validate(
        {
            **{name: getattr(config, name) for name in same},
            "batch_size": max(1, min(config.batch_size, scenes // processes)),
            "min_lr": config.lr * config.min_lr_factor,
            "device": device,
            "checkpoint_every": max(1, config.steps // 10),
            "keep_last": 1,
            "evaluate_every": 0,
        }
    )


@contextmanager
def _folder(config: PointFineTuneConfig) -> Iterator[Path]:
    if config.folder is not None:
        yield config.folder
        return
    with TemporaryDirectory() as folder:
        yield Path(folder)


def _train(config: TrainConfig, folder: Path, given: Method | None) -> None:
    """Train from the given weights or from fresh ones, or go on with a run that was stopped."""

    def take_weights(trained: Method) -> None:
        assert isinstance(trained, (Segmenter, PointGroup))
        if given is not None:
            trained.body.load_state_dict(given.state_dict())

    run = RunFolder(folder)
    if not run.exists():
        train(config, folder, prepare=take_weights)
        return
    if dump_yaml(run.read_config()) != dump_yaml(config):
        raise RunError(
            f"{folder} holds the training of other weights or with other settings; remove it, or "
            "give this one another place with folder=FOLDER"
        )
    if max(run.checkpoints(), default=0) != config.trainer.steps:
        resume(folder)
