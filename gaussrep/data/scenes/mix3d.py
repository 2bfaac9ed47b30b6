"""Mix3D: scenes laid over each other in pairs."""

import torch
from torch import Tensor


def mix_pairs(batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """Lay the first scene of a batch over the second, the third over the fourth, and so on.

    Nekrasov et al., "Mix3D: Out-of-Context Data Augmentation for 3D Scenes", 3DV 2021. A scene
    without a partner stays alone.

    Args:
        batch: Points of scenes, without views.

    Returns:
        A batch of half as many scenes, rounded up; `index` is that of each pair's first scene,
        `skipped` the sum, and instances of the second count on from those of the first.
    """
    scene, count = batch["scene"], len(batch["index"])
    highest = torch.full((count,), -1).scatter_reduce(0, scene, batch["instances"], "amax")
    offset = torch.zeros(count, dtype=torch.int64)
    offset[1::2] = highest[0 : count - 1 : 2] + 1
    instances = batch["instances"]
    instances = torch.where(instances < 0, instances, instances + offset[scene])
    skipped = torch.zeros((count + 1) // 2, dtype=torch.int64)
    skipped = skipped.index_add(0, torch.arange(count) // 2, batch["skipped"])
    changed = {"scene": scene // 2, "instances": instances, "skipped": skipped}
    return batch | changed | {"index": batch["index"][::2]}
