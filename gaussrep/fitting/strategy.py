"""Strategy: how Gaussians come and go while a scene is fitted."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep.fitting.rebuild import Optimizers
from gaussrep.fitting.scene_model import SceneModel
from gaussrep.gaussians import Gaussians


@dataclass(frozen=True, eq=False)
class StepMade:
    """What a strategy may know of an optimizer step that was just made.

    Args:
        number: How many steps were made, from 1.
        means_rate: The learning rate of the centers in this step, in scene units.
        pixel_gradients: The loss's gradients by the projected centers in half pictures, zero where
            a view does not show a Gaussian; see `image_gradient`.
        generator: What is random in this step is drawn from it.
    """

    number: int
    means_rate: float
    pixel_gradients: Float[Tensor, "v n 2"]
    generator: torch.Generator


class Strategy(ABC):
    """Adds, moves and removes Gaussians between optimizer steps; works with any renderer.

    Attributes:
        state: What has to be kept in a checkpoint and put back, beside the scene and its
            optimizers.
    """

    def __init__(self) -> None:
        self.state: dict[str, Tensor] = {}

    @abstractmethod
    def penalty(self, gaussians: Gaussians) -> Float[Tensor, ""]:
        """What is added to the loss.

        Args:
            gaussians: Those of the scene, with gradients.

        Returns:
            A scalar, zero where the strategy wants nothing.
        """

    @abstractmethod
    def after_step(self, scene: SceneModel, optimizers: Optimizers, made: StepMade) -> None:
        """Do what is due after an optimizer step.

        Args:
            scene: Its Gaussians may change in number.
            optimizers: Those of the scene; they are kept in agreement with it.
            made: The step.
        """
