"""`semantic-fine-tune` and `instance-fine-tune`: train a copy of the backbone on a task."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

from gaussrep.data import IGNORED, SampleKey
from gaussrep.errors import DataError
from gaussrep.evaluation import Evaluation, Scores
from gaussrep.methods import Method, hash_state_dict
from gaussrep.training import TrainConfig, load_run, train_or_resume
from gaussrep_gaussiancross.evaluations.config import (
    InstanceFineTuneConfig,
    PointFineTuneConfig,
    PointGroupConfig,
    SegmenterConfig,
    SemanticFineTuneConfig,
)
from gaussrep_gaussiancross.evaluations.instances import (
    Overlaps,
    instance_scores,
    valid_instances,
)
from gaussrep_gaussiancross.evaluations.pointgroup import PointGroup
from gaussrep_gaussiancross.evaluations.scenes import (
    LabeledScenes,
    build_labeled_scenes,
    iter_batches,
    iter_samples,
    show_progress,
    without_views,
)
from gaussrep_gaussiancross.evaluations.segmentation import (
    SegmentationTable,
    compute_confusion,
    scores_by_class,
)
from gaussrep_gaussiancross.evaluations.segmenter import Segmenter
from gaussrep_gaussiancross.point_method import PointMethod, require_point_method


def fine_tune(
    method: PointMethod, task: SegmenterConfig, config: PointFineTuneConfig, scenes: int
) -> Iterator[tuple[str, Method]]:
    """Train for a task from a method's weights, and also from scratch if configured.

    Each is a run in a separate folder, `pretrained` and `from-scratch`. A folder that holds the
    same run is resumed, or read if the run is complete. The weights are those after the last step,
    not the best ones.

    Args:
        method: The method with the initial weights; it is not changed.
        task: Settings of the method to train, without its `initial_weights_hash`.
        config: Training settings and data set.
        scenes: Number of training scenes.

    Yields:
        Name of a row, and the trained method on the device of `method`, in evaluation mode.

    Raises:
        RunError: If a folder holds another run.
    """
    trainer = _trainer(config, scenes, method.device.type)
    with _folder(config) as folder:
        for row, pretrained in _initial_weights(method, config).items():
            initial = "" if pretrained is None else hash_state_dict(pretrained)
            run_config = TrainConfig.model_validate(
                {
                    "method": task.model_copy(update={"initial_weights_hash": initial}),
                    "data": without_views(config.data),
                    "trainer": trainer,
                    "seed": config.seed,
                }
            )
            run_folder = folder / ("from-scratch" if pretrained is None else "pretrained")
            train_or_resume(run_config, run_folder, partial(_load_weights, pretrained=pretrained))
            yield row, load_run(run_folder).to(method.device)


def _initial_weights(
    method: PointMethod, config: PointFineTuneConfig
) -> dict[str, PointMethod | None]:
    scratch = {"from scratch": None} if config.from_scratch else {}
    return {method.name: method, **scratch}


def _trainer(config: PointFineTuneConfig, scenes: int, device: str) -> dict[str, Any]:
    same = ("steps", "lr", "weight_decay", "precision", "num_workers")
    return {
        **{name: getattr(config, name) for name in same},
        "batch_size": min(config.batch_size, scenes),
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


@contextmanager
def _folder(config: PointFineTuneConfig) -> Iterator[Path]:
    if config.folder is not None:
        yield config.folder
        return
    with TemporaryDirectory() as folder:
        yield Path(folder)


def _load_weights(trained: Method, pretrained: PointMethod | None) -> None:
    assert isinstance(trained, (Segmenter, PointGroup))
    if pretrained is not None:
        trained.load_base_method(pretrained)


class SemanticFineTune(Evaluation):
    """Fine-tune a copy of the backbone, with a linear layer, for semantic segmentation.

    Each training is a run of the `point-segmenter` method. Limited scenes and limited labels are
    settings of the data set; validation always uses all.

    Args:
        config: Settings of the evaluation.
    """

    config: SemanticFineTuneConfig
    online: ClassVar[bool] = False

    def measure(self, method: Method) -> Scores:
        """Measure `miou`, `macc` and `all_acc` on the validation scenes.

        Args:
            method: A method that encodes points.

        Returns:
            Scores from 0 to 1.
        """
        base_method, data = require_point_method(method), without_views(self.config.data)
        train, val = build_labeled_scenes(data, "train"), build_labeled_scenes(data, "val")
        task = SegmenterConfig(
            type="point-segmenter", base_method=base_method.config, classes=len(val.classes)
        )
        table = SegmentationTable(val.classes)
        for row, trained in fine_tune(base_method, task, self.config, len(train)):
            assert isinstance(trained, Segmenter)
            confusion = compute_confusion(
                val,
                range(len(val)),
                trained.scores,
                votes=self.config.votes,
                num_workers=self.config.num_workers,
                device=trained.device,
            )
            table.add(row, confusion, trained.class_counts)
        return table.scores(
            {
                "train_scenes": len(train),
                "val_scenes": len(val),
                "steps": self.config.steps,
                "votes": self.config.votes,
            }
        )


class InstanceFineTune(Evaluation):
    """Fine-tune a copy of the backbone, with PointGroup's heads, for instance segmentation.

    Each training is a run of the `point-group` method.

    Args:
        config: Settings of the evaluation.
    """

    config: InstanceFineTuneConfig
    online: ClassVar[bool] = False

    def measure(self, method: Method) -> Scores:
        """Measure `ap`, `ap50` and `ap25` on the validation scenes.

        Args:
            method: A method that encodes points.

        Returns:
            Scores from 0 to 1.
        """
        base_method, data = require_point_method(method), without_views(self.config.data)
        train, val = build_labeled_scenes(data, "train"), build_labeled_scenes(data, "val")
        task = self._task(base_method, val)
        require_instances(train, "train", task.stuff, min_points=1)
        require_instances(val, "val", task.stuff, min_points=self.config.min_points)
        rows, class_aps = {}, {}
        for row, trained in fine_tune(base_method, task, self.config, len(train)):
            assert isinstance(trained, PointGroup)
            found = instance_scores(
                self._overlaps(trained, val), len(val.classes), self.config.min_points
            )
            rows[row] = {"ap": found.ap, "ap50": found.ap50, "ap25": found.ap25}
            class_aps[row] = scores_by_class(found.class_aps.tolist(), val.classes)
        facts = {"train_scenes": len(train), "val_scenes": len(val), "steps": self.config.steps}
        return Scores(rows, {**facts, "class_ap": class_aps})

    def _task(self, base_method: PointMethod, scenes: LabeledScenes) -> PointGroupConfig:
        return PointGroupConfig(
            type="point-group",
            base_method=base_method.config,
            classes=len(scenes.classes),
            stuff=class_indices(self.config.stuff, scenes.classes),
            radius=self.config.radius,
            min_points=self.config.min_points,
        )

    def _overlaps(self, trained: PointGroup, scenes: LabeledScenes) -> list[Overlaps]:
        """Compare the predicted instances of each validation scene with the ground truth."""
        keys = [[SampleKey(index)] for index in range(len(scenes))]
        overlaps = []
        batches = iter_batches(scenes, keys, self.config.num_workers, trained.device)
        for batch in show_progress(batches, "validation scenes", len(scenes)):
            labels = batch["labels"]
            instances = valid_instances(labels, batch["instances"], trained.config.stuff)
            overlaps.append(Overlaps.of(trained.proposals(batch), labels, instances))
        return overlaps


def require_instances(
    scenes: LabeledScenes, split: str, stuff: tuple[int, ...], min_points: int
) -> None:
    """Check that at least one scene has a valid instance.

    Args:
        scenes: Scenes with labels.
        split: Name of the split, for the message.
        stuff: Classes without instances.
        min_points: Smallest number of points of an instance.

    Raises:
        DataError: If there is no instance.
    """
    for sample in iter_samples(scenes):
        instances = valid_instances(sample["labels"], sample["instances"], stuff)
        sizes = instances[instances != IGNORED].unique(return_counts=True)[1]
        if (sizes >= min_points).any():
            return
    left_out = ", ".join(scenes.classes[label] for label in stuff) or "nothing"
    raise DataError(
        f"no scene of the {split} split has an instance of at least {min_points} points "
        f"({left_out} left out), and this evaluation needs instances; lower min_points or check "
        "the data set's instance files"
    )


def class_indices(names: Sequence[str], classes: Sequence[str]) -> tuple[int, ...]:
    """Find the indices of classes by name.

    Args:
        names: Names to find.
        classes: Names of all classes.

    Returns:
        Their indices.

    Raises:
        DataError: If no class has one of the names.
    """
    for name in names:
        if name not in classes:
            raise DataError(
                f"the data set has no class {name!r}, which stuff names; it has "
                f"{', '.join(classes)}; stuff=[] leaves no class out"
            )
    return tuple(classes.index(name) for name in names)
