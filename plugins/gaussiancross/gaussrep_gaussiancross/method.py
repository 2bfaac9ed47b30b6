"""GaussianCross: pretrain scene encoders by rendering real views (arXiv 2508.02172)."""

from typing import Any

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor

import gaussrep as gr
from gaussrep import Cameras, Gaussians
from gaussrep.embedding import CachedFeatures
from gaussrep.encoders import VoxelCloud, Voxelized, build_teacher, voxelize
from gaussrep.errors import ConfigError
from gaussrep.methods import Batch, CollapseSign, Embedding, StepOutput, sample_seeds
from gaussrep.metrics import effective_rank
from gaussrep.rendering import Rendering
from gaussrep_gaussiancross import losses
from gaussrep_gaussiancross.anchors import AnchorGrid, mean_colors, scatter_mean
from gaussrep_gaussiancross.config import GaussianCrossConfig
from gaussrep_gaussiancross.head import GaussianField, GaussianHead, opacity_mask
from gaussrep_gaussiancross.networks import DenseUNet, Projector
from gaussrep_gaussiancross.point_method import PointMethod, build_backbone
from gaussrep_gaussiancross.scene_batch import INPUT_CHANNELS, SceneBatch, cameras_of


class GaussianCross(PointMethod):
    """Predict one Gaussian per cell of a cuboid from half of a scene's points, and render them.

    Args:
        config: Sizes, limits, losses, backbone, teacher and renderer.

    Raises:
        ConfigError: If the backbone does not encode points.
    """

    config: GaussianCrossConfig
    collapse_signs = (
        CollapseSign(
            "effective_rank",
            1.5,
            "the features of all points are alike",
            "try a lower trainer.lr, a higher method.mask_ratio or a higher method.semantic_weight",
        ),
        CollapseSign(
            "mean_opacity",
            0.01,
            "the Gaussians are transparent, and get no gradient",
            "try a lower trainer.lr or a lower method.opacity_threshold",
        ),
        CollapseSign(
            "scales_at_limit",
            0.99,
            "the Gaussians are as large as they can be, and blur everything",
            "try a lower trainer.lr, a higher method.max_scale or finer method.anchors",
            above=True,
        ),
    )

    def __init__(self, config: GaussianCrossConfig) -> None:
        super().__init__(config)
        self.backbone = build_backbone(config.backbone, INPUT_CHANNELS)
        self.dense = DenseUNet(self.backbone.width, config.dense)
        self.head = GaussianHead(config)
        self.losses = losses.RenderingLosses(config)
        self._teacher: CachedFeatures | None = None
        if config.semantic_weight:
            self.projector = Projector(config.feature_channels, config.teacher_width)

    def setup(self, dataset: Any) -> None:
        """Build the teacher, whose width may be that of new parameters.

        Args:
            dataset: The run's `train` split.
        """
        if self.config.semantic_weight:
            _ = self.teacher

    @property
    def teacher(self) -> CachedFeatures:
        """The frozen image encoder, built on first use: a run is loaded without it.

        Raises:
            ConfigError: It does not encode images, or its width is not that of the weights.
            UntrustedError: It runs code or downloads weights that are not trusted.
        """
        if self._teacher is None:
            config = self.config
            teacher = build_teacher(config.teacher)
            if self.projector.width is None:
                self.projector.resize(teacher.width)
                self.projector.to(self.device)
            if self.projector.width != teacher.width:
                raise ConfigError(
                    f"the teacher {config.teacher.type!r} has features of length {teacher.width}, "
                    f"but the weights are those for {self.projector.width}; take the teacher that "
                    "they were trained with"
                )
            self._teacher = CachedFeatures(teacher, config.teacher, config.teacher_cache)
        return self._teacher

    def load_pretrained(self) -> None:
        """Load the weights that the backbone starts from."""
        self.backbone.load_pretrained()

    def training_loss(self, batch: Batch) -> StepOutput:
        """Compute the loss of a batch's rendered views: L = λ₁ L_img + λ₂ L_dep + λ₃ L_sem (paper).

        Args:
            batch: From a data set of scenes with views.

        Returns:
            The loss, the mean over scenes. Its metrics are the weighted parts, PSNR in dB, the
            depth error in the units of the points, the fraction of Gaussians kept, the mean
            opacity, the fraction of scales at their limit, the effective rank of a scene's
            features, and the number of unreadable scenes.
        """
        config = self.config
        teacher = self.teacher if config.semantic_weight else None
        whole = SceneBatch.of(batch)
        seeds = sample_seeds(batch, whole.scenes, whole.scene.device)
        scenes = whole.masked(config.mask_ratio, seeds)
        encoded = self._voxelize(scenes)
        features = self.backbone.checked(encoded.cloud)
        field = self._field(scenes, features[encoded.voxel_of])
        rendering = self.render(field, cameras_of(batch))
        depths = field.cuboid.normalize_depth(batch["depths"])
        parts = {
            "color_loss": self.losses.color_loss(rendering, batch["images"]),
            "depth_loss": self.losses.depth_loss(rendering, depths),
        }
        if teacher is not None:
            parts["semantic_loss"] = self._semantic_loss(teacher, rendering, batch)
        metrics = {name: loss.detach() for name, loss in parts.items()}
        with torch.no_grad():
            metrics |= {
                "psnr": losses.psnr(rendering, batch["images"]).mean(),
                "depth_error": losses.depth_error(rendering, depths, field.cuboid.scale[:, 0]),
                "kept_fraction": field.opacity_mask.float().mean(),
                "mean_opacity": field.gaussians.opacities.mean(),
                "scales_at_limit": field.scales_at_limit,
                "effective_rank": _effective_ranks(features, encoded.cloud).mean(),
                "skipped": batch["skipped"].float().mean(),
            }
        return StepOutput(torch.stack(list(parts.values())).sum(), metrics)

    def field(self, batch: Batch) -> GaussianField:
        """Predict the Gaussians of whole scenes, without masking.

        Args:
            batch: From a data set of scenes.

        Returns:
            All Gaussians in cuboid units, and the mask of those above the threshold.
        """
        return self._field(SceneBatch.of(batch), self.encode_points(batch))

    def gaussians(self, batch: Batch) -> Gaussians:
        """Predict the Gaussians of whole scenes, in the units of their points.

        Args:
            batch: From a data set of scenes.

        Returns:
            The Gaussians above the opacity threshold, with batch axis [B].
        """
        field = self.field(batch)
        return field.cuboid.denormalize(field.pruned)

    def render(self, field: GaussianField, cameras: Cameras) -> Rendering:
        """Render scenes in float32.

        Args:
            field: Gaussians of the scenes.
            cameras: Cameras in the units of the points, [B, V].

        Returns:
            Color, depth and embeddings; depth in cuboid units.
        """
        with torch.autocast(field.opacity_mask.device.type, enabled=False):
            normalized = field.cuboid.normalize(cameras)
            return gr.render(field.pruned, normalized, self.config.renderer)

    @property
    def point_width(self) -> int:
        """Length of a point's feature vector."""
        return self.backbone.width

    def encode_points(self, batch: Batch) -> Float[Tensor, "p d"]:
        """Encode every point of a batch.

        Args:
            batch: From a data set of scenes.

        Returns:
            The backbone's feature of each point's voxel.
        """
        encoded = self._voxelize(SceneBatch.of(batch))
        return self.backbone.checked(encoded.cloud)[encoded.voxel_of]

    def encode_points_multi_scale(self, batch: Batch) -> Float[Tensor, "p widths"]:
        """See `PointMethod.encode_points_multi_scale`."""
        encoded = self._voxelize(SceneBatch.of(batch))
        return self.backbone.encode_multi_scale(encoded.cloud)[encoded.voxel_of]

    def embed(self, batch: Batch) -> Embedding:
        """Embed whole scenes.

        Args:
            batch: From a data set of scenes.

        Returns:
            The features of each scene's points, padded with zeros to the largest scene, and their
            mean.
        """
        scenes, features = SceneBatch.of(batch), self.encode_points(batch)
        parts = features.split(scenes.counts.tolist())
        tokens = torch.nn.utils.rnn.pad_sequence(list(parts), batch_first=True)
        return Embedding(tokens, torch.stack([part.mean(0) for part in parts]))

    def count_voxels(self, batch: Batch) -> int:
        """Count the voxels that the backbone encodes, without masking.

        Args:
            batch: From a data set of scenes.

        Returns:
            Number of occupied voxels of all scenes.
        """
        return self._voxelize(SceneBatch.of(batch)).cloud.count

    def _voxelize(self, scenes: SceneBatch) -> Voxelized:
        size = self.config.grid_size
        points = scenes.points
        if size is None:
            assert self.config.voxels_per_side is not None
            points, size = scenes.relative_points(), 1 / self.config.voxels_per_side
        return voxelize(points, scenes.inputs, scenes.scene, scenes.scenes, size)

    def _field(self, scenes: SceneBatch, features: Tensor) -> GaussianField:
        grid = AnchorGrid.of(scenes, self.config)
        volume = scatter_mean(features, scenes, grid)
        seen = mean_colors(scenes, grid) if self.config.color_residual else None
        gaussians = self.head(self.dense(volume.features), volume.occupied, grid, seen)
        mask = opacity_mask(
            gaussians.opacities, self.config.opacity_threshold, self.config.min_gaussians
        )
        return GaussianField(
            gaussians, mask, grid.cuboid, self.config.max_scale * grid.cell[:, None]
        )

    def _semantic_loss(self, teacher: CachedFeatures, rendering: Rendering, batch: Batch) -> Tensor:
        target = teacher(rearrange(batch["images"], "b v c h w -> (b v) c h w"))
        assert rendering.features is not None
        prediction = self.projector(rendering.features, *target.shape[1:3])
        return self.losses.semantic_loss(prediction, target)


def _effective_ranks(features: Float[Tensor, "voxels d"], cloud: VoxelCloud) -> Float[Tensor, " b"]:
    """Compute the effective rank of the features of each scene."""
    parts = features.split(cloud.scene.bincount(minlength=cloud.scenes).tolist())
    return torch.stack([effective_rank(part, from_moments=True) for part in parts])
