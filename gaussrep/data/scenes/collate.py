"""Joining scenes into a batch."""

from collections.abc import Sequence

import torch
from torch import Tensor

from gaussrep.data.scenes.mix3d import mix_pairs

POINTS = ("points", "colors", "normals", "labels", "instances")


def collate(samples: Sequence[dict[str, Tensor]]) -> dict[str, Tensor]:
    """Join samples of a data set of scenes.

    Args:
        samples: At least one.

    Returns:
        The tensors of points one scene after the other; `scene`, int64 [P], which of the samples
        each point belongs to; everything else stacked.
    """
    batch = {
        name: torch.cat([sample[name] for sample in samples])
        if name in POINTS
        else torch.stack([sample[name] for sample in samples])
        for name in samples[0]
    }
    counts = torch.tensor([len(sample["points"]) for sample in samples])
    batch["scene"] = torch.arange(len(samples)).repeat_interleave(counts)
    mixed = batch.pop("mixed", None)
    if mixed is not None and bool(mixed[0]):
        return mix_pairs(batch)
    return batch
