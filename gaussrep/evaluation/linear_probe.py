"""The `linear-probe` evaluation: a linear classifier on frozen embeddings."""

import torch
from einops import rearrange, repeat
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from gaussrep.errors import DataError
from gaussrep.evaluation.config import LinearProbeConfig
from gaussrep.evaluation.evaluation import Evaluation, Scores
from gaussrep.evaluation.features import Features, labeled_features
from gaussrep.methods.method import Method
from gaussrep.training.optimization import warmup_cosine

MOMENTUM = 0.9
"""Momentum of SGD, as in most linear probes."""
START = 0.01
"""Standard deviation of the initial weights (MAE's code)."""
EPS = 1e-6
"""Epsilon of the batch norm before the classifiers (MAE's code)."""
ROWS = 2**14
"""Number of features that are classified at a time."""


class Heads(nn.Module):
    """Independent linear classifiers on the same normalized features.

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
        """Compute the class scores of each classifier.

        Args:
            features: One row per sample.

        Returns:
            Logits.
        """
        scores = self.linear(self.norm(features))
        return rearrange(scores, "b (heads classes) -> b heads classes", heads=self.count)


def train_heads(
    heads: Heads, train: Features, lrs: tuple[float, ...], *, epochs: int, batch: int
) -> None:
    """Train each classifier at a learning rate of its own, by SGD on the cross entropy.

    Args:
        heads: Classifiers, trained in place.
        train: At least two samples; each pass is shuffled by the global generator.
        lrs: Learning rate of each, at the start of a cosine to zero.
        epochs: Passes.
        batch: Features per step; the rest of a pass after its last full step is dropped.
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
    """Compute the accuracy of each classifier.

    Args:
        heads: Classifiers, in evaluation mode.
        features: Samples with labels.

    Returns:
        Fractions of samples whose class is predicted.
    """
    predictions = [heads(part).argmax(dim=-1) for part in features.pooled.split(ROWS)]
    return (torch.cat(predictions) == features.labels[:, None]).float().mean(dim=0)


def _losses(heads: Heads, features: Features) -> Float[Tensor, " heads"]:
    scores = rearrange(heads(features.pooled), "b heads classes -> (b heads) classes")
    labels = repeat(features.labels, "b -> (b heads)", heads=heads.count)
    losses = functional.cross_entropy(scores, labels, reduction="none")
    return rearrange(losses, "(b heads) -> b heads", heads=heads.count).mean(dim=0)


MIN_SAMPLES = 3
"""Smallest number of training samples: one to choose the learning rate, two for a batch norm."""


class LinearProbe(Evaluation):
    """Trains a linear classifier on frozen, pooled embeddings.

    As in MAE (arXiv 2111.06377, appendix A.1) a batch norm without affine parameters comes before
    the linear layer, and there is no weight decay. Design choices: the optimizer is SGD with
    momentum and a cosine to zero (MAE: LARS with warm-up); images are not augmented, so that they
    are embedded once; the learning rate is chosen by training on a random part of the *training*
    split and testing on the rest of it.

    Args:
        config: Its settings.
    """

    config: LinearProbeConfig

    def measure(self, method: Method) -> Scores:
        """Compute `top1` on the validation split.

        Args:
            method: One that embeds.

        Returns:
            One row.

        Raises:
            DataError: The data set has no classes, or too few training samples.
            CapabilityError: The method does not embed.
        """
        features = labeled_features(method, self.config)
        if (found := len(features.train.labels)) < MIN_SAMPLES:
            raise DataError(
                f"the training split holds {found} samples, too few for a linear probe; "
                f"add images until there are {MIN_SAMPLES}"
            )
        lr, tried = self._choose_lr(features.train, features.classes)
        heads = self._fit(features.train, features.classes, (lr,))
        top1 = accuracies(heads, features.val)[0].item()
        facts = {"lr": lr, "held_out_top1": tried, **features.facts}
        return Scores({method.name: {"top1": top1}}, facts)

    def _choose_lr(self, train: Features, classes: int) -> tuple[float, dict[str, float]]:
        count, lrs = len(train.labels), self.config.lrs
        held_out = min(max(1, round(self.config.held_out * count)), count - 2)
        order = torch.randperm(count).to(train.labels.device)
        heads = self._fit(train.at(order[held_out:]), classes, lrs)
        reached = accuracies(heads, train.at(order[:held_out])).tolist()
        tried = {f"{lr:g}": top1 for lr, top1 in zip(lrs, reached, strict=True)}
        return lrs[reached.index(max(reached))], tried

    def _fit(self, train: Features, classes: int, lrs: tuple[float, ...]) -> Heads:
        with torch.enable_grad():
            heads = Heads(train.pooled.shape[1], classes, len(lrs)).to(train.pooled.device)
            train_heads(heads, train, lrs, epochs=self.config.epochs, batch=self.config.head_batch)
        return heads.eval()
