"""The interface that every learner implements."""

from gaussrep.methods.method import Batch, Embedding, Method, Reconstruction, StepOutput

__all__ = ["Batch", "Embedding", "Method", "Reconstruction", "StepOutput"]
