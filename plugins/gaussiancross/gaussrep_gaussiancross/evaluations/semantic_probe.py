"""`semantic-probe`: semantic segmentation by a linear classifier on frozen features."""

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from gaussrep import build
from gaussrep.data import SampleKey
from gaussrep.evaluation import Evaluation, Scores
from gaussrep.methods import Batch, Method
from gaussrep.training import ShuffledOrder, seeded
from gaussrep_gaussiancross.evaluations.config import SemanticProbeConfig
from gaussrep_gaussiancross.evaluations.scenes import (
    LabeledScenes,
    build_labeled_scenes,
    iter_batches,
    show_progress,
    without_augmentation,
    without_views,
)
from gaussrep_gaussiancross.evaluations.segmentation import SegmentationTable, compute_confusion
from gaussrep_gaussiancross.evaluations.segmenter import count_classes, segmentation_loss
from gaussrep_gaussiancross.point_method import PointMethod, require_point_method


@contextmanager
def preserve_module_state(method: Method) -> Iterator[None]:
    """Restore the buffers and train/eval modes of a method on exit.

    Args:
        method: The method; its parameters are not restored.

    Yields:
        Nothing.
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


WARMUP_FRACTION = 0.05
"""Fraction of the steps over which the rate rises (released configurations)."""
INITIAL_FACTOR = 1 / 10
"""Factor at the first step (released configurations)."""
FINAL_FACTOR = INITIAL_FACTOR / 1000
"""Factor at the last step (released configurations)."""


def one_cycle(step: int, steps: int) -> float:
    """Compute the one-cycle factor of the learning rate: half a cosine up, then half a cosine down.

    Args:
        step: Index of the step, from 0 to `steps - 1`.
        steps: Number of steps.

    Returns:
        A factor in (0, 1].

    Examples:
        >>> [round(one_cycle(step, 61), 4) for step in (0, 1, 3, 60)]
        [0.1, 0.325, 1.0, 0.0001]
    """
    top = int(WARMUP_FRACTION * steps)
    if step < top:
        return _cosine(INITIAL_FACTOR, 1.0, step / top)
    return _cosine(1.0, FINAL_FACTOR, (step - top) / max(1, steps - 1 - top))


def _cosine(first: float, last: float, fraction: float) -> float:
    return last + (first - last) * 0.5 * (1 + math.cos(math.pi * fraction))


@dataclass(frozen=True, eq=False)
class PointFeatures:
    """Features and classes of points.

    Attributes:
        features: One vector per point.
        labels: Class of each point, `IGNORED` where there is none.
    """

    features: Float[Tensor, "p d"]
    labels: Int[Tensor, " p"]


def iter_features(
    method: PointMethod,
    scenes: LabeledScenes,
    keys: Iterable[list[SampleKey]],
    num_workers: int,
    device: torch.device,
) -> Iterator[PointFeatures]:
    """Encode batches of scenes in the present mode of the backbone.

    Args:
        method: The point encoder.
        scenes: Scenes to encode, augmented by the seeds of the keys.
        keys: Scenes of each batch; may be infinite.
        num_workers: Number of loading processes.
        device: Device of the method.

    Yields:
        The features of each batch.
    """
    for batch in iter_batches(scenes, keys, num_workers, device):
        with torch.no_grad():
            features = method.encode_points(batch).float()
        yield PointFeatures(features, batch["labels"])


def cache_features(
    method: PointMethod,
    scenes: LabeledScenes,
    chosen: Sequence[int],
    points: int,
    num_workers: int,
    device: torch.device,
) -> list[PointFeatures]:
    """Encode each scene once.

    Args:
        method: The point encoder, in evaluation mode.
        scenes: Scenes to encode.
        chosen: Indices of the scenes.
        points: Number of points to keep per scene, drawn from torch's global generator.
        num_workers: Number of loading processes.
        device: Device of the method.

    Returns:
        The features of each scene.
    """
    keys = [[SampleKey(index)] for index in chosen]
    encoded = iter_features(method, scenes, keys, num_workers, device)
    cache = []
    for scene in show_progress(encoded, "training scenes", len(chosen)):
        kept = torch.randperm(len(scene.labels))[:points].to(device)
        cache.append(PointFeatures(scene.features[kept], scene.labels[kept]))
    return cache


def iter_cached_batches(
    cache: Sequence[PointFeatures], keys: Iterable[list[SampleKey]]
) -> Iterator[PointFeatures]:
    """Join cached scenes into batches.

    Args:
        cache: Features of each scene.
        keys: Scenes of each batch, by their index in the cache; may be infinite.

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
    """Both splits, and the indices of the scenes in use."""

    train: LabeledScenes
    val: LabeledScenes
    train_chosen: list[int]
    val_chosen: list[int]


