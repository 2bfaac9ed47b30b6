"""Settings of the core's evaluations. Never imports torch."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from gaussrep.config import ComponentConfig, component
from gaussrep.data.config import CropConfig
from gaussrep.errors import DataError

Positive = Annotated[float, Field(gt=0)]


class EvaluationConfig(ComponentConfig):
    """Settings that all evaluations share."""

    renamed_keys: ClassVar[Mapping[str, str]] = {"workers": "num_workers"}

    data: Annotated[ComponentConfig, component("datasets", auto=True)] = Field(
        default="auto", validate_default=True
    )  # pyright: ignore[reportAssignmentType]
    """Data set to evaluate on; `auto` is the data set that the run was trained on."""
    batch_size: int = Field(default=64, ge=1)
    """Samples per forward pass."""
    num_workers: int = Field(default=0, ge=0)
    """Data-loading workers; 0 loads in the evaluating process."""
    seed: int = Field(default=0, ge=0, lt=2**63)
    """Seed of all random numbers of the evaluation."""


def without_labels(data: ComponentConfig, split: str) -> DataError:
    """Make the error for a data set without classes.

    Args:
        data: Settings of the data set.
        split: Split that lacks them.

    Returns:
        The error.
    """
    return DataError(
        f"data set {data.type!r} has no labels for its {split} split, and this evaluation "
        "needs them; name one that has, as in data=cifar10 data.root=FOLDER"
    )


class LabeledConfig(EvaluationConfig):
    """Settings of evaluations that need classes."""

    def preflight(self) -> None:
        """Check that the data set may have classes.

        Raises:
            DataError: It has none.
        """
        if isinstance(self.data, CropConfig) and not self.data.has_labels:
            raise without_labels(self.data, "train")


class SampledConfig(EvaluationConfig):
    """Settings of evaluations that can use a subset of the data."""

    limit: int | None = Field(default=None, ge=1)
    """Samples per split, drawn at random by the seed; `null` uses all."""

    def chosen(self, size: int) -> list[int]:
        """Select the samples of a split that are used.

        Args:
            size: Number of samples of the split.

        Returns:
            Indices in rising order.
        """
        if self.limit is None or self.limit >= size:
            return list(range(size))
        import numpy as np

        drawn = np.random.default_rng(self.seed).choice(size, self.limit, replace=False)
        return sorted(drawn.tolist())


class ProbeConfig(SampledConfig, LabeledConfig):
    """Settings of evaluations that classify frozen embeddings."""

    baselines: bool = True
    """Also measure the same method with random weights, which doubles the time; skipped during
    training."""


class KNNConfig(ProbeConfig):
    """Settings of the `knn` evaluation."""

    k: int = Field(default=20, ge=1)
    """Number of nearest neighbors (DINO: 20); at most the number of training samples."""
    temperature: float = Field(default=0.07, gt=0)
    """A neighbor at cosine s votes with weight exp(s / temperature) (Wu et al. 2018: 0.07)."""


class LinearProbeConfig(ProbeConfig):
    """Settings of the `linear-probe` evaluation."""

    lrs: tuple[Positive, ...] = Field(default=(0.01, 0.03, 0.1, 0.3, 1.0), min_length=1)
    """Learning rates to choose from (design choice)."""
    epochs: int = Field(default=90, ge=1)
    """Passes over the training features (MAE)."""
    head_batch: int = Field(default=256, ge=2)
    """Features per optimizer step (design choice; MAE: 16384, with LARS)."""
    held_out: float = Field(default=0.1, gt=0, lt=1)
    """Fraction of the training split that the learning rate is chosen on (design choice)."""


class ReconstructionConfig(SampledConfig):
    """Settings of the `reconstruction` evaluation."""

    draws: int = Field(default=4, ge=1)
    """Random masks per image (design choice)."""


class EffectiveRankConfig(SampledConfig):
    """Settings of the `effective-rank` evaluation."""


class OnlineEvaluationsConfig(ComponentConfig):
    """Settings of the `online-evaluations` callback, which the trainer fills in for a run."""

    evaluations: Mapping[str, Annotated[ComponentConfig, component("evaluations")]]
    """Evaluations by the name that their columns start with."""
    data: Annotated[ComponentConfig, component("datasets")]
    """The run's data set, which evaluations with `data: auto` measure on."""
    every: int = Field(default=500, ge=1)
    """Steps between evaluations, which also follow the last step."""
