"""The interface that every learner implements."""

from gaussrep.methods.digest import hash_state_dict
from gaussrep.methods.joint_batch import join_rows
from gaussrep.methods.method import (
    Batch,
    CollapseSign,
    Embedding,
    Method,
    Reconstruction,
    StepOutput,
)
from gaussrep.methods.report import Report, ReportSamples
from gaussrep.methods.sample_random import sample_seeds, sample_uniform

__all__ = [
    "Batch",
    "CollapseSign",
    "Embedding",
    "Method",
    "Reconstruction",
    "Report",
    "ReportSamples",
    "StepOutput",
    "hash_state_dict",
    "join_rows",
    "sample_seeds",
    "sample_uniform",
]
