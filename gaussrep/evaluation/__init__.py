"""Evaluation of trained runs: scores, and reports of single images."""

from typing import TYPE_CHECKING

from gaussrep.lazy_names import lazy_names

if TYPE_CHECKING:
    from gaussrep.evaluation.boundaries import canny, score_boundaries, sobel, thin_strength
    from gaussrep.evaluation.config import EvaluationConfig, SampledConfig
    from gaussrep.evaluation.evaluation import Evaluation, Scores, name_of
    from gaussrep.evaluation.features import batches, chosen_samples, device_of
    from gaussrep.evaluation.inspection import inspect_run
    from gaussrep.evaluation.running import evaluate

__all__ = [
    "Evaluation",
    "EvaluationConfig",
    "SampledConfig",
    "Scores",
    "batches",
    "canny",
    "chosen_samples",
    "device_of",
    "evaluate",
    "inspect_run",
    "name_of",
    "score_boundaries",
    "sobel",
    "thin_strength",
]

_HOMES = {
    "Evaluation": "gaussrep.evaluation.evaluation",
    "EvaluationConfig": "gaussrep.evaluation.config",
    "SampledConfig": "gaussrep.evaluation.config",
    "Scores": "gaussrep.evaluation.evaluation",
    "batches": "gaussrep.evaluation.features",
    "canny": "gaussrep.evaluation.boundaries",
    "chosen_samples": "gaussrep.evaluation.features",
    "device_of": "gaussrep.evaluation.features",
    "evaluate": "gaussrep.evaluation.running",
    "inspect_run": "gaussrep.evaluation.inspection",
    "name_of": "gaussrep.evaluation.evaluation",
    "score_boundaries": "gaussrep.evaluation.boundaries",
    "sobel": "gaussrep.evaluation.boundaries",
    "thin_strength": "gaussrep.evaluation.boundaries",
}

__getattr__ = lazy_names(__name__, _HOMES)
