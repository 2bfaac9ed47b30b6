"""The `linear-probe` evaluation: a linear classifier on frozen embeddings."""

import torch
from einops import rearrange, repeat
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from gaussrep.errors import DataError
from gaussrep.evaluation.config import LinearProbeConfig
from gaussrep.evaluation.evaluation import Evaluation, Scores, name_of
from gaussrep.evaluation.features import Features, labeled_features
from gaussrep.methods.method import Method
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


FEWEST = 3
"""Training samples: one to choose the learning rate on, two for a batch norm."""


class LinearProbe(Evaluation):
    """Trains a linear classifier on frozen, pooled embeddings.

    As in MAE (arXiv 2111.06377, appendix A.1) a batch norm without affine parameters comes before
    the linear layer, and nothing decays. Ours are the optimizer (SGD with momentum and a cosine to
    zero; MAE takes LARS with warm-up), that pictures are not augmented, so that they are embedded
    once, and the choice of the learning rate: each is tried on a random part of the *training*
    split, and the one that does best on the rest of it is used on all of it.

    Args:
        config: Its settings.
    """

    config: LinearProbeConfig

    def measure(self, method: Method) -> Scores:
        """Give `top1` on the validation split."""
        features = labeled_features(method, self.config)
        if (found := len(features.train.labels)) < FEWEST:
            raise DataError(
                f"the training split holds {found} samples, too few for a linear probe; "
                f"add pictures until there are {FEWEST}"
            )
        lr, tried = self._best_lr(features.train, features.classes)
        heads = self._fitted(features.train, features.classes, (lr,))
        top1 = accuracies(heads, features.val)[0].item()
        facts = {"lr": lr, "held_out_top1": tried, **features.facts}
        return Scores({name_of(method): {"top1": top1}}, facts)

    def _best_lr(self, train: Features, classes: int) -> tuple[float, dict[str, float]]:
        count, lrs = len(train.labels), self.config.lrs
        held_out = min(max(1, round(self.config.held_out * count)), count - 2)
        order = torch.randperm(count).to(train.labels.device)
        heads = self._fitted(train.at(order[held_out:]), classes, lrs)
        reached = accuracies(heads, train.at(order[:held_out])).tolist()
        tried = {f"{lr:g}": top1 for lr, top1 in zip(lrs, reached, strict=True)}
        return lrs[reached.index(max(reached))], tried

    def _fitted(self, train: Features, classes: int, lrs: tuple[float, ...]) -> Heads:
        with torch.enable_grad():
            heads = Heads(train.pooled.shape[1], classes, len(lrs)).to(train.pooled.device)
            fit(heads, train, lrs, epochs=self.config.epochs, batch=self.config.head_batch)
        return heads.eval()
