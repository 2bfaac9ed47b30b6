"""`instance-fine-tune`: how well a method finds objects once all of it has learned."""

from collections.abc import Sequence
from typing import ClassVar

from gaussrep.data.sample_key import SampleKey
from gaussrep.data.scenes.point_cloud import IGNORED
from gaussrep.errors import DataError
from gaussrep.evaluation.evaluation import Evaluation, Scores
from gaussrep.evaluation.features import device_of
from gaussrep.methods.method import Method
from gaussrep.plugins.suggest import suggest
from gaussrep_gaussiancross.downstream.average_precision import instance_scores
from gaussrep_gaussiancross.downstream.config import PointGroupConfig
from gaussrep_gaussiancross.downstream.pointgroup.method import PointGroup
from gaussrep_gaussiancross.downstream.proposals import Overlaps, counted_instances
from gaussrep_gaussiancross.evaluations.config import InstanceFineTuneConfig
from gaussrep_gaussiancross.evaluations.fine_tuning import fine_tuned
from gaussrep_gaussiancross.evaluations.scenes import (
    LabeledScenes,
    batches_of,
    labeled_scenes,
    samples_of,
    without_views,
)
from gaussrep_gaussiancross.evaluations.segmenting import by_name
from gaussrep_gaussiancross.evaluations.ticker import Ticker
from gaussrep_gaussiancross.point_method import PointMethod, point_method_of


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
        body, data = point_method_of(method), without_views(self.config.data)
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
        for batch in batches_of(scenes, keys, self.config.workers, device_of(trained)):
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
