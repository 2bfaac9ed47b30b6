"""Stands for the repository that torch.hub loads RADIO from."""

from typing import NamedTuple

import torch


class Output(NamedTuple):
    summary: torch.Tensor
    features: torch.Tensor


class Means(torch.nn.Module):
    """Mean colors of patches."""

    patch_size = 16
    min_resolution_step = 16

    def __init__(self):
        super().__init__()
        self.gain = torch.nn.Parameter(torch.tensor(2.0))

    def forward(self, images):
        means = torch.nn.functional.avg_pool2d(images, self.patch_size)
        tokens = (self.gain * means).flatten(2).mT
        return Output(tokens.mean(1), tokens)


def radio_model(version="", progress=True, **_):
    return Means()
