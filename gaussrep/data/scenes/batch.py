"""Scenes as dicts of tensors, joined into batches."""

from collections.abc import Sequence
from dataclasses import fields

import torch
from torch import Tensor

from gaussrep.data.scenes.scene import Scene


def scene_tensors(scene: Scene) -> dict[str, Tensor]:
    """Collect the tensors of a scene in a sample's dict.

    Args:
        scene: The scene.

    Returns:
        `points`, `colors`, `normals`, `labels`, `instances`; with views also `images`, `depths`,
        `viewmats`, `Ks`, `frames`.
    """
    tensors = {field.name: getattr(scene.cloud, field.name) for field in fields(scene.cloud)}
    views = scene.views
    if views is not None:
        tensors |= {
            "images": views.images,
            "depths": views.depths,
            "viewmats": views.cameras.viewmats,
            "Ks": views.cameras.Ks,
            "frames": views.frames,
        }
    return tensors


def mix_pairs(batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """Overlay the first scene of a batch with the second, the third with the fourth, and so on.

    Nekrasov et al., "Mix3D: Out-of-Context Data Augmentation for 3D Scenes", 3DV 2021. A scene
    without a partner stays alone.

    Args:
        batch: Points of scenes, without views.

    Returns:
        A batch of half as many scenes, rounded up. `index` is that of each pair's first scene,
        `skipped` the sum of both, and the instances of the second continue those of the first.
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


POINTS = ("points", "colors", "normals", "labels", "instances")


def collate(samples: Sequence[dict[str, Tensor]]) -> dict[str, Tensor]:
    """Join samples of a data set of scenes into a batch.

    Args:
        samples: At least one.

    Returns:
        The tensors of points concatenated; `scene`, int64 [P], the sample of each point; all other
        tensors stacked.
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
