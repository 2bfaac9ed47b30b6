"""`semantic-fine-tune` and `instance-fine-tune`: train a copy of the backbone on a task."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

from gaussrep.config import dump_yaml
from gaussrep.data import SampleKey
from gaussrep.data.scenes import IGNORED
from gaussrep.errors import DataError, RunError
from gaussrep.evaluation.evaluation import Evaluation, Scores, name_of
from gaussrep.evaluation.features import device_of
from gaussrep.methods.digest import hash_state_dict
from gaussrep.methods.method import Method
from gaussrep.plugins.suggest import suggest
from gaussrep.training.checkpoint import load_run
from gaussrep.training.config import TrainConfig, TrainerConfig
from gaussrep.training.run_folder import RunFolder
from gaussrep.training.trainer import resume, train
from gaussrep_gaussiancross.evaluations.config import (
    InstanceFineTuneConfig,
    PointFineTuneConfig,
    PointGroupConfig,
    SegmenterConfig,
    SemanticFineTuneConfig,
)
from gaussrep_gaussiancross.evaluations.instances import (
    Overlaps,
    counted_instances,
    instance_scores,
)
from gaussrep_gaussiancross.evaluations.pointgroup import PointGroup
from gaussrep_gaussiancross.evaluations.scenes import (
    LabeledScenes,
    Ticker,
    batches_of,
    labeled_scenes,
    samples_of,
    without_views,
)
from gaussrep_gaussiancross.evaluations.segmentation import SegmentationTable, by_name, confusion_on
from gaussrep_gaussiancross.evaluations.segmenter import Segmenter
from gaussrep_gaussiancross.point_method import PointMethod, require_point_method


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
            start = "" if given is None else hash_state_dict(given)
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
    same = ("steps", "lr", "weight_decay", "precision", "num_workers")
    return TrainerConfig.model_validate(
        {
            **{name: getattr(config, name) for name in same},
            "batch_size": max(1, min(config.batch_size, scenes // processes)),
            "optimizer": {"type": "adamw", "betas": config.betas},
            "schedule": {
                "type": "warmup-cosine",
                "warmup_fraction": config.warmup_fraction,
                "min_lr": config.lr * config.min_lr_factor,
            },
            "device": device,
            "checkpoint_every": max(1, config.steps // 10),
            "keep_last": 1,
            "validate_every": 0,
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
        train(config, folder, init_hook=take_weights)
        return
    if dump_yaml(run.read_config()) != dump_yaml(config):
        raise RunError(
            f"{folder} holds the training of other weights or with other settings; remove it, or "
            "give this one another place with folder=FOLDER"
        )
    if max(run.checkpoints(), default=0) != config.trainer.steps:
        resume(folder)


class SemanticFineTune(Evaluation):
    """Trains a copy of the backbone, and a linear layer, on the classes of points.

    Each training is a run of the `point-segmenter` method. Fewer scenes and fewer labeled points
    are settings of the data set; validation is always whole.

    Args:
        config: Its settings.
    """

    config: SemanticFineTuneConfig
    online: ClassVar[bool] = False

    def measure(self, method: Method) -> Scores:
        """Give `miou`, `macc` and `all_acc` on the validation scenes, from 0 to 1."""
        body, data = require_point_method(method), without_views(self.config.data)
        train, val = labeled_scenes(data, "train"), labeled_scenes(data, "val")
        task = SegmenterConfig(type="point-segmenter", body=body.config, classes=len(val.classes))
        table = SegmentationTable(val.classes)
        for row, trained in fine_tuned(body, task, self.config, len(train)):
            assert isinstance(trained, Segmenter)
            confusion = confusion_on(
                val,
                range(len(val)),
                trained.scores,
                votes=self.config.votes,
                workers=self.config.num_workers,
                device=device_of(trained),
            )
            table.add(row, confusion, trained.seen)
        return table.scores(
            {
                "train_scenes": len(train),
                "val_scenes": len(val),
                "steps": self.config.steps,
                "votes": self.config.votes,
            }
        )


class InstanceFineTune(Evaluation):
    """Trains a copy of the backbone, and PointGroup's two heads, to find objects.

    Each training is a run of the `point-group` method.

    Args:
        config: Its settings.
    """

    config: InstanceFineTuneConfig
    online: ClassVar[bool] = False

    def measure(self, method: Method) -> Scores:
        """Give `ap`, `ap50` and `ap25` on the validation scenes, from 0 to 1."""
        body, data = require_point_method(method), without_views(self.config.data)
        train, val = labeled_scenes(data, "train"), labeled_scenes(data, "val")
        task = self._task(body, val)
        require_objects(train, "train", task.stuff, least=1)
        require_objects(val, "val", task.stuff, least=self.config.least_points)
        rows, class_aps = {}, {}
        for row, trained in fine_tuned(body, task, self.config, len(train)):
            assert isinstance(trained, PointGroup)
            found = instance_scores(
                self._overlaps(trained, val), len(val.classes), self.config.least_points
            )
            rows[row] = {"ap": found.ap, "ap50": found.ap50, "ap25": found.ap25}
            class_aps[row] = by_name(found.class_aps.tolist(), val.classes)
        facts = {"train_scenes": len(train), "val_scenes": len(val), "steps": self.config.steps}
        return Scores(rows, {**facts, "class_ap": class_aps})

    def _task(self, body: PointMethod, scenes: LabeledScenes) -> PointGroupConfig:
        return PointGroupConfig(
            type="point-group",
            body=body.config,
            classes=len(scenes.classes),
            stuff=indices_of(self.config.stuff, scenes.classes),
            radius=self.config.radius,
            least_points=self.config.least_points,
        )

    def _overlaps(self, trained: PointGroup, scenes: LabeledScenes) -> list[Overlaps]:
        """Compare the objects of each validation scene with the true ones."""
        ticker = Ticker("validation scenes", len(scenes))
        keys = [[SampleKey(index)] for index in range(len(scenes))]
        found = []
        for batch in batches_of(scenes, keys, self.config.num_workers, device_of(trained)):
            labels = batch["labels"]
            instances = counted_instances(labels, batch["instances"], trained.config.stuff)
            found.append(Overlaps.of(trained.proposals(batch), labels, instances))
            ticker.tick(len(found))
        return found


def require_objects(scenes: LabeledScenes, split: str, stuff: tuple[int, ...], least: int) -> None:
    """Read scenes until one has an object that counts.

    Args:
        scenes: Scenes with labels.
        split: Which split they are, for the message.
        stuff: Classes that have no objects.
        least: Points that an object must have.

    Raises:
        DataError: There is no object.
    """
    for sample in samples_of(scenes):
        instances = counted_instances(sample["labels"], sample["instances"], stuff)
        sizes = instances[instances != IGNORED].unique(return_counts=True)[1]
        if (sizes >= least).any():
            return
    left_out = ", ".join(scenes.classes[label] for label in stuff) or "nothing"
    raise DataError(
        f"no scene of the {split} split has an object of at least {least} points ({left_out} left "
        "out), and this evaluation needs instances; lower least_points or look into the data "
        "set's files of instances"
    )


def indices_of(names: Sequence[str], classes: Sequence[str]) -> tuple[int, ...]:
    """Find classes by name.

    Args:
        names: What to find.
        classes: Names of all classes.

    Returns:
        Their indices.

    Raises:
        DataError: There is no class of a name.
    """
    for name in names:
        if name not in classes:
            raise DataError(
                f"the data set has no class {name!r}, which stuff names; {suggest(name, classes)} "
                "stuff=[] leaves no class out"
            )
    return tuple(classes.index(name) for name in names)
