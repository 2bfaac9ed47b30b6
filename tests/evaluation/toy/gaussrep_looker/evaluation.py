import random

import numpy as np
import torch

from gaussrep.evaluation.evaluation import Evaluation, Scores


class OnColors(Evaluation):
    """Draws from every generator, and tells whether the method is in training mode."""

    def measure(self, method):
        chance = random.random() + np.random.random() + torch.rand(()).item()  # noqa: NPY002
        row = {"size": float(self.config.data.image_size), "training": float(method.training)}
        return Scores({"looker": {**row, "chance": chance}, "other": {"size": 0.0}})
