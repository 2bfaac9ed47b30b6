"""Features of training scenes, from a backbone that does not learn."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from gaussrep.data.sample_key import SampleKey
from gaussrep_gaussiancross.evaluations.scenes import LabeledScenes, batches_of
from gaussrep_gaussiancross.evaluations.ticker import Ticker
from gaussrep_gaussiancross.point_method import PointMethod


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
