"""`semantic-probe`: how well a linear layer finds the classes of points in frozen features."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import torch
from jaxtyping import Int
from torch import Tensor, nn

from gaussrep.building import build
from gaussrep.data.sample_key import SampleKey
from gaussrep.evaluation.evaluation import Evaluation, Scores, name_of
from gaussrep.evaluation.features import chosen_samples, device_of
from gaussrep.methods.method import Batch, Method
from gaussrep.training import random_state
from gaussrep.training.sampler import Position, SampleOrder
from gaussrep_gaussiancross.downstream.segmentation_loss import segmentation_loss
from gaussrep_gaussiancross.downstream.segmenter import count_classes
from gaussrep_gaussiancross.evaluations.config import SemanticProbeConfig
from gaussrep_gaussiancross.evaluations.frozen import (
    PointFeatures,
    cached_features,
    dealt,
    live_features,
)
from gaussrep_gaussiancross.evaluations.one_cycle import one_cycle
from gaussrep_gaussiancross.evaluations.scenes import (
    LabeledScenes,
    labeled_scenes,
    unaugmented,
    without_views,
)
from gaussrep_gaussiancross.evaluations.segmenting import SegmentationTable, confusion_on
from gaussrep_gaussiancross.evaluations.ticker import Ticker
from gaussrep_gaussiancross.evaluations.unchanged import unchanged
from gaussrep_gaussiancross.point_method import PointMethod, point_method_of


@dataclass(frozen=True, slots=True)
class _Scenes:
    """Both splits, and the indices of the scenes that are used."""

    train: LabeledScenes
    val: LabeledScenes
    train_chosen: list[int]
    val_chosen: list[int]


class SemanticProbe(Evaluation):
    """Trains a linear layer on frozen features of points.

    Cross entropy plus Lovász-Softmax, AdamW, and a rate that rises and falls along half cosines, as
    in the configurations that GaussianCross's authors released; ours is that the momentum stays
    what it is. The second row is a backbone of the same shape with fresh weights: the same first
    weights of the layer, the same scenes in the same order.

    Args:
        config: Its settings.
    """

    config: SemanticProbeConfig

    def measure(self, method: Method) -> Scores:
        """Give `miou`, `macc` and `all_acc` on the validation scenes, from 0 to 1."""
        body, scenes = point_method_of(method), self._scenes()
        table = SegmentationTable(scenes.val.classes)
        self._probe(table, name_of(method), body, scenes)
        if self.config.random_backbone:
            with random_state.seeded(self.config.seed, stream=2):
                fresh = build("methods", method.config).to(device_of(method)).eval()
            self._probe(table, "random backbone", fresh, scenes)
        return table.scores(
            {
                "train_scenes": len(scenes.train_chosen),
                "val_scenes": len(scenes.val_chosen),
                "width": body.point_width,
                "batchnorm": self.config.batchnorm,
                "steps": self.config.steps,
                "votes": self.config.votes,
            }
        )

    def _scenes(self) -> _Scenes:
        data = without_views(self.config.data)
        seen = data if self.config.batchnorm == "train" else unaugmented(data)
        train, val = labeled_scenes(seen, "train"), labeled_scenes(data, "val")
        chosen = [chosen_samples(len(split), self.config) for split in (train, val)]
        return _Scenes(train, val, *chosen)

    def _probe(
        self, table: SegmentationTable, row: str, body: PointMethod, scenes: _Scenes
    ) -> None:
        config, device = self.config, device_of(body)
        with unchanged(body), random_state.seeded(config.seed, stream=1):
            head = nn.Linear(body.point_width, len(scenes.val.classes)).to(device)
            seen = self._fit(head, self._features(body, scenes))
            body.eval()

            def scores(batch: Batch) -> Tensor:
                return head(body.encode_points(batch).float())

            confusion = confusion_on(
                scenes.val,
                scenes.val_chosen,
                scores,
                votes=config.votes,
                workers=config.workers,
                device=device,
            )
        table.add(row, confusion, seen)

    def _features(self, body: PointMethod, scenes: _Scenes) -> Iterator[PointFeatures]:
        """Features of batch after batch of training scenes, without end."""
        config, device, chosen = self.config, device_of(body), scenes.train_chosen
        batch_size = min(config.batch_size, len(chosen))
        order = SampleOrder(size=len(chosen), seed=config.seed, batch_size=batch_size)
        batches = order.batches(0, Position())
        if config.batchnorm == "train":
            body.backbone.train()
            keys = (
                [SampleKey(chosen[key.index], key.epoch, key.seed) for key in batch]
                for batch in batches
            )
            return live_features(body, scenes.train, keys, config.workers, device)
        cache = cached_features(
            body, scenes.train, chosen, config.cached_points, config.workers, device
        )
        return dealt(cache, batches)

    @torch.enable_grad()
    def _fit(self, head: nn.Linear, features: Iterator[PointFeatures]) -> Int[Tensor, " classes"]:
        """Train the layer in place; give how many points of each class it saw."""
        config, ticker = self.config, Ticker("probe steps", self.config.steps)
        optimizer = torch.optim.AdamW(
            head.parameters(), lr=config.lr, weight_decay=config.weight_decay
        )
        seen = torch.zeros(head.out_features, dtype=torch.int64, device=head.weight.device)
        for step, batch in enumerate(islice(features, config.steps)):
            optimizer.param_groups[0]["lr"] = config.lr * one_cycle(step, config.steps)
            optimizer.zero_grad()
            loss = segmentation_loss(head(batch.features), batch.labels)
            loss.backward()
            optimizer.step()
            seen += count_classes(batch.labels, head.out_features)
            ticker.tick(step + 1, f"loss {loss.item():.4g}")
        return seen
