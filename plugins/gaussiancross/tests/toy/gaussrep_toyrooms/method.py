import torch
from torch import nn

from gaussrep.building import build
from gaussrep.encoders import PointEncoder, voxelize
from gaussrep.losses.loss import Loss
from gaussrep.methods.method import Method, StepOutput
from gaussrep_gaussiancross.point_method import PointMethod
from gaussrep_toyrooms.config import FeelerConfig, SurfaceConfig


class Surface(PointEncoder):
    """Knows the color and the normal of a voxel, and nothing of its neighbors."""

    def __init__(self, config: SurfaceConfig, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(channels, config.width), nn.BatchNorm1d(config.width), nn.ReLU()
        )
        self._width = config.width

    @property
    def width(self):
        return self._width

    def forward(self, cloud):
        return self.layers(cloud.features)


class LearnedL1(Loss):
    """L1 times a parameter of its own."""

    def __init__(self):
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(3.0))

    def forward(self, prediction, target, mask=None):
        errors = (prediction - target).abs()
        return self.factor * (errors if mask is None else errors[mask]).mean()


class Feeler(PointMethod):
    def __init__(self, config: FeelerConfig) -> None:
        super().__init__(config)
        self.backbone = build("encoders", config.backbone, channels=6)
        self.decoder = nn.Linear(self.backbone.width, 3)

    def training_loss(self, batch):
        return StepOutput((self.decoder(self.encode_points(batch)) - batch["colors"]).abs().mean())

    def encode_points(self, batch):
        features = torch.cat([batch["colors"] * 2 - 1, batch["normals"]], dim=1)
        found = voxelize(
            batch["points"], features, batch["scene"], len(batch["index"]), self.config.grid_size
        )
        return self.backbone(found.cloud)[found.voxel_of]

    def no_weight_decay(self):
        return {"decoder.weight"}


class Numb(Method):
    def __init__(self, config: FeelerConfig) -> None:
        super().__init__(config)
        self.weight = nn.Parameter(torch.ones(()))

    def training_loss(self, batch):
        return StepOutput(self.weight.square())
