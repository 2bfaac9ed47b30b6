"""Linear classifiers on features that were made once."""

import torch
from einops import rearrange, repeat
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from gaussrep.evaluation.features import Features
from gaussrep.training.optimization import warmup_cosine

MOMENTUM = 0.9
"""Of SGD, as in most linear probes."""
START = 0.01
"""Standard deviation of the first weights (MAE's code)."""
EPS = 1e-6
"""Of the batch norm before the classifiers (MAE's code)."""
ROWS = 2**14
"""Features that are classified at a time."""


class Heads(nn.Module):
    """Linear classifiers beside each other, which see the same normalized features.

    Args:
        width: Length of a feature.
        classes: Number of classes.
        count: Number of classifiers.
    """

    def __init__(self, width: int, classes: int, count: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(width, eps=EPS, affine=False)
        self.linear = nn.Linear(width, count * classes)
        self.count = count
        nn.init.normal_(self.linear.weight, std=START)
        nn.init.zeros_(self.linear.bias)

    def forward(self, features: Float[Tensor, "b d"]) -> Float[Tensor, "b heads classes"]:
        """Class scores of each classifier."""
        scores = self.linear(self.norm(features))
        return rearrange(scores, "b (heads classes) -> b heads classes", heads=self.count)


def fit(heads: Heads, train: Features, lrs: tuple[float, ...], *, epochs: int, batch: int) -> None:
    """Train each classifier at a learning rate of its own, by SGD on the cross entropy.

    Args:
        heads: Classifiers, trained in place.
        train: What they learn from, at least two; each pass is shuffled by the global generator.
        lrs: Learning rate of each, at the start of a cosine to zero.
        epochs: Passes.
        batch: Features per step; what is left of a pass after its last full step is dropped.
    """
    batch = min(batch, len(train.labels))
    per_epoch = len(train.labels) // batch
    rates = torch.tensor(lrs, device=train.labels.device)
    optimizer = torch.optim.SGD(heads.parameters(), lr=0.0, momentum=MOMENTUM)
    for epoch in range(epochs):
        order = torch.randperm(len(train.labels)).to(train.labels.device)
        for number, chosen in enumerate(order[: per_epoch * batch].split(batch)):
            step = epoch * per_epoch + number
            factor = warmup_cosine(step, steps=epochs * per_epoch, warmup=0, floor=0.0)
            optimizer.param_groups[0]["lr"] = factor
            optimizer.zero_grad()
            # SGD is linear in the gradient: a loss times a rate is that loss at that rate.
            (_losses(heads, train.at(chosen)) @ rates).backward()
            optimizer.step()


@torch.no_grad()
def accuracies(heads: Heads, features: Features) -> Float[Tensor, " heads"]:
    """Share of samples that each classifier gives their own class.

    Args:
        heads: Classifiers, in evaluation mode.
        features: Samples whose classes are known.
    """
    guesses = [heads(part).argmax(dim=-1) for part in features.pooled.split(ROWS)]
    return (torch.cat(guesses) == features.labels[:, None]).float().mean(dim=0)


def _losses(heads: Heads, features: Features) -> Float[Tensor, " heads"]:
    scores = rearrange(heads(features.pooled), "b heads classes -> (b heads) classes")
    labels = repeat(features.labels, "b -> (b heads)", heads=heads.count)
    losses = functional.cross_entropy(scores, labels, reduction="none")
    return rearrange(losses, "(b heads) -> b heads", heads=heads.count).mean(dim=0)
