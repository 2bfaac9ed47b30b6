"""The data set `shapes`."""

from typing import Literal

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from gaussrep.data.sample import SampleKey
from gaussrep.data.shapes.config import ShapesConfig
from gaussrep.data.shapes.render import render_layers, render_view
from gaussrep.data.shapes.scene import Layer, draw_scene


class Shapes(Dataset[dict[str, Tensor]]):
    """Textured objects in front of each other and of a backdrop, with exact ground truth.

    A scene is a pure function of the settings, the split and the index. It depends neither on
    the epoch nor on the run's seed; for more variety raise `samples`.

    Args:
        config: Size, number and content of the images.
        split: `train` and `val` are different scenes.
    """

    def __init__(self, config: ShapesConfig, split: Literal["train", "val"] = "train") -> None:
        self.config = config
        self.split = split

    def __len__(self) -> int:
        return self.config.samples if self.split == "train" else self.config.val_samples

    def __getitem__(self, key: SampleKey | int) -> dict[str, Tensor]:
        """Draw one scene.

        Args:
            key: Index of the scene; the epoch and the seed have no influence.

        Returns:
            With `S` the size: `image`, float32 [3, S, S] in [0, 1]; `index`, int64; `order`, int64
            [S, S], 0 on the backdrop and larger on nearer objects; `depth`, float32 [S, S],
            larger is farther; `edges`, bool [S, S], the contours of what is visible, one pixel
            wide on the nearer side; `figure`, bool [S, S], True on any object. With more than one
            of `views` also `other_views`, float32 [V - 1, 3, S, S], and their `parallax`, float32
            [V - 1, 2]: the displacement (x, y) of the nearest points relative to the farthest, in
            image sides.
        """
        index = key.index if isinstance(key, SampleKey) else key
        layers = self.scene(index)
        rendered = render_layers(layers, self.config.image_size)
        return {
            "image": torch.from_numpy(rendered.image),
            "index": torch.tensor(index),
            "order": torch.from_numpy(rendered.order),
            "depth": torch.from_numpy(rendered.depth),
            "edges": torch.from_numpy(rendered.edges),
            "figure": torch.from_numpy(rendered.order > 0),
            **(self._other_views(layers, index) if self.config.views > 1 else {}),
        }

    def _other_views(self, layers: list[Layer], index: int) -> dict[str, Tensor]:
        """Render a scene from random directions."""
        rng = np.random.default_rng(self._seeds(index, 1))
        angles = rng.uniform(0, 2 * np.pi, self.config.views - 1)
        lengths = self.config.parallax * rng.uniform(0.5, 1, self.config.views - 1)
        parallax = lengths[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)
        images = [render_view(layers, self.config.image_size, each) for each in parallax]
        return {
            "other_views": torch.from_numpy(np.stack(images)),
            "parallax": torch.from_numpy(parallax).float(),
        }

    def scene(self, index: int) -> list[Layer]:
        """Return the layers of one scene, from the backdrop to the nearest object.

        Args:
            index: Index of the scene.

        Returns:
            At least two layers.

        Raises:
            IndexError: If there is no such scene.
        """
        if not 0 <= index < len(self):
            raise IndexError(f"index {index} is outside 0 to {len(self) - 1}")
        return draw_scene(self.config.objects, np.random.default_rng(self._seeds(index)))

    def _seeds(self, *words: int) -> np.random.SeedSequence:
        stream = ("train", "val").index(self.split)
        return np.random.SeedSequence(self.config.seed, spawn_key=(stream, *words))
