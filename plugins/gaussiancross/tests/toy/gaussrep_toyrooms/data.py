import torch
from torch.utils.data import Dataset

from gaussrep.data import SampleKey

CLASSES = ("wall", "floor", "chair", "table", "lamp")
COLORS = torch.tensor(
    [[0.8, 0.8, 0.8], [0.4, 0.3, 0.2], [0.9, 0.1, 0.1], [0.1, 0.1, 0.9], [0, 0, 0]]
)
STEP = 0.06
SIDE = 0.4


def grid(first, second):
    steps = torch.arange(0, first, STEP), torch.arange(0, second, STEP)
    return torch.cartesian_prod(*steps)


def plane(axis, first, second, at):
    """Points on a plane across an axis, and its normal."""
    points = torch.full((len(grid(first, second)), 3), float(at))
    points[:, [i for i in range(3) if i != axis]] = grid(first, second)
    normals = torch.zeros_like(points)
    normals[:, axis] = 1.0
    return points, normals


def box():
    """Five sides of a cube that stands on the floor, normals outwards."""
    sides = [
        plane(axis, SIDE, SIDE, at) for axis in range(3) for at in (0, SIDE) if (axis, at) != (2, 0)
    ]
    signs = [-1, 1, -1, 1, 1]
    points = torch.cat([points for points, _ in sides])
    normals = torch.cat([sign * side[1] for sign, side in zip(signs, sides, strict=True)])
    return points, normals


class Rooms(Dataset):
    """A floor, a wall and boxes far from each other, chairs and tables in turns; never a lamp."""

    classes = CLASSES

    def __init__(self, config, split="train"):
        self.config, self.split = config, split
        assert config.views == 0

    def __len__(self):
        return self.config.rooms if self.split == "train" else self.config.held_out

    def __getitem__(self, key):
        key = key if isinstance(key, SampleKey) else SampleKey(key)
        parts = [(*plane(2, 3.0, 1.2, 0), 1, -1), (*plane(1, 3.0, 0.6, 1.3), 0, -1)]
        for number in range(self.config.boxes):
            points, normals = box()
            parts.append((points + torch.tensor([number * 0.9, 0.4, 0.05]), normals, 2, number))
        stream = key.generator()
        kinds = [label if label < 2 else 2 + number % 2 for _, _, label, number in parts]
        counts = torch.tensor([len(points) for points, *_ in parts])
        labels = torch.tensor(kinds).repeat_interleave(counts)
        instances = torch.tensor([number for *_, number in parts]).repeat_interleave(counts)
        points = torch.cat([points for points, *_ in parts])
        noise = 0.02 * torch.randn(len(points), 3, generator=stream)
        if self.split == "train" and self.config.augment.color_jitter.probability:
            noise = noise * 2
        none = torch.full_like(labels, -1)
        return {
            "points": points + torch.rand(3, generator=stream),
            "colors": (COLORS[labels] + noise).clamp(0, 1),
            "normals": torch.cat([normals for _, normals, *_ in parts]),
            "labels": labels + self.config.first_label if self.config.labeled else none,
            "instances": instances if self.config.instances else none,
            "index": torch.tensor(key.index),
            "skipped": torch.tensor(0),
        }

    def collate(self, samples):
        stacked = {name: torch.stack([s[name] for s in samples]) for name in ("index", "skipped")}
        names = ("points", "colors", "normals", "labels", "instances")
        joined = {name: torch.cat([sample[name] for sample in samples]) for name in names}
        counts = torch.tensor([len(sample["points"]) for sample in samples])
        return joined | stacked | {"scene": torch.arange(len(samples)).repeat_interleave(counts)}


class Nameless(Rooms):
    classes = ()
