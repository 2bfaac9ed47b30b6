"""`point-group`: a method's features of points, and two heads that find objects."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from gaussrep.data.scenes.point_cloud import IGNORED
from gaussrep.methods.method import Batch, Method, StepOutput
from gaussrep_gaussiancross.downstream.body import build_body
from gaussrep_gaussiancross.downstream.config import PointGroupConfig
from gaussrep_gaussiancross.downstream.pointgroup.grouping import grouped
from gaussrep_gaussiancross.downstream.pointgroup.offsets import offset_loss, true_offsets
from gaussrep_gaussiancross.downstream.proposals import Proposals, counted_instances


class PointGroup(Method):
    """Says of every point its class and where the middle of its object is, and groups them.

    PointGroup (Jiang et al., CVPR 2020) without its score network and without its second set of
    clusters of points that were not moved, as in the released code. Of the other method only the
    backbone learns.

    Args:
        config: The other method, the classes, and how points are grouped.

    Raises:
        CapabilityError: The other method does not encode points.
    """

    config: PointGroupConfig

    def __init__(self, config: PointGroupConfig) -> None:
        super().__init__(config)
        self.body = build_body(config.body)
        width = self.body.point_width
        self.offset_head = nn.Sequential(
            nn.Linear(width, width), nn.BatchNorm1d(width), nn.ReLU(), nn.Linear(width, 3)
        )
        self.class_head = nn.Linear(width, config.classes)

    def training_loss(self, batch: Batch) -> StepOutput:
        """Cross entropy of the classes, plus L1 minus cosine of the offsets.

        Args:
            batch: What the other method encodes, `labels` and `instances`, [P].

        Returns:
            The loss, and its two parts.
        """
        features, labels = self.body.encode_points(batch), batch["labels"]
        instances = counted_instances(labels, batch["instances"], self.config.stuff)
        true, inside = true_offsets(batch["points"], instances, batch["scene"])
        offsets = offset_loss(self.offset_head(features), true, inside)
        scores = self.class_head(features)
        known = int((labels != IGNORED).sum())
        classes = functional.cross_entropy(scores, labels, ignore_index=IGNORED, reduction="sum")
        classes = classes / max(1, known)
        return StepOutput(classes + offsets, {"class_loss": classes, "offset_loss": offsets})

    @torch.no_grad()
    def proposals(self, batch: Batch) -> Proposals:
        """Find the objects of one scene.

        Args:
            batch: One scene, with what the other method encodes.
        """
        features = self.body.encode_points(batch)
        offsets: Float[Tensor, "p 3"] = self.offset_head(features)
        shares = self.class_head(features).float().softmax(dim=1)
        return grouped(batch["points"] + offsets, shares, self.config)

    def no_weight_decay(self) -> set[str]:
        """What the other method exempts."""
        return {f"body.{name}" for name in self.body.no_weight_decay()}
