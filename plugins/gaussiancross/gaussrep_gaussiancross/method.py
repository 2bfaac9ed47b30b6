"""GaussianCross: scene encoders that learn by explaining real views (arXiv 2508.02172)."""

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor

import gaussrep as gr
from gaussrep.building import build
from gaussrep.cameras import Cameras
from gaussrep.embedding.cached_features import CachedFeatures
from gaussrep.encoders.teacher import build_teacher
from gaussrep.encoders.voxels import Voxelized, voxelize
from gaussrep.gaussians import Gaussians
from gaussrep.methods.method import Batch, Embedding, StepOutput
from gaussrep.metrics import effective_rank
from gaussrep.rendering import Rendering
from gaussrep_gaussiancross import losses as explanation
from gaussrep_gaussiancross.anchors import Placement, scatter_mean
from gaussrep_gaussiancross.config import GaussianCrossConfig
from gaussrep_gaussiancross.head import Field, GaussianHead, passing
from gaussrep_gaussiancross.networks import DenseUNet, Projector
from gaussrep_gaussiancross.point_method import PointMethod
from gaussrep_gaussiancross.scene_batch import CHANNELS, SceneBatch, cameras_of


class GaussianCross(PointMethod):
    """Says half of a scene's points as one Gaussian per cell of a cuboid, and renders them.

    Args:
        config: Sizes, limits, weights, backbone, teacher and renderer.
    """

    config: GaussianCrossConfig

    def __init__(self, config: GaussianCrossConfig) -> None:
        super().__init__(config)
        self.backbone = build("encoders", config.backbone, channels=CHANNELS)
        self.dense = DenseUNet(self.backbone.width, config.dense)
        self.head = GaussianHead(config)
        if config.semantic_weight:
            self.teacher = CachedFeatures(
                build_teacher(config.teacher), config.teacher, config.teacher_cache
            )
            self.projector = Projector(config.features, self.teacher.width)

    def training_loss(self, batch: Batch) -> StepOutput:
        """Explain the views of a batch: L = λ₁ L_img + λ₂ L_dep + λ₃ L_sem (paper).

        Args:
            batch: Of a data set of scenes with views.

        Returns:
            The loss; with it PSNR in dB, the error of depth in the units of the points, the mean
            cosine, the share of Gaussians that passed, and the effective rank of the features.
        """
        config = self.config
        scenes = SceneBatch.of(batch).masked(config.mask_ratio)
        encoded = self._voxelize(scenes)
        features = self.backbone(encoded.cloud)
        field = self._field(scenes, features[encoded.voxel_of])
        drawn = self.draw(field, cameras_of(batch))
        depths = field.cuboid.normalize_depth(batch["depths"])
        losses = {
            "color_loss": config.color_weight * explanation.color_loss(drawn, batch["images"]),
            "depth_loss": config.depth_weight * explanation.depth_loss(drawn, depths),
        }
        if config.semantic_weight:
            losses["semantic_loss"] = config.semantic_weight * self._semantic_loss(drawn, batch)
        metrics = {name: loss.detach() for name, loss in losses.items()}
        with torch.no_grad():
            metrics |= {
                "psnr": explanation.psnr(drawn, batch["images"]).mean(),
                "depth_error": explanation.depth_error(drawn, depths, field.cuboid.scale[:, 0]),
                "kept": field.kept.float().mean(),
                "rank": effective_rank(features, from_moments=True),
                "skipped": batch["skipped"].float().mean(),
            }
        return StepOutput(torch.stack(list(losses.values())).sum(), metrics)

    def field(self, batch: Batch) -> Field:
        """Say whole scenes in Gaussians, nothing masked.

        Args:
            batch: Of a data set of scenes.

        Returns:
            All Gaussians in cuboid units, and which pass the threshold.
        """
        return self._field(SceneBatch.of(batch), self.encode_points(batch))

    def gaussians(self, batch: Batch) -> Gaussians:
        """Say whole scenes in Gaussians, in the units of their points.

        Args:
            batch: Of a data set of scenes.

        Returns:
            Those that pass the opacity threshold, with batch axis [B].
        """
        field = self.field(batch)
        return field.cuboid.denormalize(field.pruned)

    def draw(self, field: Field, cameras: Cameras) -> Rendering:
        """Render scenes, in float32.

        Args:
            field: The scenes.
            cameras: In the units of the points, [B, V].

        Returns:
            Color, depth and embeddings; depth in cuboid units.
        """
        with torch.autocast(field.kept.device.type, enabled=False):
            seen = field.cuboid.normalize(cameras)
            return gr.render(field.pruned, seen, self.config.renderer)

    @property
    def point_width(self) -> int:
        """Length of a point's feature vector."""
        return self.backbone.width

    def encode_points(self, batch: Batch) -> Float[Tensor, "p d"]:
        """Encode every point of a batch.

        Args:
            batch: Of a data set of scenes.

        Returns:
            The backbone's feature of the voxel that each point lies in.
        """
        encoded = self._voxelize(SceneBatch.of(batch))
        return self.backbone(encoded.cloud)[encoded.voxel_of]

    def embed(self, batch: Batch) -> Embedding:
        """Embed whole scenes.

        Args:
            batch: Of a data set of scenes.

        Returns:
            The features of each scene's points, padded with zeros to the largest scene, and their
            mean.
        """
        scenes, features = SceneBatch.of(batch), self.encode_points(batch)
        parts = features.split(scenes.counts.tolist())
        tokens = torch.nn.utils.rnn.pad_sequence(list(parts), batch_first=True)
        return Embedding(tokens, torch.stack([part.mean(0) for part in parts]))

    def _voxelize(self, scenes: SceneBatch) -> Voxelized:
        size = self.config.grid_size
        points = scenes.points
        if size is None:
            assert self.config.voxels_across is not None
            points, size = scenes.relative_points(), 1 / self.config.voxels_across
        return voxelize(points, scenes.inputs, scenes.scene, scenes.scenes, size)

    def _field(self, scenes: SceneBatch, features: Tensor) -> Field:
        placement = Placement.of(scenes, self.config)
        volume = scatter_mean(features, scenes, placement)
        gaussians = self.head(self.dense(volume.features), volume.occupied, placement)
        kept = passing(gaussians.opacities, self.config.threshold, self.config.least_kept)
        return Field(gaussians, kept, placement.cuboid)

    def _semantic_loss(self, drawn: Rendering, batch: Batch) -> Tensor:
        target = self.teacher(rearrange(batch["images"], "b v c h w -> (b v) c h w"))
        assert drawn.features is not None
        said = self.projector(drawn.features, *target.shape[1:3])
        return explanation.semantic_loss(said, target)
