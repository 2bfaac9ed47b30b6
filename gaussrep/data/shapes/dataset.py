"""The data set `shapes`."""

from typing import Literal

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from gaussrep.data.sample_key import SampleKey
from gaussrep.data.shapes.config import ShapesConfig
from gaussrep.data.shapes.picture import draw
from gaussrep.data.shapes.scene import Layer, draw_scene


class Shapes(Dataset[dict[str, Tensor]]):
    """Textured objects in front of each other and of a backdrop, with exact truth.

    A scene is a pure function of the settings, the split and the index. It does not change with
    the epoch or with the run's seed; for more variety ask for more `samples`.

    Args:
        config: Size and number of the pictures, and what they show.
        split: Which of two families of scenes.
    """

    def __init__(self, config: ShapesConfig, split: Literal["train", "val"] = "train") -> None:
        self.config = config
        self.split = split

    def __len__(self) -> int:
        return self.config.samples if self.split == "train" else self.config.val_samples

    def __getitem__(self, key: SampleKey | int) -> dict[str, Tensor]:
        """Draw one scene.

        Args:
            key: Which one; only its index matters.

        Returns:
            With `S` the size: `image`, float32 [3, S, S] in [0, 1]; `index`, int64; `order`, int64
            [S, S], 0 on the backdrop and larger on nearer objects; `depth`, float32 [S, S],
            larger is farther; `edges`, bool [S, S], the contours of what is visible, one pixel
            wide on the nearer side; `figure`, bool [S, S], True on any object.
        """
        index = key.index if isinstance(key, SampleKey) else key
        picture = draw(self.scene(index), self.config.size)
        return {
            "image": torch.from_numpy(picture.image),
            "index": torch.tensor(index),
            "order": torch.from_numpy(picture.order),
            "depth": torch.from_numpy(picture.depth),
            "edges": torch.from_numpy(picture.edges),
            "figure": torch.from_numpy(picture.order > 0),
        }

    def scene(self, index: int) -> list[Layer]:
        """The layers of one scene, from the backdrop to the nearest object.

        Args:
            index: Which scene.

        Raises:
            IndexError: If there is no such scene.
        """
        if not 0 <= index < len(self):
            raise IndexError(f"index {index} is outside 0 to {len(self) - 1}")
        stream = ("train", "val").index(self.split)
        seeds = np.random.SeedSequence(self.config.seed, spawn_key=(stream, index))
        return draw_scene(self.config.objects, np.random.default_rng(seeds))
