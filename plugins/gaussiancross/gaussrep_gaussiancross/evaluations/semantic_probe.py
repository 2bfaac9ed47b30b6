"""`semantic-probe`: semantic segmentation by a linear classifier on frozen features."""

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from gaussrep.building import build
from gaussrep.data import SampleKey
from gaussrep.evaluation.evaluation import Evaluation, Scores, name_of
from gaussrep.evaluation.features import chosen_samples, device_of
from gaussrep.methods.method import Batch, Method
from gaussrep.training import random_state
from gaussrep.training.loading import Position, ShuffledOrder
from gaussrep_gaussiancross.evaluations.config import SemanticProbeConfig
from gaussrep_gaussiancross.evaluations.scenes import (
    LabeledScenes,
    Ticker,
    batches_of,
    labeled_scenes,
    unaugmented,
    without_views,
)
from gaussrep_gaussiancross.evaluations.segmentation import SegmentationTable, confusion_on
from gaussrep_gaussiancross.evaluations.segmenter import count_classes, segmentation_loss
from gaussrep_gaussiancross.point_method import PointMethod, require_point_method


@contextmanager
def unchanged(method: Method) -> Iterator[None]:
    """Put buffers and modes of a method back after a block that lets its batch norms move.

    Args:
        method: Parameters are not looked after.
    """
    buffers = {name: buffer.clone() for name, buffer in method.named_buffers()}
    training = {name: module.training for name, module in method.named_modules()}
    try:
        yield
    finally:
        for name, buffer in method.named_buffers():
            buffer.copy_(buffers[name])
        for name, module in method.named_modules():
            module.training = training[name]


WARMUP = 0.05
"""Share of the steps over which the rate rises (released configurations)."""
START = 1 / 10
"""Factor at the first step (released configurations)."""
END = START / 1000
"""Factor at the last step (released configurations)."""


def one_cycle(step: int, steps: int) -> float:
    """Give the factor on the learning rate: half a cosine up, then half a cosine down.

    Args:
        step: The step about to be made, from 0 to `steps - 1`.
        steps: Number of steps in all.

    Returns:
        A factor in (0, 1].

    Example:
        >>> [round(one_cycle(step, 61), 4) for step in (0, 1, 3, 60)]
        [0.1, 0.325, 1.0, 0.0001]
    """
    top = int(WARMUP * steps)
    if step < top:
        return _between(START, 1.0, step / top)
    return _between(1.0, END, (step - top) / max(1, steps - 1 - top))


def _between(first: float, last: float, share: float) -> float:
    return last + (first - last) * 0.5 * (1 + math.cos(math.pi * share))


@dataclass(frozen=True, eq=False)
class PointFeatures:
    """Features and classes of points.

    Attributes:
        features: One vector per point.
        labels: Their classes, `IGNORED` where there is none.
    """

    features: Float[Tensor, "p d"]
    labels: Int[Tensor, " p"]


def live_features(
    body: PointMethod,
    scenes: LabeledScenes,
    keys: Iterable[list[SampleKey]],
    workers: int,
    device: torch.device,
) -> Iterator[PointFeatures]:
    """Encode batch after batch, in whatever mode the backbone is.

    Args:
        body: Encodes.
        scenes: What to encode, augmented as the keys say.
        keys: The scenes of each batch; may be endless.
        workers: Processes that load scenes.
        device: Of the body.

    Yields:
        The features of each batch.
    """
    for batch in batches_of(scenes, keys, workers, device):
        with torch.no_grad():
            features = body.encode_points(batch).float()
        yield PointFeatures(features, batch["labels"])


def cached_features(
    body: PointMethod,
    scenes: LabeledScenes,
    chosen: Sequence[int],
    points: int,
    workers: int,
    device: torch.device,
) -> list[PointFeatures]:
    """Encode each scene once.

    Args:
        body: Encodes; in evaluation mode.
        scenes: What to encode.
        chosen: Indices of the scenes.
        points: How many points of each are kept, drawn from torch's global generator.
        workers: Processes that load scenes.
        device: Of the body.

    Returns:
        The features of each scene.
    """
    keys = [[SampleKey(index)] for index in chosen]
    ticker = Ticker("training scenes", len(chosen))
    cache = []
    for found in live_features(body, scenes, keys, workers, device):
        kept = torch.randperm(len(found.labels))[:points].to(device)
        cache.append(PointFeatures(found.features[kept], found.labels[kept]))
        ticker.tick(len(cache))
    return cache


def dealt(
    cache: Sequence[PointFeatures], keys: Iterable[list[SampleKey]]
) -> Iterator[PointFeatures]:
    """Join cached scenes into batches.

    Args:
        cache: Features by scene.
        keys: The scenes of each batch, by their place in the cache; may be endless.

    Yields:
        The features of each batch.
    """
    for batch in keys:
        parts = [cache[key.index] for key in batch]
        yield PointFeatures(
            torch.cat([part.features for part in parts]), torch.cat([part.labels for part in parts])
        )


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
        body, scenes = require_point_method(method), self._scenes()
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
                workers=config.num_workers,
                device=device,
            )
        table.add(row, confusion, seen)

    def _features(self, body: PointMethod, scenes: _Scenes) -> Iterator[PointFeatures]:
        """Features of batch after batch of training scenes, without end."""
        config, device, chosen = self.config, device_of(body), scenes.train_chosen
        batch_size = min(config.batch_size, len(chosen))
        order = ShuffledOrder(size=len(chosen), seed=config.seed, batch_size=batch_size)
        batches = order.batches(0, Position())
        if config.batchnorm == "train":
            body.backbone.train()
            keys = (
                [SampleKey(chosen[key.index], key.epoch, key.seed) for key in batch]
                for batch in batches
            )
            return live_features(body, scenes.train, keys, config.num_workers, device)
        cache = cached_features(
            body, scenes.train, chosen, config.cached_points, config.num_workers, device
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
