"""`edges`: zero-shot boundaries from the layers, scored by BSDS500's benchmark."""

import numpy as np
import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor

from gaussrep import build
from gaussrep.data import SampleKey
from gaussrep.errors import DataError
from gaussrep.evaluation import Evaluation, Scores
from gaussrep.methods import Method
from gaussrep_gmae import boundaries
from gaussrep_gmae.evaluations.config import EdgesConfig
from gaussrep_gmae.layers import (
    color_gradient,
    discontinuities,
    edges,
    layer_map,
    sliding_window_inference,
)
from gaussrep_gmae.method import GMAE, require_gmae

Strength = Float[np.ndarray, "_ _"]

IMAGE_SMOOTHING = 3.0
"""Standard deviation in pixels; every fifth image of train scores alike from 3 to 4, and less
below."""


class ZeroShotEdges(Evaluation):
    """Boundary strengths of images of any size, scored against human annotations.

    The method's row is `gaussrep_gmae.layers.edges`, joined from overlapping windows, smoothed, and
    thinned to its crests. Two more rows are processed in the same way: the discontinuities of the
    paper's layer map, and the color gradient of the full reconstruction, which shows how much is
    due to the layers. The other rows are computed from the image itself: the same gradient of
    its smoothed pixels, which shows how much is due to the model, Sobel and Canny. Neither the
    method nor any row is trained on annotations; smoothing and scales were chosen on images of
    BSDS500's train split.

    Args:
        config: Settings of the evaluation.
    """

    config: EdgesConfig

    def measure(self, method: Method) -> Scores:
        """Compute `ods`, `ois` and `ap` of BSDS500's benchmark.

        Args:
            method: A trained GMAE.

        Returns:
            Scores from 0 to 1.

        Raises:
            DataError: The data set has no annotated boundaries.
        """
        model = require_gmae(method)
        dataset = build("datasets", self.config.data, split="val")
        chosen = self.config.chosen(len(dataset))
        strengths: dict[str, list[Strength]] = {}
        annotations = []
        for index in chosen:
            sample = dataset[SampleKey(index)]
            if "boundaries" not in sample:
                raise DataError(
                    f"data set {self.config.data.type!r} has no annotated boundaries; "
                    "data.type=bsds500 data.root=FOLDER has."
                )
            annotations.append(sample["boundaries"].numpy())
            image = sample["image"].to(method.device)
            for row, strength in self._strengths(model, image, method.name).items():
                strengths.setdefault(row, []).append(strength)
        rows = {row: self._score(maps, annotations) for row, maps in strengths.items()}
        return Scores(rows, {"samples": len(chosen)})

    def _score(self, maps: list[Strength], annotations: list[np.ndarray]) -> dict[str, float]:
        scores = boundaries.score_boundaries(
            maps,
            annotations,
            thresholds=self.config.thresholds,
            processes=max(1, self.config.num_workers),
        )
        return {"ods": scores.ods, "ois": scores.ois, "ap": scores.ap}

    @torch.no_grad()
    def _strengths(
        self, model: GMAE, image: Float[Tensor, "3 h w"], name: str
    ) -> dict[str, Strength]:
        config, size = self.config, model.config.image_size

        def predictor(windows: Tensor) -> Tensor:
            gaussians = model.gaussians({"image": windows})
            labels = layer_map(
                gaussians, config.layers, config.change_threshold, size, model.background
            )
            rendered = rearrange(model.render(gaussians).color[:, 0], "b h w c -> b c h w")
            strength = edges(gaussians, config.layers, size)
            steps = discontinuities(labels) / config.layers
            return torch.stack([strength, steps, color_gradient(rendered)], dim=1)

        stride = max(1, round(config.stride * size))
        maps = sliding_window_inference(
            image, predictor, size, stride, config.scales, config.batch_size
        )
        names = (name, "discontinuities of the layer map", "gradient of the reconstruction")
        smooth = smooth_maps(maps.cpu().numpy(), config.smoothing)
        pixels = image.cpu().numpy()
        return {row: thin(each) for row, each in zip(names, smooth, strict=True)} | {
            "gradient of the image": thin(image_gradient(pixels)),
            "sobel": boundaries.sobel(pixels),
            "canny": boundaries.canny(pixels),
        }


def image_gradient(image: Float[np.ndarray, "3 h w"]) -> Strength:
    """Compute the `color_gradient` of a smoothed image.

    Args:
        image: RGB in [0, 1].

    Returns:
        Gradient magnitude per pixel.
    """
    smooth = torch.from_numpy(smooth_maps(image, IMAGE_SMOOTHING))
    return color_gradient(smooth[None])[0].numpy()


def smooth_maps(maps: Float[np.ndarray, "c h w"], sigma: float) -> Float[np.ndarray, "c h w"]:
    """Smooth each map by a Gaussian filter, in double precision.

    Args:
        maps: Any maps.
        sigma: Standard deviation in pixels.

    Returns:
        Smoothed maps, float64.
    """
    from scipy.ndimage import gaussian_filter

    return gaussian_filter(maps.astype(np.float64), (0, sigma, sigma))


def thin(strength: Strength) -> Strength:
    """Thin a strength map and take its fourth root: most edges are weak, thresholds evenly spaced.

    Args:
        strength: Edge strength, >= 0.

    Returns:
        Thinned strength in [0, 1].
    """
    return boundaries.thin_strength(strength).clip(0, 1) ** 0.25
