"""`depth-order`: accuracy of the depth order of pairs of pixels."""

from collections import defaultdict

import torch
from jaxtyping import Bool, Float
from torch import Tensor

import gaussrep as gr
from gaussrep import Gaussians, build
from gaussrep.data import SampleKey
from gaussrep.errors import DataError
from gaussrep.evaluation import Evaluation, Scores
from gaussrep.methods import Batch, Method
from gaussrep_gmae.camera import canonical_camera
from gaussrep_gmae.evaluations.config import DepthOrderConfig
from gaussrep_gmae.layers import depth_map, sliding_window_inference
from gaussrep_gmae.method import GMAE, require_gmae


class DepthOrder(Evaluation):
    """Fraction of random pairs of pixels that the rendered depth orders correctly.

    Images are resized until their shorter side is the model's and evaluated by sliding windows. The
    other rows are baselines without depth: pixels lower in the image are nearer; pixels of smaller
    Gaussians are nearer; chance.

    Args:
        config: Settings of the evaluation.
    """

    config: DepthOrderConfig

    def measure(self, method: Method) -> Scores:
        """Compute `accuracy`, the fraction of pairs ordered correctly.

        Args:
            method: A trained GMAE.

        Returns:
            Accuracies in [0, 1], averaged over images; equal estimates count half.

        Raises:
            DataError: No image has two pixels of clearly different depth.
        """
        model, name = require_gmae(method), method.name
        dataset = build("datasets", self.config.data, split="val")
        accuracies: dict[str, list[float]] = defaultdict(list)
        for index in self.config.chosen(len(dataset)):
            sample = {k: v.to(method.device) for k, v in dataset[SampleKey(index)].items()}
            truth, known = true_depth(sample, self.config.data.type)
            pairs = self._draw_pairs(truth, known)
            if pairs.shape[1] == 0:
                continue
            for row, estimate in self._estimates(model, sample["image"], name).items():
                accuracies[row].append(ordinal_accuracy(estimate, truth, pairs))
        if not accuracies:
            raise DataError(
                "no image has two pixels of clearly different depth; lower `min_difference`."
            )
        rows = {row: {"accuracy": sum(each) / len(each)} for row, each in accuracies.items()}
        return Scores({**rows, "chance": {"accuracy": 0.5}}, {"samples": len(accuracies[name])})

    def _draw_pairs(self, truth: Float[Tensor, "h w"], known: Bool[Tensor, "h w"]) -> Tensor:
        """Draw flat indices of pairs whose depths clearly differ, [2, pairs]."""
        places = known.flatten().nonzero().squeeze(1)
        chosen = torch.randint(len(places), (2, self.config.pairs), device=places.device)
        pairs = places[chosen]
        depths = truth.flatten()
        limits = depths[places].aminmax()
        smallest = self.config.min_difference * (limits.max - limits.min)
        difference = (depths[pairs[0]] - depths[pairs[1]]).abs()
        return pairs[:, (difference >= smallest) & (difference > 0)]

    @torch.no_grad()
    def _estimates(
        self, model: GMAE, image: Float[Tensor, "3 h w"], name: str
    ) -> dict[str, Float[Tensor, "h w"]]:
        size = model.config.image_size

        def predictor(windows: Tensor) -> Tensor:
            gaussians = model.gaussians({"image": windows})
            return torch.stack([depth_map(gaussians, size), size_map(gaussians, size)], dim=1)

        height, width = image.shape[1:]
        stride = max(1, round(self.config.stride * size))
        scale = size / min(height, width)
        depth, apparent_size = sliding_window_inference(
            image, predictor, size, stride, [scale], self.config.batch_size
        )
        rows = torch.arange(height, device=image.device).to(depth)
        return {
            name: depth,
            "smaller Gaussians nearer": apparent_size,
            "lower in the image nearer": -rows[:, None].expand(height, width),
        }


def true_depth(sample: Batch, name: str) -> tuple[Float[Tensor, "h w"], Bool[Tensor, "h w"]]:
    """Return the true depth of a sample.

    Args:
        sample: `depth`, larger is farther; or `disparity`, larger is nearer, and `valid`.
        name: Name of the data set, for the message.

    Returns:
        Numbers that rise with depth, and the mask of the pixels where they are known.

    Raises:
        DataError: It has neither.
    """
    if "depth" in sample:
        return sample["depth"], torch.ones_like(sample["depth"], dtype=torch.bool)
    if "disparity" in sample:
        return -sample["disparity"], sample["valid"]
    raise DataError(f"data set {name!r} has no depth or disparity; data.type=shapes has.")


def ordinal_accuracy(
    estimate: Float[Tensor, "h w"], truth: Float[Tensor, "h w"], pairs: Tensor
) -> float:
    """Compute the fraction of pairs that an estimate orders as the truth does.

    Args:
        estimate: Rises with depth.
        truth: Rises with depth.
        pairs: Flat indices of pixels, [2, pairs], of different truth.

    Returns:
        From 0 to 1; equal estimates count half.
    """
    predicted, true = (values.flatten()[pairs].diff(dim=0).sign() for values in (estimate, truth))
    return ((1 + predicted * true) / 2).mean().item()


def size_map(gaussians: Gaussians, size: int) -> Float[Tensor, "b size size"]:
    """Render the apparent size of the Gaussians at each pixel.

    Args:
        gaussians: Gaussians of a batch of images, [B, K].
        size: Side of the map in pixels.

    Returns:
        Expected geometric mean of the three standard deviations; 0 where there are no Gaussians.
    """
    sizes = gaussians.scales.log().mean(dim=-1).exp()[..., None]
    camera = canonical_camera(len(sizes), size, gaussians.device)
    rendering = gr.render(gaussians.replace(features=sizes), camera)
    assert rendering.features is not None
    return rendering.features[:, 0, ..., 0] / rendering.alpha[:, 0].clamp_min(1e-6)
