"""Scenes as dicts of tensors, joined into batches."""

from collections.abc import Sequence
from dataclasses import fields

import torch
from jaxtyping import Bool
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


def mix_pairs(batch: dict[str, Tensor], mixed: Bool[Tensor, " scenes"]) -> dict[str, Tensor]:
    """Mix scenes with their neighbors (Mix3D): the first with the second, and so on.

    Args:
        batch: Points of scenes, without views.
        mixed: Whether a scene is mixed with the next one; the value of a pair's first scene counts.

    Returns:
        A batch of fewer scenes. `index` is that of a pair's first scene, `skipped` the sum of both,
        and the instances of the second continue those of the first.
    """
    scene, count = batch["scene"], len(batch["index"])
    joins = torch.zeros(count, dtype=torch.bool)
    joins[1::2] = mixed[0 : count - 1 : 2]
    highest = torch.full((count,), -1).scatter_reduce(0, scene, batch["instances"], "amax")
    offset = torch.where(joins, highest.roll(1) + 1, 0)
    instances = batch["instances"]
    instances = torch.where(instances < 0, instances, instances + offset[scene])
    new_scene = (~joins).cumsum(0) - 1
    skipped = torch.zeros(int((~joins).sum()), dtype=torch.int64)
    skipped = skipped.index_add(0, new_scene, batch["skipped"])
    changed = {"scene": new_scene[scene], "instances": instances, "skipped": skipped}
    return batch | changed | {"index": batch["index"][~joins]}


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
    return batch if mixed is None else mix_pairs(batch, mixed)
