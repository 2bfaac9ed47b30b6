"""`depth-order`: how often the nearer of two pixels is found."""

from collections import defaultdict

import torch
from jaxtyping import Bool, Float
from torch import Tensor

import gaussrep as gr
from gaussrep.building import build
from gaussrep.data.sample import SampleKey
from gaussrep.errors import DataError
from gaussrep.evaluation.evaluation import Evaluation, Scores, name_of
from gaussrep.evaluation.features import chosen_samples, device_of
from gaussrep.gaussians import Gaussians
from gaussrep.methods.method import Batch, Method
from gaussrep_gmae.camera import canonical_camera
from gaussrep_gmae.evaluations.config import DepthOrderConfig
from gaussrep_gmae.evaluations.gmae_of import gmae_of
from gaussrep_gmae.layers import depth_map, look_at_photograph
from gaussrep_gmae.method import GMAE


class DepthOrder(Evaluation):
    """Share of random pairs of pixels of which the right one is said to be nearer.

    Pictures are reduced or enlarged until their shorter side is the model's, and looked at through
    windows. The other rows know nothing of depth: what is lower in the picture is nearer; what is
    said by smaller Gaussians is nearer; chance.

    Args:
        config: Its settings.
    """

    config: DepthOrderConfig

    def measure(self, method: Method) -> Scores:
        """Give `right`, the share of pairs, in [0, 1]; equal estimates count half."""
        model, name = gmae_of(method), name_of(method)
        dataset = build("datasets", self.config.data, split="val")
        found: dict[str, list[float]] = defaultdict(list)
        for index in chosen_samples(len(dataset), self.config):
            sample = {k: v.to(device_of(method)) for k, v in dataset[SampleKey(index)].items()}
            truth, known = depth_of(sample, self.config.data.type)
            pairs = self._draw_pairs(truth, known)
            if pairs.shape[1] == 0:
                continue
            for row, estimate in self._estimates(model, sample["image"], name).items():
                found[row].append(right_share(estimate, truth, pairs))
        if not found:
            raise DataError("no image has two pixels of clearly different depth; lower `least`.")
        rows = {row: {"right": sum(shares) / len(shares)} for row, shares in found.items()}
        return Scores({**rows, "chance": {"right": 0.5}}, {"samples": len(found[name])})

    def _draw_pairs(self, truth: Float[Tensor, "h w"], known: Bool[Tensor, "h w"]) -> Tensor:
        """Flat indices of pairs that differ clearly, [2, pairs]."""
        places = known.flatten().nonzero().squeeze(1)
        chosen = torch.randint(len(places), (2, self.config.pairs), device=places.device)
        pairs = places[chosen]
        depths = truth.flatten()
        limits = depths[places].aminmax()
        least = self.config.least * (limits.max - limits.min)
        difference = (depths[pairs[0]] - depths[pairs[1]]).abs()
        return pairs[:, (difference >= least) & (difference > 0)]

    @torch.no_grad()
    def _estimates(
        self, model: GMAE, image: Float[Tensor, "3 h w"], name: str
    ) -> dict[str, Float[Tensor, "h w"]]:
        size = model.config.image_size

        def look(windows: Tensor) -> Tensor:
            gaussians = model.gaussians({"image": windows})
            return torch.stack([depth_map(gaussians, size), size_map(gaussians, size)], dim=1)

        height, width = image.shape[1:]
        stride = max(1, round(self.config.stride * size))
        fit = size / min(height, width)
        batch_size = self.config.batch_size
        depth, apparent = look_at_photograph(image, look, size, stride, [fit], batch_size)
        rows = torch.arange(height, device=image.device).to(depth)
        return {
            name: depth,
            "smaller Gaussians nearer": apparent,
            "lower in the image nearer": -rows[:, None].expand(height, width),
        }


def depth_of(sample: Batch, name: str) -> tuple[Float[Tensor, "h w"], Bool[Tensor, "h w"]]:
    """Take the true depth of a sample.

    Args:
        sample: `depth`, larger is farther; or `disparity`, larger is nearer, and `valid`.
        name: Of the data set, for the message.

    Returns:
        Numbers that rise with depth, and where they are known.

    Raises:
        DataError: It has neither.
    """
    if "depth" in sample:
        return sample["depth"], torch.ones_like(sample["depth"], dtype=torch.bool)
    if "disparity" in sample:
        return -sample["disparity"], sample["valid"]
    raise DataError(f"data set {name!r} does not say how far things are; data.type=shapes does.")


def right_share(
    estimate: Float[Tensor, "h w"], truth: Float[Tensor, "h w"], pairs: Tensor
) -> float:
    """Share of pairs that an estimate orders as the truth does.

    Args:
        estimate: Rises with depth.
        truth: Rises with depth.
        pairs: Flat indices of pixels, [2, pairs], of different truth.

    Returns:
        From 0 to 1; equal estimates count half.
    """
    said, true = (values.flatten()[pairs].diff(dim=0).sign() for values in (estimate, truth))
    return ((1 + said * true) / 2).mean().item()


def size_map(gaussians: Gaussians, size: int) -> Float[Tensor, "b size size"]:
    """Apparent size of the Gaussians that each pixel shows.

    Args:
        gaussians: Gaussians of a batch of images, [B, K].
        size: Side of the map in pixels.

    Returns:
        Expected geometric mean of the three standard deviations; 0 where there are none.
    """
    sizes = gaussians.scales.log().mean(dim=-1).exp()[..., None]
    camera = canonical_camera(len(sizes), size, gaussians.device)
    drawn = gr.render(gaussians.replace(features=sizes), camera)
    assert drawn.features is not None
    return drawn.features[:, 0, ..., 0] / drawn.alpha[:, 0].clamp_min(1e-6)
