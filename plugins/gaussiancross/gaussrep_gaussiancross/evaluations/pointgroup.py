"""`point-group`: PointGroup's heads on a method's point features."""

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional

from gaussrep.data.scenes import IGNORED
from gaussrep.methods.method import Batch, Method, StepOutput
from gaussrep_gaussiancross.evaluations.config import PointGroupConfig
from gaussrep_gaussiancross.evaluations.instances import Proposals, counted_instances
from gaussrep_gaussiancross.evaluations.segmenter import build_body

FINENESS = 4
"""Points are thinned to the middles of cells of this part of the radius (ours). Trained offsets
crowd all points of an object into a few radii, where the pairs would be too many to list."""


def clusters(points: Float[np.ndarray, "p 3"], radius: float) -> Int[np.ndarray, " p"]:
    """Find the connected components of the graph that joins points closer than a radius.

    Points that share a cell of `radius / FINENESS` count as one, at their mean, so distances are
    exact to within half a radius.

    Args:
        points: Positions; may be none.
        radius: Largest distance of neighbors, in the units of the points, > 0.

    Returns:
        Number of each point's cluster, from 0.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import KDTree

    cells = np.floor(points / (radius / FINENESS)).astype(np.int64)
    found, cell_of, counts = np.unique(cells, axis=0, return_inverse=True, return_counts=True)
    cell_of = cell_of.reshape(-1)
    middles = np.zeros((len(found), 3))
    np.add.at(middles, cell_of, points)
    middles /= counts[:, None]
    pairs = KDTree(middles).query_pairs(radius, output_type="ndarray")
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=[len(found)] * 2)
    _, component = connected_components(graph, directed=False)
    return component[cell_of]


def grouped(
    moved: Float[Tensor, "p 3"], shares: Float[Tensor, "p classes"], config: PointGroupConfig
) -> Proposals:
    """Cluster the points of each class that has objects.

    Args:
        moved: Points of one scene, moved to the middle of their objects.
        shares: Probabilities of the classes.
        config: Classes without objects, radius, and points that an object must have.

    Returns:
        A proposal per cluster that is large enough; its score is the mean probability of its class.
    """
    guesses = shares.argmax(dim=1)
    masks, labels = [], []
    for label in range(shares.shape[1]):
        places = (guesses == label).nonzero().squeeze(1)
        if label in config.stuff or len(places) < config.least_points:
            continue
        found = clusters(moved[places].double().cpu().numpy(), config.radius)
        cluster = torch.from_numpy(found).to(places)
        for number in (cluster.bincount() >= config.least_points).nonzero().squeeze(1):
            mask = torch.zeros_like(guesses, dtype=torch.bool)
            mask[places[cluster == number]] = True
            masks.append(mask)
            labels.append(label)
    kept = torch.stack(masks) if masks else guesses.new_zeros(0, len(guesses), dtype=torch.bool)
    kinds = guesses.new_tensor(labels)
    sums = kept.to(shares) @ shares
    scores = sums.gather(1, kinds[:, None]).squeeze(1) / kept.sum(dim=1)
    return Proposals(kept, kinds, scores)


def true_offsets(
    points: Float[Tensor, "p 3"], instances: Int[Tensor, " p"], scene: Int[Tensor, " p"]
) -> tuple[Float[Tensor, "p 3"], Bool[Tensor, " p"]]:
    """Find the way from each point to the mean of its object's points.

    Args:
        points: Positions.
        instances: Object of each point in its scene, `IGNORED` where it is in none.
        scene: Scene of each point.

    Returns:
        Offsets, 0 for points that are in no object, and which points are in one.
    """
    inside = instances != IGNORED
    offsets = torch.zeros_like(points)
    if not inside.any():
        return offsets, inside
    keys = torch.stack([scene[inside], instances[inside]], dim=1)
    found, object_of, counts = keys.unique(dim=0, return_inverse=True, return_counts=True)
    sums = points.new_zeros(len(found), 3).index_add(0, object_of, points[inside])
    offsets[inside] = (sums / counts[:, None])[object_of] - points[inside]
    return offsets, inside


def offset_loss(
    guessed: Float[Tensor, "p 3"], true: Float[Tensor, "p 3"], inside: Bool[Tensor, " p"]
) -> Float[Tensor, ""]:
    """L1 distance minus cosine, averaged over the points of objects (PointGroup, equations 1, 2).

    Args:
        guessed: Offsets that a method says.
        true: Offsets to the middle of the objects.
        inside: Which points are in an object.

    Returns:
        A scalar from -1; 0, with a graph behind it, where no point is in an object.
    """
    if not inside.any():
        return 0.0 * guessed.sum()
    guessed, true = guessed[inside], true[inside]
    distance = (guessed - true).abs().sum(dim=1).mean()
    return distance - functional.cosine_similarity(guessed, true, dim=1).mean()


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
