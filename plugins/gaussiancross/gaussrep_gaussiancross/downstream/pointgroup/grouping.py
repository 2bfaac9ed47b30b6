"""From moved points and their classes to objects."""

import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep_gaussiancross.downstream.config import PointGroupConfig
from gaussrep_gaussiancross.downstream.pointgroup.clustering import clusters
from gaussrep_gaussiancross.downstream.proposals import Proposals


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
