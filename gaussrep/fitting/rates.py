"""One Adam per tensor of a scene, and its learning rates."""

import torch

from gaussrep.fitting.config import RatesConfig
from gaussrep.fitting.scene_model import SceneModel

EPSILON = 1e-15
"""Adam's ε in 3DGS's code: gradients are tiny."""


def make_optimizers(
    scene: SceneModel, rates: RatesConfig, extent: float
) -> dict[str, torch.optim.Optimizer]:
    """Make the optimizers of a scene.

    Args:
        scene: What they optimize.
        rates: Learning rates.
        extent: The scene's, which the rate of the centers is a multiple of.

    Returns:
        One per tensor of `scene.raw`, by its name.
    """
    optimizers: dict[str, torch.optim.Optimizer] = {}
    for name, parameter in scene.raw.items():
        lr = getattr(rates, name) * (extent if name == "means" else 1.0)
        optimizers[name] = torch.optim.Adam([parameter], lr=lr, eps=EPSILON, fused=True)
    return optimizers


def means_rate(rates: RatesConfig, extent: float, progress: float) -> float:
    """The learning rate of the centers, which decays exponentially.

    Args:
        rates: Where it starts and ends.
        extent: The scene's.
        progress: Share of the steps that were made, in [0, 1].

    Returns:
        A rate in scene units.

    Example:
        >>> round(means_rate(RatesConfig(means=1e-2, means_end=1e-4), 2.0, 0.5), 9)
        0.002
    """
    return extent * rates.means * (rates.means_end / rates.means) ** progress


def set_rate(optimizer: torch.optim.Optimizer, lr: float) -> None:
    """Set the learning rate of an optimizer of one group."""
    optimizer.param_groups[0]["lr"] = lr
