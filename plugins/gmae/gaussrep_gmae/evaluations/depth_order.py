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
from gaussrep_gmae.evaluations.depth_baselines import (
    DepthBaselines,
    contact_pairs,
    on_two_objects,
)
from gaussrep_gmae.layers import depth_map, sliding_window_inference
from gaussrep_gmae.method import GMAE, require_gmae

CONTACT = 4
"""Pixels between the two of a pair across a contour: two on either side (design choice)."""

Rows = dict[str, dict[str, list[float]]]


class DepthOrder(Evaluation):
    """Fraction of pairs of pixels that the rendered depth orders correctly.

    Images are resized until their shorter side is the model's and evaluated by sliding windows.
    If the data set has an `order` of layers, random pairs are also scored apart by what they
    show: an object and the background; two objects; and all pairs of two objects that are `CONTACT`
    pixels apart across their contour, which is all that a single image can decide.

    The other rows are baselines. Pixels of smaller Gaussians are nearer; the rest needs no model,
    see `DepthBaselines`. A perfect figure mask has no order of objects: a method that orders
    objects exceeds it.

    Args:
        config: Settings of the evaluation.
    """

    config: DepthOrderConfig

    def measure(self, method: Method) -> Scores:
        """Compute the fractions of pairs ordered correctly.

        Args:
            method: A trained GMAE.

        Returns:
            `accuracy` over all random pairs and, if the layers are known, `object_background`,
            `object_object` and `across_contour`: in [0, 1], averaged over the images that have such
            pairs; equal estimates count half.

        Raises:
            DataError: No image has two pixels of clearly different depth.
        """
        model, name = require_gmae(method), method.name
        dataset = build("datasets", self.config.data, split="val")
        baselines, found = self._baselines(method), _empty_rows()
        for index in self.config.chosen(len(dataset)):
            sample = {k: v.to(method.device) for k, v in dataset[SampleKey(index)].items()}
            truth, known = true_depth(sample, self.config.data.type)
            pairs = self._draw_pairs(sample, truth, known)
            if "accuracy" not in pairs:
                continue
            predicted = self._estimates(model, sample["image"], name)
            for row, estimate in {**predicted, **baselines.estimates(sample)}.items():
                for column, chosen in pairs.items():
                    found[row][column].append(ordinal_accuracy(estimate, truth, chosen))
        if not found:
            raise DataError(
                "no image has two pixels of clearly different depth; lower `min_difference`."
            )
        rows = {
            row: {column: sum(each) / len(each) for column, each in columns.items()}
            for row, columns in found.items()
        }
        samples = {column: len(each) for column, each in found[name].items()}
        chance = dict.fromkeys(rows[name], 0.5)
        facts = {"samples": samples["accuracy"], "samples_by_column": samples}
        return Scores({**rows, "chance": chance}, facts)

    def _baselines(self, method: Method) -> DepthBaselines:
        training = build("datasets", self.config.data, split="train")
        count = min(self.config.training_images, len(training))
        images = (training[SampleKey(index)]["image"] for index in range(count))
        return DepthBaselines(image.to(method.device) for image in images)

    def _draw_pairs(
        self, sample: Batch, truth: Float[Tensor, "h w"], known: Bool[Tensor, "h w"]
    ) -> dict[str, Tensor]:
        """Draw flat indices of pairs whose depths clearly differ, [2, pairs], by column."""
        places = known.flatten().nonzero().squeeze(1)
        chosen = torch.randint(len(places), (2, self.config.pairs), device=places.device)
        depths = truth.flatten()
        limits = depths[places].aminmax()
        smallest = self.config.min_difference * (limits.max - limits.min)

        def distinct(pairs: Tensor) -> Tensor:
            difference = (depths[pairs[0]] - depths[pairs[1]]).abs()
            return pairs[:, (difference >= smallest) & (difference > 0)]

        pairs = distinct(places[chosen])
        columns = {"accuracy": pairs}
        if "order" in sample:
            order = sample["order"]
            first, second = order.flatten()[pairs]
            columns["object_background"] = pairs[:, (first == 0) != (second == 0)]
            columns["object_object"] = pairs[:, on_two_objects(order, pairs)]
            columns["across_contour"] = distinct(contact_pairs(order, CONTACT))
        return {column: pairs for column, pairs in columns.items() if pairs.shape[1]}

    @torch.no_grad()
    def _estimates(
        self, model: GMAE, image: Float[Tensor, "3 h w"], name: str
    ) -> dict[str, Float[Tensor, "h w"]]:
        size = model.config.image_size

        def predictor(windows: Tensor) -> Tensor:
            gaussians = model.gaussians({"image": windows})
            return torch.stack([depth_map(gaussians, size), size_map(gaussians, size)], dim=1)

        stride = max(1, round(self.config.stride * size))
        scale = size / min(image.shape[1:])
        depth, apparent_size = sliding_window_inference(
            image, predictor, size, stride, [scale], self.config.batch_size
        )
        return {name: depth, "smaller Gaussians nearer": apparent_size}


def _empty_rows() -> Rows:
    return defaultdict(lambda: defaultdict(list))


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
