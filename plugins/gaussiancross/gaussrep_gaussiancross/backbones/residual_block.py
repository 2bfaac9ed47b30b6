"""The residual block of the sparse U-Net."""

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import linear

from gaussrep_gaussiancross.sparse.conv import SparseConv
from gaussrep_gaussiancross.sparse.space import SparseSpace

EPS, MOMENTUM = 1e-3, 0.01
"""Of batch normalization (SpUNet-v1m1)."""


def batch_norm(channels: int) -> nn.BatchNorm1d:
    """The normalization of the sparse U-Net."""
    return nn.BatchNorm1d(channels, eps=EPS, momentum=MOMENTUM)


def parts_of(step: nn.Module) -> tuple[SparseConv, nn.BatchNorm1d]:
    """The kernel and the normalization in a container of both."""
    conv, norm = step.children()
    assert isinstance(conv, SparseConv)
    assert isinstance(norm, nn.BatchNorm1d)
    return conv, norm


class ResidualBlock(nn.Module):
    """Two submanifold convolutions and a way around them.

    Args:
        inputs: Channels of the input.
        outputs: Channels of the output; where they differ, the way around is a linear map.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        around = [SparseConv(inputs, outputs, 1), batch_norm(outputs)] if inputs != outputs else []
        self.proj = nn.Sequential(*around)
        self.conv1 = SparseConv(inputs, outputs, 3)
        self.bn1 = batch_norm(outputs)
        self.conv2 = SparseConv(outputs, outputs, 3)
        self.bn2 = batch_norm(outputs)

    def forward(
        self, x: Float[Tensor, "rows c"], space: SparseSpace, level: int
    ) -> Float[Tensor, "rows d"]:
        """Compute the block.

        Args:
            x: Features of the level.
            space: Who convolves.
            level: Number of the level.

        Returns:
            Features of the level.
        """
        around = x
        if len(self.proj):
            conv, norm = parts_of(self.proj)
            around = norm(linear(x, conv.weight.flatten(1)))
        x = space.same(x, self.conv1, self.bn1, level)
        return space.same(x, self.conv2, self.bn2, level, around)
