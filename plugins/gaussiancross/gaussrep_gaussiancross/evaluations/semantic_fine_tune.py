"""`semantic-fine-tune`: how well a method finds classes of points once all of it has learned."""

from typing import ClassVar

from gaussrep.evaluation.evaluation import Evaluation, Scores
from gaussrep.evaluation.features import device_of
from gaussrep.methods.method import Method
from gaussrep_gaussiancross.downstream.config import SegmenterConfig
from gaussrep_gaussiancross.downstream.segmenter import Segmenter
from gaussrep_gaussiancross.evaluations.config import SemanticFineTuneConfig
from gaussrep_gaussiancross.evaluations.fine_tuning import fine_tuned
from gaussrep_gaussiancross.evaluations.scenes import labeled_scenes, without_views
from gaussrep_gaussiancross.evaluations.segmenting import SegmentationTable, confusion_on
from gaussrep_gaussiancross.point_method import point_method_of


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
        body, data = point_method_of(method), without_views(self.config.data)
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
                workers=self.config.workers,
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
