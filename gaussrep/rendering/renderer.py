"""The interface that every renderer implements."""

from abc import ABC, abstractmethod

import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep.cameras import Cameras
from gaussrep.checks import check_alike, check_finite
from gaussrep.errors import ShapeError
from gaussrep.gaussians import Gaussians
from gaussrep.rendering.rendering import Rendering


class Renderer(ABC):
    """Draws Gaussians as cameras see them.

    Subclasses implement `draw`; callers use `render`, which refuses bad input first.
    """

    def render(
        self,
        gaussians: Gaussians,
        cameras: Cameras,
        background: Float[Tensor, "*#batch 3"] | None = None,
    ) -> Rendering:
        """Check the input and draw it.

        Args:
            gaussians: Scenes, [*B, N].
            cameras: Views of each scene, [*B, V], with the same batch axes.
            background: RGB behind the Gaussians, [3] or broadcastable to [*B, V, 3]; black where
                it is None.

        Returns:
            Pictures of every scene from every view.

        Raises:
            ShapeError: If batch axes, dtypes or devices disagree.
            ValueRangeError: If a tensor holds NaN or infinite values.
        """
        if gaussians.batch_shape != cameras.batch_shape:
            raise ShapeError(
                f"Gaussians have batch axes {list(gaussians.batch_shape)}, cameras "
                f"{list(cameras.batch_shape)}; they must agree."
            )
        tensors = {**dict(gaussians.tensors()), "viewmats": cameras.viewmats, "Ks": cameras.Ks}
        if background is not None:
            tensors["background"] = background
        check_alike(tensors)
        check_finite(tensors)
        return self.draw(gaussians, cameras, _expand(background, cameras))

    @abstractmethod
    def draw(
        self,
        gaussians: Gaussians,
        cameras: Cameras,
        background: Float[Tensor, "*batch views 3"],
    ) -> Rendering:
        """Draw input that `render` has checked.

        Args:
            gaussians: Scenes, [*B, N]; those of opacity 0 are padding.
            cameras: Views, [*B, V].
            background: RGB behind the Gaussians, [*B, V, 3].

        Returns:
            Pictures of every scene from every view.
        """


def _expand(background: Tensor | None, cameras: Cameras) -> Tensor:
    shape = [*cameras.viewmats.shape[:-2], 3]
    if background is None:
        return cameras.viewmats.new_zeros(shape)
    try:
        return torch.broadcast_to(background, shape)
    except RuntimeError:
        raise ShapeError(
            f"background has shape {list(background.shape)}, wanted [3] or {shape}."
        ) from None
