"""`linear-probe`: how well a linear classifier does on frozen embeddings."""

import torch

from gaussrep.errors import DataError
from gaussrep.evaluation.config import LinearProbeConfig
from gaussrep.evaluation.evaluation import Evaluation, Scores, name_of
from gaussrep.evaluation.features import Features, labeled_features
from gaussrep.evaluation.heads import Heads, accuracies, fit
from gaussrep.methods.method import Method

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
