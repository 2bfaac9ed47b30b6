"""The interface of renderers, and what they return."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from jaxtyping import Float, Int
from torch import Tensor

from gaussrep.cameras import Cameras
from gaussrep.checks import check_alike, check_finite
from gaussrep.errors import CapabilityError, ShapeError
from gaussrep.gaussians import Gaussians
from gaussrep.rendering.projection import view_normals

OUTPUTS = frozenset({"median_depth", "normals"})
"""Outputs that are rendered on request."""


@dataclass(frozen=True, eq=False)
class Rendering:
    """Rendered images of a batch of scenes from a batch of views.

    Args:
        color: RGB over the background, [*B, V, H, W, 3].
        alpha: Opacity accumulated along the ray, in [0, 1], [*B, V, H, W].
        depth: Expected depth along the camera's z axis in scene units, weighted by contribution; 0
            where alpha is 0, [*B, V, H, W].
        features: Rendered features, without background, [*B, V, H, W, C]; None if the Gaussians
            have none.
        median_depth: Depth along the camera's z axis, in scene units, of the last Gaussian reached
            with transmittance above 0.5, as in 2DGS; 0 where alpha is 0, [*B, V, H, W]. None if
            it was not requested.
        normals: Unit vectors in world axes, turned toward the camera: the directions of the
            Gaussians' smallest axes, blended and normalized; 0 where alpha is 0,
            [*B, V, H, W, 3]. None if they were not requested.
    """

    color: Float[Tensor, "*batch v h w 3"]
    alpha: Float[Tensor, "*batch v h w"]
    depth: Float[Tensor, "*batch v h w"]
    features: Float[Tensor, "*batch v h w channels"] | None = None
    median_depth: Float[Tensor, "*batch v h w"] | None = None
    normals: Float[Tensor, "*batch v h w 3"] | None = None


class Renderer(ABC):
    """Base class of renderers.

    Subclasses implement `rasterize`; callers use `render`, which checks the input first.

    Attributes:
        camera_models: Camera models that `rasterize` takes.
        outputs: Outputs that can be requested, of `median_depth`, for which a subclass implements
            `rasterize_medians`, and `normals`, which are features to `rasterize`.
    """

    camera_models: ClassVar[frozenset[str]] = frozenset({"pinhole", "ortho"})
    outputs: ClassVar[frozenset[str]] = frozenset()

    def render(
        self,
        gaussians: Gaussians,
        cameras: Cameras,
        background: Float[Tensor, "*#batch 3"] | None = None,
        outputs: Collection[str] = (),
    ) -> Rendering:
        """Check the input and render it.

        Args:
            gaussians: Scenes, [*B, N].
            cameras: Views of each scene, [*B, V], with the same batch axes.
            background: RGB behind the Gaussians, [3] or broadcastable to [*B, V, 3]; black if
                None.
            outputs: Further outputs: `median_depth`, `normals`.

        Returns:
            Images of every scene from every view.

        Raises:
            ShapeError: If batch axes, dtypes or devices disagree.
            ValueRangeError: If a tensor holds NaN or infinite values; inside
                `defer_finite_checks`, at the end of the block.
            CapabilityError: If the renderer does not support the camera model or an output.
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
        if missing := sorted(set(outputs) - self.outputs):
            raise CapabilityError(
                f"{type(self).__name__} cannot render {', '.join(missing)}; use the renderer "
                "'reference'."
            )
        rasterize = self._rasterize_median_depth if "median_depth" in outputs else self.rasterize
        given = gaussians, cameras, _expand(background, cameras)
        return blend_normals(rasterize, *given) if "normals" in outputs else rasterize(*given)

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

    def rasterize_medians(
        self,
        gaussians: Gaussians,
        cameras: Cameras,
        background: Float[Tensor, "*batch views 3"],
    ) -> tuple[Rendering, Int[Tensor, "*batch views h w"]]:
        """Rasterize, and find the Gaussian at the median depth of every pixel.

        Args:
            gaussians: Scenes, [*B, N].
            cameras: Views, [*B, V].
            background: RGB behind the Gaussians, [*B, V, 3].

        Returns:
            The result of `rasterize`, and indices of Gaussians, -1 where alpha is 0.

        Raises:
            CapabilityError: If the renderer does not offer `median_depth`.
        """
        raise CapabilityError(f"{type(self).__name__} cannot render median_depth.")

    def _rasterize_median_depth(
        self,
        gaussians: Gaussians,
        cameras: Cameras,
        background: Float[Tensor, "*batch views 3"],
    ) -> Rendering:
        rendering, medians = self.rasterize_medians(gaussians, cameras, background)
        return replace(rendering, median_depth=gather_depths(medians, gaussians, cameras))


def gather_depths(
    indices: Int[Tensor, "*batch views h w"], gaussians: Gaussians, cameras: Cameras
) -> Float[Tensor, "*batch views h w"]:
    """Look up the depths of Gaussians.

    Args:
        indices: Gaussian of every pixel, or -1.
        gaussians: Scenes, [*B, N].
        cameras: Views, [*B, V].

    Returns:
        Depths along the cameras' z axes in scene units, with gradients; 0 for -1.
    """
    ahead = cameras.viewmats[..., 2:3, :]
    depths = gaussians.means[..., None, :, :] @ ahead[..., :3].mT + ahead[..., 3:]
    nothing = depths.new_zeros(*depths.shape[:-2], 1, 1)
    padded = torch.cat([nothing, depths], -2).squeeze(-1)
    return padded.gather(-1, indices.flatten(-2).long() + 1).unflatten(-1, indices.shape[-2:])


def blend_normals(
    rasterize: Callable[..., Rendering],
    gaussians: Gaussians,
    cameras: Cameras,
    background: Float[Tensor, "*batch views 3"],
) -> Rendering:
    """Rasterize with normals as three more features.

    Every view is rasterized as a separate scene, because normals are turned toward the camera.

    Args:
        rasterize: Takes Gaussians with features, cameras and background.
        gaussians: Scenes, [*B, N].
        cameras: Views, [*B, V].
        background: RGB behind the Gaussians.

    Returns:
        Images of every scene from every view, with normals.
    """
    axis = len(gaussians.batch_shape)
    apart = gaussians.replace(
        **{
            name: each.unsqueeze(axis).expand(*each.shape[:axis], cameras.views, *each.shape[axis:])
            for name, each in gaussians.tensors()
        }
    )
    normals = view_normals(gaussians, cameras)
    features = normals if apart.features is None else torch.cat([apart.features, normals], -1)
    single = cameras.replace(
        **{name: each.unsqueeze(axis + 1) for name, each in cameras.tensors().items()}
    )
    found = rasterize(apart.replace(features=features), single, background.unsqueeze(-2))
    images = {
        name: each.squeeze(axis + 1) for name, each in vars(found).items() if each is not None
    }
    mixed = images["features"]
    images["normals"] = torch.nn.functional.normalize(mixed[..., -3:], dim=-1)
    images["features"] = None if apart.features is None else mixed[..., :-3]
    return Rendering(**images)


def _expand(background: Tensor | None, cameras: Cameras) -> Tensor:
    shape = [*cameras.viewmats.shape[:-2], 3]
    if background is None:
        return cameras.viewmats.new_zeros(shape)
    try:
        return torch.broadcast_to(background, shape)
    except RuntimeError:
        raise ShapeError(
            f"background has shape {list(background.shape)}, expected [3] or {shape}."
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
