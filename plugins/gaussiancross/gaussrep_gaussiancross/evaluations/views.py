"""`views`: quality of rendered views of held-out scenes."""

from collections import defaultdict
from collections.abc import Iterator

import torch
from einops import reduce
from jaxtyping import Float
from torch import Tensor

from gaussrep import build
from gaussrep.errors import CapabilityError
from gaussrep.evaluation import Evaluation, Scores, batches
from gaussrep.methods import Batch, Method
from gaussrep.metrics import psnr
from gaussrep_gaussiancross import losses
from gaussrep_gaussiancross.evaluations.config import ViewsConfig
from gaussrep_gaussiancross.method import GaussianCross
from gaussrep_gaussiancross.scene_batch import cameras_of

BASELINE = "mean color"
UNTRAINED = "untrained"


class RenderedViews(Evaluation):
    """Measure PSNR and depth error of rendered views, from all points of each scene.

    The baselines are the same method with fresh weights, and the mean color of each view.

    Args:
        config: Settings of the evaluation.
    """

    config: ViewsConfig

    def measure(self, method: Method) -> Scores:
        """Measure `psnr`, `depth_error` and `kept_fraction` on the validation scenes.

        Args:
            method: A GaussianCross.

        Returns:
            PSNR in dB, depth error in the units of the points, and fraction of Gaussians kept.
        """
        own = require_gaussian_cross(method)
        methods = {method.name: own}
        if self.config.untrained:
            methods[UNTRAINED] = _fresh(own)
        dataset = build("datasets", self.config.data, split="val")
        found: dict[str, list[dict[str, float]]] = defaultdict(list)
        with torch.no_grad():
            for batch in batches(dataset, self.config, method.device):
                for name, one in methods.items():
                    found[name].append(dict(_measured(one, batch)))
                found[BASELINE].append({"psnr": _flat_psnr(batch["images"]).mean().item()})
        rows = {name: _means(scenes) for name, scenes in found.items()}
        return Scores(rows, {"batches": len(found[BASELINE])})


def require_gaussian_cross(method: Method) -> GaussianCross:
    """Check that a method is a GaussianCross.

    Args:
        method: Any method.

    Returns:
        The same method.

    Raises:
        CapabilityError: If it is another method.
    """
    if not isinstance(method, GaussianCross):
        raise CapabilityError(
            f"{type(method).__name__} renders no scenes; give a run of gaussiancross."
        )
    return method


def _fresh(method: GaussianCross) -> GaussianCross:
    return GaussianCross(method.config).to(method.device).eval()


def _measured(method: GaussianCross, batch: Batch) -> Iterator[tuple[str, float]]:
    field = method.field(batch)
    rendering = method.render(field, cameras_of(batch))
    depths = field.cuboid.normalize_depth(batch["depths"])
    yield "psnr", losses.psnr(rendering, batch["images"]).mean().item()
    scale = field.cuboid.scale[:, 0]
    yield "depth_error", losses.depth_error(rendering, depths, scale).item()
    yield "kept_fraction", field.opacity_mask.float().mean().item()


def _flat_psnr(images: Float[Tensor, "b v 3 h w"]) -> Float[Tensor, "b v"]:
    mean = reduce(images, "b v c h w -> b v c 1 1", "mean")
    return psnr(mean.expand_as(images), images)


def _means(scenes: list[dict[str, float]]) -> dict[str, float]:
    return {name: sum(scene[name] for scene in scenes) / len(scenes) for name in scenes[0]}
