"""The data sets `scannet`, `s3dis` and `rgbd`."""

import logging
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from gaussrep.data.sample import SampleKey, Split
from gaussrep.data.scenes.augmentation import augment, random_subsample, sphere_crop
from gaussrep.data.scenes.batch import collate, scene_tensors
from gaussrep.data.scenes.config import SceneConfig
from gaussrep.data.scenes.load_views import even_order, load_views, random_order
from gaussrep.data.scenes.scene import Scene, Views
from gaussrep.data.scenes.source import make_scene_source
from gaussrep.data.scenes.subset import LabeledPoints, subset_scenes
from gaussrep.data.unreadable import UnreadableFileError
from gaussrep.errors import DataError
from gaussrep.plugins.suggestions import suggest

log = logging.getLogger(__name__)
REASONS = 3
"""Maximum number of reasons in the error that no scene can be used."""


class SceneDataset(Dataset[dict[str, Tensor]]):
    """Point clouds of scenes, with posed RGB-D views if `config.views` is positive.

    An unusable scene is replaced by the next usable one; each is logged once as a warning.

    Args:
        config: Scene source, views, augmentation and subset.
        split: `train` augments and crops scenes at random, as a pure function of the sample key;
            `val` returns them unchanged, with views evenly spaced in time.

    Attributes:
        names: Names of the scenes, in order.
        classes: Names of the classes, in the order of the labels; empty without labels.

    Raises:
        DataError: If a folder is missing or holds no scene.
    """

    def __init__(self, config: SceneConfig, split: Split = "train") -> None:
        self.config = config
        self.split = split
        self.source = make_scene_source(config, split)
        self.names, self.classes = self.source.names, self.source.classes
        self._mixes = split == "train" and config.mix3d > 0
        self._labeled = None
        self._warned: set[str] = set()
        if split == "train":
            root, seed = self.source.root, config.subset_seed
            self.names = subset_scenes(self.names, config.fraction, seed, root)
            if config.labeled_points is not None:
                self._labeled = LabeledPoints(root, config.labeled_points, seed)

    def __len__(self) -> int:
        return len(self.names)

    @property
    def group_size(self) -> int:
        """Scenes of a batch that one process loads together: two if pairs are mixed."""
        return 2 if self._mixes else 1

    def index_of(self, name: str) -> int:
        """Find a scene by its name.

        Args:
            name: Name of the scene.

        Returns:
            Its index.

        Raises:
            DataError: If there is no such scene.
        """
        if name not in self.names:
            raise DataError(
                f"there is no scene {name!r} in the split {self.split}; {suggest(name, self.names)}"
            )
        return self.names.index(name)

    def __getitem__(self, key: SampleKey | int) -> dict[str, Tensor]:
        """Load one scene.

        Args:
            key: Index of the scene, and the randomness of its augmentation; a number means epoch 0,
                seed 0.

        Returns:
            For P points: `points`, float32 [P, 3], meters, z up; `colors`, float32 [P, 3] in
            [0, 1]; `normals`, float32 [P, 3]; `labels` and `instances`, int64 [P], -1 where there
            is none; `index`, int64, the index of the scene; `skipped`, int64, the number of
            unusable scenes tried before it. With V views: `images`, float32 [V, 3, H, W] in
            [0, 1]; `depths`, float32 [V, H, W], meters, 0 where not measured; `viewmats`, float32
            [V, 4, 4], world to camera; `Ks`, float32 [V, 3, 3]; `frames`, int64 [V].

        Raises:
            IndexError: If the index is out of range.
            DataError: If no scene can be used.
        """
        key = key if isinstance(key, SampleKey) else SampleKey(key)
        if not 0 <= key.index < len(self):
            raise IndexError(f"index {key.index} is outside 0 to {len(self) - 1}")
        reasons: list[str] = []
        for skipped in range(len(self)):
            index = (key.index + skipped) % len(self)
            rng = key.rng()
            try:
                scene = self._load(self.names[index], rng)
            except UnreadableFileError as error:
                reasons.append(self._warn(self.names[index], error))
                continue
            return self._sample(scene, index, skipped, rng)
        raise DataError(
            f"none of the {len(self)} scenes of the split {self.split} can be used: "
            + " ".join(reasons[:REASONS])
        )

    def collate(self, samples: Sequence[dict[str, Tensor]]) -> dict[str, Tensor]:
        """Join samples into a batch.

        Args:
            samples: At least one.

        Returns:
            The tensors of points concatenated; `scene`, int64 [P], the sample of each point, not
            decreasing; all other tensors stacked.
        """
        return collate(samples)

    def _load(self, name: str, rng: np.random.Generator) -> Scene:
        scene = Scene(name, self.source.cloud(name), self._views(name, rng))
        if self.split == "val":
            return scene
        if self._labeled is not None:
            scene = self._labeled.keep(scene)
        fewer = random_subsample if self.config.views else sphere_crop
        return fewer(augment(scene, self.config.augment, rng), self.config.max_points, rng)

    def _views(self, name: str, rng: np.random.Generator) -> Views | None:
        wanted = self.config.views
        if not wanted:
            return None
        refs = self.source.frames(name)
        train = self.split == "train"
        order = random_order(len(refs), rng) if train else even_order(len(refs), wanted)
        return load_views(refs, order, wanted, self.config.image_size)

    def _sample(
        self, scene: Scene, index: int, skipped: int, rng: np.random.Generator
    ) -> dict[str, Tensor]:
        sample = scene_tensors(scene)
        sample |= {"index": torch.tensor(index), "skipped": torch.tensor(skipped)}
        if self._mixes:
            sample["mixed"] = torch.tensor(bool(rng.random() < self.config.mix3d))
        return sample

    def _warn(self, name: str, error: UnreadableFileError) -> str:
        if name not in self._warned:
            self._warned.add(name)
            log.warning("scene %s is left out: %s", name, error)
        return str(error)