class SemanticProbe(Evaluation):
    """Train a linear layer on frozen point features.

    It minimizes cross entropy plus Lovász-Softmax by AdamW with a one-cycle learning rate, as in
    the configurations that GaussianCross's authors released, but with constant momentum (design
    choice). The second row is a backbone of the same architecture with fresh weights, with the same
    initial linear layer and the same scenes in the same order.

    Args:
        config: Settings of the probe.
    """

    config: SemanticProbeConfig

    def measure(self, method: Method) -> Scores:
        """Measure `miou`, `macc` and `all_acc` on the validation scenes.

        Args:
            method: A method that encodes points.

        Returns:
            Scores from 0 to 1.
        """
        base_method, scenes = require_point_method(method), self._scenes()
        table = SegmentationTable(scenes.val.classes)
        self._probe(table, method.name, base_method, scenes)
        if self.config.random_backbone:
            with seeded(self.config.seed, stream=2):
                fresh = build("methods", method.config).to(method.device).eval()
            self._probe(table, "random backbone", fresh, scenes)
        return table.scores(
            {
                "train_scenes": len(scenes.train_chosen),
                "val_scenes": len(scenes.val_chosen),
                "width": base_method.point_width,
                "batchnorm": self.config.batchnorm,
                "steps": self.config.steps,
                "votes": self.config.votes,
            }
        )

    def _scenes(self) -> _Scenes:
        data = without_views(self.config.data)
        train_data = data if self.config.batchnorm == "train" else without_augmentation(data)
        train, val = build_labeled_scenes(train_data, "train"), build_labeled_scenes(data, "val")
        chosen = [self.config.chosen(len(split)) for split in (train, val)]
        return _Scenes(train, val, *chosen)

    def _probe(
        self, table: SegmentationTable, row: str, base_method: PointMethod, scenes: _Scenes
    ) -> None:
        config, device = self.config, base_method.device
        with preserve_module_state(base_method), seeded(config.seed, stream=1):
            head = nn.Linear(base_method.point_width, len(scenes.val.classes)).to(device)
            class_counts = self._fit(head, self._features(base_method, scenes))
            base_method.eval()

            def scores(batch: Batch) -> Tensor:
                return head(base_method.encode_points(batch).float())

            confusion = compute_confusion(
                scenes.val,
                scenes.val_chosen,
                scores,
                votes=config.votes,
                num_workers=config.num_workers,
                device=device,
            )
        table.add(row, confusion, class_counts)

    def _features(self, base_method: PointMethod, scenes: _Scenes) -> Iterator[PointFeatures]:
        """Yield the features of batches of training scenes, without end."""
        config, device, chosen = self.config, base_method.device, scenes.train_chosen
        batch_size = min(config.batch_size, len(chosen))
        order = ShuffledOrder(size=len(chosen), seed=config.seed, batch_size=batch_size)
        batches = order.batches(0)
        if config.batchnorm == "train":
            base_method.backbone.train()
            keys = (
                [SampleKey(chosen[key.index], key.epoch, key.seed) for key in batch]
                for batch in batches
            )
            return iter_features(base_method, scenes.train, keys, config.num_workers, device)
        cache = cache_features(
            base_method, scenes.train, chosen, config.cached_points, config.num_workers, device
        )
        return iter_cached_batches(cache, batches)

    @torch.enable_grad()
    def _fit(self, head: nn.Linear, features: Iterator[PointFeatures]) -> Int[Tensor, " classes"]:
        """Train the layer in place; return the number of training points of each class."""
        config, loss = self.config, torch.zeros(())
        optimizer = torch.optim.AdamW(
            head.parameters(), lr=config.lr, weight_decay=config.weight_decay
        )
        class_counts = torch.zeros(head.out_features, dtype=torch.int64, device=head.weight.device)
        steps = show_progress(
            islice(features, config.steps),
            "probe steps",
            config.steps,
            note=lambda: f"loss {loss.item():.4g}",
        )
        for step, batch in enumerate(steps):
            optimizer.param_groups[0]["lr"] = config.lr * one_cycle(step, config.steps)
            optimizer.zero_grad()
            loss = segmentation_loss(head(batch.features), batch.labels)
            loss.backward()
            optimizer.step()
            class_counts += count_classes(batch.labels, head.out_features)
        return class_counts
