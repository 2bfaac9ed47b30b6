"""`semantic-probe`: semantic segmentation by a linear classifier on frozen features."""

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
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
from gaussrep_gaussiancross.evaluations.point_encodings import (
    PointEncoding,
    calibrate_batch_norms,
    preserve_module_state,
    random_features,
    raw_inputs,
)
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

EPSILON = 1e-10
"""Added to the variance of features, below that of features of a fresh backbone (design choice)."""
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
    encoding: PointEncoding,
    scenes: LabeledScenes,
    keys: Iterable[list[SampleKey]],
    num_workers: int,
    device: torch.device,
) -> Iterator[PointFeatures]:
    """Encode batches of scenes in the current mode of the backbone.

    Args:
        encoding: Features of points.
        scenes: Scenes to encode, augmented by the seeds of the keys.
        keys: Scenes of each batch; may be infinite.
        num_workers: Number of loading processes.
        device: Device of the features.

    Yields:
        The features of each batch.
    """
    for batch in iter_batches(scenes, keys, num_workers, device):
        with torch.no_grad():
            features = encoding.encode(batch).float()
        yield PointFeatures(features, batch["labels"])


def cache_features(
    encoding: PointEncoding,
    scenes: LabeledScenes,
    chosen: Sequence[int],
    points: int,
    num_workers: int,
    device: torch.device,
) -> list[PointFeatures]:
    """Encode each scene once.

    Args:
        encoding: Features of points, the backbone in evaluation mode.
        scenes: Scenes to encode.
        chosen: Indices of the scenes.
        points: Number of points to keep per scene, drawn from torch's global generator.
        num_workers: Number of loading processes.
        device: Device of the features.

    Returns:
        The features of each scene.
    """
    keys = [[SampleKey(index)] for index in chosen]
    encoded = iter_features(encoding, scenes, keys, num_workers, device)
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


class ProbeHead(nn.Module):
    """A linear layer on features.

    Args:
        width: Length of a feature.
        classes: Number of classes.
        standardize: Whether a batch norm without affine parameters comes first. In evaluation mode
            it uses the mean of all batches that it saw.
    """

    def __init__(self, width: int, classes: int, *, standardize: bool) -> None:
        super().__init__()
        norm = nn.BatchNorm1d(width, eps=EPSILON, momentum=None, affine=False)
        self.norm = norm if standardize else nn.Identity()
        self.linear = nn.Linear(width, classes)

    def forward(self, features: Float[Tensor, "p d"]) -> Float[Tensor, "p classes"]:
        """Compute the class scores of each point.

        Args:
            features: One row per point.

        Returns:
            Logits.
        """
        return self.linear(self.norm(features))


class SemanticProbe(Evaluation):
    """Train a linear layer on frozen point features.

    It minimizes cross entropy plus Lovász-Softmax by AdamW with a one-cycle learning rate, as in
    the configurations that GaussianCross's authors released, but with constant momentum (design
    choice). A batch norm without affine parameters standardizes the features first, as in the probe
    of images (design choice; `standardize=false` is released), so that their size has no influence.

    The other rows are baselines with the same recipe and the same scenes in the same order: a
    backbone of the same architecture with fresh weights, whose batch norms saw the training scenes
    once; color and normal of each point; these and its height; random functions of these; and the
    most frequent class of the training points.

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
        device = base_method.device
        own = PointEncoding.of(base_method, multi_scale=self.config.multi_scale)
        self._probe(table, method.name, own, scenes, device)
        if self.config.baselines:
            for row, encoding in self._baselines(base_method, scenes):
                self._probe(table, row, encoding, scenes, device)
            table.add_constant("constant class")
        return table.scores(
            {
                "train_scenes": len(scenes.train_chosen),
                "val_scenes": len(scenes.val_chosen),
                "width": own.width,
                "batchnorm": self.config.batchnorm,
                "standardize": self.config.standardize,
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

    def _baselines(
        self, base_method: PointMethod, scenes: _Scenes
    ) -> Iterator[tuple[str, PointEncoding]]:
        with seeded(self.config.seed, stream=2):
            fresh = build("methods", base_method.config).to(base_method.device).eval()
            random = random_features(base_method.device)
        keys = [[SampleKey(index)] for index in scenes.train_chosen]
        batches = iter_batches(scenes.train, keys, self.config.num_workers, fresh.device)
        calibrate_batch_norms(fresh, show_progress(batches, "calibration scenes", len(keys)))
        yield "random backbone", PointEncoding.of(fresh, multi_scale=self.config.multi_scale)
        yield "color and normal", raw_inputs(height=False)
        yield "color, normal and height", raw_inputs(height=True)
        yield "random features", random

    def _probe(
        self,
        table: SegmentationTable,
        row: str,
        encoding: PointEncoding,
        scenes: _Scenes,
        device: torch.device,
    ) -> None:
        config = self.config
        with ExitStack() as stack:
            if encoding.method is not None:
                stack.enter_context(preserve_module_state(encoding.method))
            stack.enter_context(seeded(config.seed, stream=1))
            classes = len(scenes.val.classes)
            head = ProbeHead(encoding.width, classes, standardize=config.standardize).to(device)
            class_counts = self._fit(head, self._features(encoding, scenes, device))
            if encoding.method is not None:
                encoding.method.eval()

            def scores(batch: Batch) -> Tensor:
                return head(encoding.encode(batch).float())

            confusion = compute_confusion(
                scenes.val,
                scenes.val_chosen,
                scores,
                votes=config.votes,
                num_workers=config.num_workers,
                device=device,
            )
        table.add(row, confusion, class_counts)

    def _features(
        self, encoding: PointEncoding, scenes: _Scenes, device: torch.device
    ) -> Iterator[PointFeatures]:
        """Yield the features of batches of training scenes, without end."""
        config, chosen = self.config, scenes.train_chosen
        batch_size = min(config.batch_size, len(chosen))
        order = ShuffledOrder(size=len(chosen), seed=config.seed, batch_size=batch_size)
        batches = order.batches(0)
        if config.batchnorm == "train":
            if encoding.method is not None:
                encoding.method.backbone.train()
            keys = (
                [SampleKey(chosen[key.index], key.epoch, key.seed) for key in batch]
                for batch in batches
            )
            return iter_features(encoding, scenes.train, keys, config.num_workers, device)
        cache = cache_features(
            encoding, scenes.train, chosen, config.cached_points, config.num_workers, device
        )
        return iter_cached_batches(cache, batches)

    @torch.enable_grad()
    def _fit(self, head: ProbeHead, features: Iterator[PointFeatures]) -> Int[Tensor, " classes"]:
        """Train the layer in place, and leave it in evaluation mode.

        Returns:
            The number of training points of each class.
        """
        config, loss, classes = self.config, torch.zeros(()), head.linear.out_features
        optimizer = torch.optim.AdamW(
            head.parameters(), lr=config.lr, weight_decay=config.weight_decay
        )
        class_counts = torch.zeros(classes, dtype=torch.int64, device=head.linear.weight.device)
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
            class_counts += count_classes(batch.labels, classes)
        head.eval()
        return class_counts
