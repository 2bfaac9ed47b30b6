import torch
from torch import nn
from torch.nn import functional

from gaussrep.methods import Embedding, Method, Reconstruction, StepOutput
from gaussrep_looker.config import LookerConfig

PATCH = 4


class Looker(Method):
    """Embeds patches one by one, and says again that every hidden pixel is gray."""

    def __init__(self, config: LookerConfig) -> None:
        super().__init__(config)
        self.stem = nn.Conv2d(3, config.width, PATCH, PATCH)
        self.block = nn.Linear(config.width, config.width)
        self.norm = nn.LayerNorm(config.width)
        self.decoder = nn.Linear(config.width, 3)

    def training_loss(self, batch):
        output = self.decoder(self.embed(batch).pooled + 0.1 * torch.randn(()))
        return StepOutput(functional.mse_loss(output, batch["image"].mean((2, 3))))

    def embed(self, batch):
        tokens = self.stem(batch["image"]).flatten(2).transpose(1, 2)
        tokens = self.norm(tokens + self.block(tokens).relu())
        return Embedding(tokens, tokens.mean(1))

    def reconstruct(self, batch):
        image = batch["image"]
        hidden = torch.zeros_like(image[:, 0], dtype=torch.bool)
        half = image.shape[-1] // 2
        if torch.rand(()) < 0.5:
            hidden[..., :half] = True
        else:
            hidden[..., half:] = True
        gray = torch.full_like(image, 0.5)
        return Reconstruction(torch.where(hidden[:, None], gray, image), hidden)

    def embedding_layers(self):
        return [self.stem, self.block, self.norm]


class Mute(Method):
    """Gives nothing."""

    def __init__(self, config: LookerConfig) -> None:
        super().__init__(config)
        self.weight = nn.Parameter(torch.ones(()))

    def training_loss(self, batch):
        return StepOutput(self.weight.square())
