"""Evaluation of trained runs: scores, and reports of single images."""

from typing import TYPE_CHECKING

from gaussrep.runtime.lazy_names import lazy_names

if TYPE_CHECKING:
    from gaussrep.evaluation.config import EvaluationConfig, SampledConfig
    from gaussrep.evaluation.evaluation import Evaluation, Scores
    from gaussrep.evaluation.features import batches
    from gaussrep.evaluation.inspection import inspect_run
    from gaussrep.evaluation.running import evaluate

__all__ = [
    "Evaluation",
    "EvaluationConfig",
    "SampledConfig",
    "Scores",
    "batches",
    "evaluate",
    "inspect_run",
]

_HOMES = {
    "Evaluation": "gaussrep.evaluation.evaluation",
    "EvaluationConfig": "gaussrep.evaluation.config",
    "SampledConfig": "gaussrep.evaluation.config",
    "Scores": "gaussrep.evaluation.evaluation",
    "batches": "gaussrep.evaluation.features",
    "evaluate": "gaussrep.evaluation.running",
    "inspect_run": "gaussrep.evaluation.inspection",
}

__getattr__ = lazy_names(__name__, _HOMES)
