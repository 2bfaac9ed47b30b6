"""`point-group`: PointGroup's heads on a method's point features."""

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional

from gaussrep.data import IGNORED
from gaussrep.methods import Batch, StepOutput, join_rows
from gaussrep_gaussiancross.evaluations.config import PointGroupConfig
from gaussrep_gaussiancross.evaluations.instances import Proposals, valid_instances
from gaussrep_gaussiancross.evaluations.segmenter import DownstreamMethod, build_base_method

CELLS_PER_RADIUS = 4
"""Points are merged in cells of the radius divided by this number (design choice). Trained offsets
concentrate all points of an instance within a few radii, where there would be too many pairs."""


def cluster_points(points: Float[np.ndarray, "p 3"], radius: float) -> Int[np.ndarray, " p"]:
    """Find the connected components of the graph that joins points closer than a radius.

    Points in the same cell of side `radius / CELLS_PER_RADIUS` are merged into their mean, so
    distances are exact to within half a radius.

    Args:
        points: Positions; may be empty.
        radius: Largest distance of neighbors, in the units of the points, > 0.

    Returns:
        Index of each point's cluster, from 0.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import KDTree

    cells = np.floor(points / (radius / CELLS_PER_RADIUS)).astype(np.int64)
    found, cell_of, counts = np.unique(cells, axis=0, return_inverse=True, return_counts=True)
    cell_of = cell_of.reshape(-1)
    means = np.zeros((len(found), 3))
    np.add.at(means, cell_of, points)
    means /= counts[:, None]
    pairs = KDTree(means).query_pairs(radius, output_type="ndarray")
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=[len(found)] * 2)
    _, component = connected_components(graph, directed=False)
    return component[cell_of]


def group_points(
    shifted: Float[Tensor, "p 3"],
    probabilities: Float[Tensor, "p classes"],
    config: PointGroupConfig,
) -> Proposals:
    """Cluster the points of each class that has instances.

    Args:
        shifted: Points of one scene, shifted to the predicted centroids of their instances.
        probabilities: Class probabilities of each point.
        config: Classes without instances, radius, and smallest number of points of an instance.

    Returns:
        One proposal per large enough cluster; its score is the mean probability of its class.
    """
    predictions = probabilities.argmax(dim=1)
    masks, labels = [], []
    for label in range(probabilities.shape[1]):
        indices = (predictions == label).nonzero().squeeze(1)
        if label in config.stuff or len(indices) < config.min_points:
            continue
        found = cluster_points(shifted[indices].double().cpu().numpy(), config.radius)
        cluster = torch.from_numpy(found).to(indices)
        for number in (cluster.bincount() >= config.min_points).nonzero().squeeze(1):
            mask = torch.zeros_like(predictions, dtype=torch.bool)
            mask[indices[cluster == number]] = True
            masks.append(mask)
            labels.append(label)
    kept = (
        torch.stack(masks)
        if masks
        else predictions.new_zeros(0, len(predictions), dtype=torch.bool)
    )
    classes = predictions.new_tensor(labels)
    sums = kept.to(probabilities) @ probabilities
    scores = sums.gather(1, classes[:, None]).squeeze(1) / kept.sum(dim=1)
    return Proposals(kept, classes, scores)


def target_offsets(
    points: Float[Tensor, "p 3"], instances: Int[Tensor, " p"], scene: Int[Tensor, " p"]
) -> tuple[Float[Tensor, "p 3"], Bool[Tensor, " p"]]:
    """Compute the offset from each point to the centroid of its instance.

    Args:
        points: Positions.
        instances: Instance of each point in its scene, `IGNORED` where it is in none.
        scene: Scene of each point.

    Returns:
        Offsets, 0 for points in no instance, and the mask of the points in one.
    """
    inside = instances != IGNORED
    offsets = torch.zeros_like(points)
    if not inside.any():
        return offsets, inside
    keys = torch.stack([scene[inside], instances[inside]], dim=1)
    found, instance_of, counts = keys.unique(dim=0, return_inverse=True, return_counts=True)
    sums = points.new_zeros(len(found), 3).index_add(0, instance_of, points[inside])
    offsets[inside] = (sums / counts[:, None])[instance_of] - points[inside]
    return offsets, inside


def offset_loss(
    predicted: Float[Tensor, "p 3"], target: Float[Tensor, "p 3"], inside: Bool[Tensor, " p"]
) -> Float[Tensor, ""]:
    """Compute the L1 distance minus the cosine of offsets (PointGroup, equations 1 and 2).

    Args:
        predicted: Predicted offsets.
        target: Offsets to the centroids of the instances.
        inside: Mask of the points in an instance; the loss is averaged over them.

    Returns:
        A scalar >= -1; a differentiable 0 if no point is in an instance.
    """
    if not inside.any():
        return 0.0 * predicted.sum()
    predicted, target = predicted[inside], target[inside]
    distance = (predicted - target).abs().sum(dim=1).mean()
    return distance - functional.cosine_similarity(predicted, target, dim=1).mean()


class PointGroup(DownstreamMethod):
    """Predict each point's class and the offset to its instance's centroid, and cluster points.

    This is PointGroup (Jiang et al., CVPR 2020) without its score network and without its second
    set of clusters, of unshifted points, as in the released code. Only the backbone of the base
    method is trained.

    Args:
        config: The base method, the classes, and the grouping.

    Raises:
        CapabilityError: If the base method does not encode points.
    """

    config: PointGroupConfig

    def __init__(self, config: PointGroupConfig) -> None:
        super().__init__(config)
        self.base_method = build_base_method(config.base_method)
        width = self.base_method.point_width
        self.offset_head = nn.Sequential(
            nn.Linear(width, width), nn.BatchNorm1d(width), nn.ReLU(), nn.Linear(width, 3)
        )
        self.class_head = nn.Linear(width, config.classes)

    def training_loss(self, batch: Batch) -> StepOutput:
        """Compute the cross entropy of the classes plus the offset loss.

        Args:
            batch: Inputs of the base method, `labels` and `instances`, [P].

        Returns:
            The loss, and its two parts.
        """
        features, labels = self.base_method.encode_points(batch), batch["labels"]
        instances = valid_instances(labels, batch["instances"], self.config.stuff)
        target, inside = target_offsets(batch["points"], instances, batch["scene"])
        predicted = torch.cat([self.offset_head(features), self.class_head(features)], dim=1)
        predicted, labels = join_rows(predicted), join_rows(labels)
        offsets = offset_loss(predicted[:, :3], join_rows(target), join_rows(inside))
        scores = predicted[:, 3:]
        known = int((labels != IGNORED).sum())
        classes = functional.cross_entropy(scores, labels, ignore_index=IGNORED, reduction="sum")
        classes = classes / max(1, known)
        return StepOutput(classes + offsets, {"class_loss": classes, "offset_loss": offsets})

    @torch.no_grad()
    def proposals(self, batch: Batch) -> Proposals:
        """Predict the instances of one scene.

        Args:
            batch: Inputs of the base method for one scene.

        Returns:
            The predicted instances.
        """
        features = self.base_method.encode_points(batch)
        offsets: Float[Tensor, "p 3"] = self.offset_head(features)
        probabilities = self.class_head(features).float().softmax(dim=1)
        return group_points(batch["points"] + offsets, probabilities, self.config)

    def no_weight_decay(self) -> set[str]:
        """Return the parameters of the base method without weight decay.

        Returns:
            Their names.
        """
        return {f"base_method.{name}" for name in self.base_method.no_weight_decay()}
