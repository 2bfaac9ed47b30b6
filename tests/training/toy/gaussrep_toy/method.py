import random
import time

import numpy as np
import torch
from torch import nn

from gaussrep.config import ComponentConfig
from gaussrep.methods import Embedding, Method, StepOutput
from gaussrep_toy.config import ToyConfig


class Toy(Method):
    """Denoises vectors; its noise comes from the global generators."""

    def __init__(self, config: ToyConfig) -> None:
        super().__init__(config)
        self.query = nn.Parameter(torch.randn(1, config.width))
        self.inner = nn.Linear(4, config.width)
        self.norm = nn.LayerNorm(config.width)
        self.outer = nn.Linear(config.width, 4)
        self.batches = 0

    def training_loss(self, batch):
        image = batch["image"]
        if self.training:
            self.batches += 1
            time.sleep(self.config.pause)
        chance = np.random.random()  # noqa: NPY002
        if self.config.dice:
            chance += random.random()
        strength = self.config.noise * (1 + chance)
        noisy = image + strength * torch.randn_like(image)
        loss = (self.decode(noisy) - image).square().mean()
        if self.training and self.batches == self.config.nan_at:
            loss = loss * float("nan")
        return StepOutput(loss, {"strength": torch.tensor(strength, device=image.device)})

    def decode(self, image):
        return self.outer(self.norm(self.inner(image)).relu() + self.query)

    def embed(self, batch):
        tokens = self.inner(batch["image"])[:, None]
        return Embedding(tokens, tokens.mean(1))

    def no_weight_decay(self):
        return {"query"}


class Other(Method):
    def __init__(self) -> None:
        super().__init__(ComponentConfig(type="other"))
        self.weight = nn.Parameter(torch.zeros(2, 2))

    def training_loss(self, batch):
        return StepOutput(self.weight.square().mean())
