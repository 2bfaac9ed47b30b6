"""`figure-ground`: zero-shot segmentation of objects and background."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from gaussrep import build
from gaussrep.errors import DataError
from gaussrep.evaluation import Evaluation, Scores, batches
from gaussrep.methods import Batch, Method
from gaussrep_gmae.evaluations.config import FigureGroundConfig
from gaussrep_gmae.layers.figure import NUM_CLUSTERS, figure_mask, pixel_figure
from gaussrep_gmae.method import GMAE, require_gmae

SIDES = ("depth, near side", "depth, far side")


class FigureGround(Evaluation):
    """Intersection over union of figure masks, without training on figures.

    The method's row clusters Gaussians by color and takes the cluster that covers most of the
    border as the ground. Rows named after depth cut the depth order instead; the better of both
    sides is an oracle, which uses the truth. `pixel colors` applies the method's rule to the
    image's pixels, without Gaussians. The trivial rows predict figure everywhere, or the image's
    inscribed disc.

    Args:
        config: Settings of the evaluation.
    """

    config: FigureGroundConfig

    def measure(self, method: Method) -> Scores:
        """Compute the intersection over union.

        Args:
            method: A trained GMAE.

        Returns:
            `iou`, the mean over images, and `std`, the standard deviation over them.

        Raises:
            DataError: The data set has no figure masks.
        """
        model, name = require_gmae(method), method.name
        dataset = build("datasets", self.config.data, split="val")
        parts: dict[str, list[Tensor]] = {}
        with torch.no_grad():
            for batch in batches(dataset, self.config, method.device):
                if "figure" not in batch:
                    raise DataError(
                        f"data set {self.config.data.type!r} has no figure masks; "
                        "data.type=shapes has."
                    )
                for row, masks in _masks(model, batch, name).items():
                    parts.setdefault(row, []).append(iou(masks > 0.5, batch["figure"]))
        scores = {row: torch.cat(each) for row, each in parts.items()}
        scores["depth, better side (oracle)"] = torch.maximum(*(scores[side] for side in SIDES))
        rows = {row: {"iou": _mean(x), "std": _std(x)} for row, x in scores.items()}
        facts = {"samples": len(scores[name]), "rule": "clusters", "clusters": NUM_CLUSTERS}
        return Scores(rows, facts)


def iou(prediction: Bool[Tensor, "b h w"], figure: Bool[Tensor, "b h w"]) -> Float[Tensor, " b"]:
    """Compute the intersection over union.

    Args:
        prediction: Predicted masks.
        figure: True masks.

    Returns:
        From 0 to 1, one number per image; 1 if both are empty.
    """
    both, either = (prediction & figure).sum((1, 2)), (prediction | figure).sum((1, 2))
    return torch.where(either == 0, 1.0, both / either.clamp_min(1))


def _masks(model: GMAE, batch: Batch, name: str) -> dict[str, Float[Tensor, "b h w"]]:
    gaussians, size = model.gaussians(batch), model.config.image_size
    everywhere = torch.ones_like(batch["image"][:, 0])
    near, far = SIDES
    return {
        name: figure_mask(gaussians, "clusters", size),
        "depth, border rule": figure_mask(gaussians, "border", size),
        near: figure_mask(gaussians, "near", size),
        far: figure_mask(gaussians, "far", size),
        "pixel colors": pixel_figure(batch["image"]),
        "all figure": everywhere,
        "center disc": everywhere * _disc(size).to(everywhere),
    }


def _disc(size: int) -> Bool[Tensor, "s s"]:
    from_center = torch.arange(size) + 0.5 - size / 2
    return torch.hypot(from_center[:, None], from_center) <= size / 2


def _mean(values: Float[Tensor, " n"]) -> float:
    return values.mean().item()


def _std(values: Float[Tensor, " n"]) -> float:
    return values.std(correction=0).item()
