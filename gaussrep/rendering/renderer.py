"""The interface of renderers, and what they return."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep.cameras import Cameras
from gaussrep.checks import check_alike, check_finite
from gaussrep.errors import CapabilityError, ShapeError
from gaussrep.gaussians import Gaussians


@dataclass(frozen=True, eq=False)
class Rendering:
    """Rendered images of a batch of scenes from a batch of views.

    Args:
        color: RGB over the background, [*B, V, H, W, 3].
        alpha: Opacity accumulated along the ray, in [0, 1], [*B, V, H, W].
        depth: Expected depth along the camera's z axis in scene units, weighted by contribution; 0
            where alpha is 0, [*B, V, H, W].
        features: Rendered features, without background, [*B, V, H, W, C]; None where the Gaussians
            have none.
    """

    color: Float[Tensor, "*batch v h w 3"]
    alpha: Float[Tensor, "*batch v h w"]
    depth: Float[Tensor, "*batch v h w"]
    features: Float[Tensor, "*batch v h w channels"] | None = None


class Renderer(ABC):
    """Base class of renderers.

    Subclasses implement `rasterize`; callers use `render`, which checks the input first.

    Attributes:
        camera_models: Camera models that `rasterize` takes.
    """

    camera_models: ClassVar[frozenset[str]] = frozenset({"pinhole", "ortho"})

    def render(
        self,
        gaussians: Gaussians,
        cameras: Cameras,
        background: Float[Tensor, "*#batch 3"] | None = None,
    ) -> Rendering:
        """Check the input and render it.

        Args:
            gaussians: Scenes, [*B, N].
            cameras: Views of each scene, [*B, V], with the same batch axes.
            background: RGB behind the Gaussians, [3] or broadcastable to [*B, V, 3]; black if
                None.

        Returns:
            Images of every scene from every view.

        Raises:
            ShapeError: If batch axes, dtypes or devices disagree.
            ValueRangeError: If a tensor holds NaN or infinite values; inside
                `defer_finite_checks`, at the end of the block.
            CapabilityError: If the cameras are of a model that the renderer does not support.
        """
        if gaussians.batch_shape != cameras.batch_shape:
            raise ShapeError(
                f"Gaussians have batch axes {list(gaussians.batch_shape)}, cameras "
                f"{list(cameras.batch_shape)}; they must agree."
            )
        if cameras.model not in self.camera_models:
            raise CapabilityError(
                f"{type(self).__name__} cannot render cameras of the model {cameras.model!r}; use "
                "the renderer 'reference', or undistort the images."
            )
        tensors = {**dict(gaussians.tensors()), **cameras.tensors()}
        if background is not None:
            tensors["background"] = background
        check_alike(tensors)
        check_finite(tensors)
        return self.rasterize(gaussians, cameras, _expand(background, cameras))

    @abstractmethod
    def rasterize(
        self,
        gaussians: Gaussians,
        cameras: Cameras,
        background: Float[Tensor, "*batch views 3"],
    ) -> Rendering:
        """Rasterize input that `render` has checked.

        Args:
            gaussians: Scenes, [*B, N]; Gaussians of opacity 0 are padding.
            cameras: Views, [*B, V].
            background: RGB behind the Gaussians, [*B, V, 3].

        Returns:
            Images of every scene from every view.
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


def to_float32(
    renderer: str,
    device: str,
    gaussians: Gaussians,
    cameras: Cameras,
    background: Float[Tensor, "*batch views 3"],
) -> tuple[Gaussians, Cameras, Float[Tensor, "*batch views 3"]]:
    """Convert the input of a renderer that computes in float32 on one type of device.

    Args:
        renderer: Name of the renderer, for the message.
        device: Type of the only device it supports.
        gaussians: Scenes, [*B, N].
        cameras: Views, [*B, V].
        background: RGB behind the Gaussians.

    Returns:
        The input in float32; half precision is converted.

    Raises:
        CapabilityError: If the tensors are float64 or on another device.
    """
    if gaussians.device.type != device or gaussians.dtype == torch.float64:
        place = "the CPU" if device == "cpu" else device.upper()
        raise CapabilityError(
            f"renderer {renderer!r} renders float32 tensors on {place}, got {gaussians.dtype} on "
            f"{gaussians.device}; move them with .to(), or use the renderer 'reference'."
        )
    if gaussians.dtype != torch.float32:
        gaussians, cameras = gaussians.to(torch.float32), cameras.to(torch.float32)
    return gaussians, cameras, background.float()
