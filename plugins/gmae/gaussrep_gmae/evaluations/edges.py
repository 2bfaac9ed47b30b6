"""`edges`: boundaries found by the layers, by BSDS500's benchmark."""

import numpy as np
import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor

from gaussrep.building import build
from gaussrep.data.sample import SampleKey
from gaussrep.errors import DataError
from gaussrep.evaluation.boundaries import canny, score_boundaries, sobel, thin_strength
from gaussrep.evaluation.evaluation import Evaluation, Scores, name_of
from gaussrep.evaluation.features import chosen_samples, device_of
from gaussrep.methods.method import Method
from gaussrep_gmae.evaluations.config import EdgesConfig
from gaussrep_gmae.evaluations.gmae_of import gmae_of
from gaussrep_gmae.layers import edges, jumps, layer_map, look_at_photograph
from gaussrep_gmae.layers.color_gradient import color_gradient
from gaussrep_gmae.method import GMAE

Strength = Float[np.ndarray, "_ _"]

PHOTOGRAPH_SMOOTHING = 3.0
"""Standard deviation in pixels; every fifth photograph of train scores alike from 3 to 4, below it
less."""


class ZeroShotEdges(Evaluation):
    """Boundary strengths of photographs of any size, scored against annotators.

    The method's row is `gaussrep_gmae.layers.edges`, joined from overlapping windows, smoothed,
    thinned to its crests. Two more rows go the same way: the jumps of the paper's layer map, and
    the color gradient of the full reconstruction, which shows how much is due to the layers. The
    other rows look at the photograph itself: the same gradient of its smoothed pixels, which shows
    how much is due to the model, Sobel and Canny. Neither the method nor any row has learned from
    annotations; smoothing and scales were chosen on photographs of BSDS500's train split.

    Args:
        config: Its settings.
    """

    config: EdgesConfig

    def measure(self, method: Method) -> Scores:
        """Give `ods`, `ois` and `ap` of BSDS500's benchmark, all from 0 to 1."""
        model = gmae_of(method)
        dataset = build("datasets", self.config.data, split="val")
        chosen = chosen_samples(len(dataset), self.config)
        strengths: dict[str, list[Strength]] = {}
        annotations = []
        for index in chosen:
            sample = dataset[SampleKey(index)]
            if "boundaries" not in sample:
                raise DataError(
                    f"data set {self.config.data.type!r} has no boundaries that people drew; "
                    "data.type=bsds500 data.root=FOLDER has."
                )
            annotations.append(sample["boundaries"].numpy())
            image = sample["image"].to(device_of(method))
            for row, strength in self._strengths(model, image, name_of(method)).items():
                strengths.setdefault(row, []).append(strength)
        rows = {row: self._score(maps, annotations) for row, maps in strengths.items()}
        return Scores(rows, {"samples": len(chosen)})

    def _score(self, maps: list[Strength], annotations: list[np.ndarray]) -> dict[str, float]:
        scores = score_boundaries(
            maps,
            annotations,
            thresholds=self.config.thresholds,
            processes=max(1, self.config.workers),
        )
        return {"ods": scores.ods, "ois": scores.ois, "ap": scores.ap}

    @torch.no_grad()
    def _strengths(
        self, model: GMAE, image: Float[Tensor, "3 h w"], name: str
    ) -> dict[str, Strength]:
        config, size = self.config, model.config.image_size

        def look(windows: Tensor) -> Tensor:
            gaussians = model.gaussians({"image": windows})
            numbers = layer_map(
                gaussians, config.layers, config.jump_threshold, size, model.background
            )
            picture = rearrange(model.draw(gaussians).color[:, 0], "b h w c -> b c h w")
            found = edges(gaussians, config.layers, size)
            return torch.stack(
                [found, jumps(numbers) / config.layers, color_gradient(picture)], dim=1
            )

        stride = max(1, round(config.stride * size))
        maps = look_at_photograph(image, look, size, stride, config.scales, config.batch_size)
        names = (name, "jumps of the layer map", "gradient of the reconstruction")
        smooth = smoothed(maps.cpu().numpy(), config.smoothing)
        pixels = image.cpu().numpy()
        return {row: thinned(each) for row, each in zip(names, smooth, strict=True)} | {
            "gradient of the photograph": thinned(gradient_of(pixels)),
            "sobel": sobel(pixels),
            "canny": canny(pixels),
        }


def gradient_of(image: Float[np.ndarray, "3 h w"]) -> Strength:
    """`color_gradient` of a photograph, smoothed before."""
    smooth = torch.from_numpy(smoothed(image, PHOTOGRAPH_SMOOTHING))
    return color_gradient(smooth[None])[0].numpy()


def smoothed(maps: Float[np.ndarray, "c h w"], sigma: float) -> Float[np.ndarray, "c h w"]:
    """Smooth each map by a Gaussian of so many pixels, in double precision."""
    from scipy.ndimage import gaussian_filter

    return gaussian_filter(maps.astype(np.float64), (0, sigma, sigma))


def thinned(strength: Strength) -> Strength:
    """Thin, and take the fourth root: most edges are weak, and thresholds are even."""
    return thin_strength(strength).clip(0, 1) ** 0.25
