"""`figure-ground`: how well the Gaussians tell objects from what is behind them."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from gaussrep.building import build
from gaussrep.errors import DataError
from gaussrep.evaluation.evaluation import Evaluation, Scores, name_of
from gaussrep.evaluation.features import batches, device_of
from gaussrep.methods.method import Batch, Method
from gaussrep_gmae.evaluations.config import FigureGroundConfig
from gaussrep_gmae.evaluations.gmae_of import gmae_of
from gaussrep_gmae.layers.figure import figure_mask
from gaussrep_gmae.layers.ground import SURFACES
from gaussrep_gmae.layers.pixel_figure import pixel_figure
from gaussrep_gmae.method import GMAE

SIDES = ("depth, near side", "depth, far side")


class FigureGround(Evaluation):
    """Intersection over union of figures, found with nothing learned about figures.

    The method's row groups Gaussians by color and takes the group that touches the border most for
    the ground. Rows named after depth cut the depth order instead; the better of both sides is an
    oracle, which knows the truth. `pixel colors` applies the method's rule to the image's pixels,
    without any Gaussians. The trivial rows call everything figure, or the picture's inscribed disc.

    Args:
        config: Its settings.
    """

    config: FigureGroundConfig

    def measure(self, method: Method) -> Scores:
        """Give `iou`, its mean over images, and `std`, its standard deviation over them."""
        model, name = gmae_of(method), name_of(method)
        dataset = build("datasets", self.config.data, split="val")
        found: dict[str, list[Tensor]] = {}
        with torch.no_grad():
            for batch in batches(dataset, self.config, device_of(method)):
                if "figure" not in batch:
                    raise DataError(
                        f"data set {self.config.data.type!r} does not say what is figure; "
                        "data.type=shapes does."
                    )
                for row, masks in _masks(model, batch, name).items():
                    found.setdefault(row, []).append(iou(masks > 0.5, batch["figure"]))
        scores = {row: torch.cat(parts) for row, parts in found.items()}
        scores["depth, better side (oracle)"] = torch.maximum(*(scores[side] for side in SIDES))
        rows = {row: {"iou": _mean(x), "std": _std(x)} for row, x in scores.items()}
        return Scores(rows, {"samples": len(scores[name]), "rule": "surfaces", "groups": SURFACES})


def iou(said: Bool[Tensor, "b h w"], figure: Bool[Tensor, "b h w"]) -> Float[Tensor, " b"]:
    """Intersection over union.

    Args:
        said: What is taken for figure.
        figure: The truth.

    Returns:
        From 0 to 1, one number per image; 1 where both are empty.
    """
    both, either = (said & figure).sum((1, 2)), (said | figure).sum((1, 2))
    return torch.where(either == 0, 1.0, both / either.clamp_min(1))


def _masks(model: GMAE, batch: Batch, name: str) -> dict[str, Float[Tensor, "b h w"]]:
    gaussians, size = model.gaussians(batch), model.config.image_size
    everything = torch.ones_like(batch["image"][:, 0])
    near, far = SIDES
    return {
        name: figure_mask(gaussians, "surfaces", size),
        "depth, border rule": figure_mask(gaussians, "border", size),
        near: figure_mask(gaussians, "near", size),
        far: figure_mask(gaussians, "far", size),
        "pixel colors": pixel_figure(batch["image"]),
        "all figure": everything,
        "center disc": everything * _disc(size).to(everything),
    }


def _disc(size: int) -> Bool[Tensor, "s s"]:
    from_center = torch.arange(size) + 0.5 - size / 2
    return torch.hypot(from_center[:, None], from_center) <= size / 2


def _mean(values: Float[Tensor, " n"]) -> float:
    return values.mean().item()


def _std(values: Float[Tensor, " n"]) -> float:
    return values.std(correction=0).item()
