"""Pinhole and orthographic cameras, and cameras with a distorting lens."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import radians, tan
from typing import Any, Literal, get_args

import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep import similarity
from gaussrep.checks import check_alike, check_shape
from gaussrep.errors import ShapeError, ValueRangeError

CameraModel = Literal["pinhole", "ortho", "opencv", "fisheye"]
COEFFICIENTS: dict[CameraModel, int] = {"opencv": 8, "fisheye": 4}
"""Number of distortion coefficients of the camera models that have any."""
_MODELS = get_args(CameraModel)


@dataclass(frozen=True, eq=False, repr=False)
class Cameras:
    """Extrinsics and intrinsics of views, with any leading batch axes.

    Camera axes are OpenCV's: x right, y down, z forward; pixel centers lie at +0.5. A pinhole
    camera maps (x, y, z) to (fx x / z + cx, fy y / z + cy), an orthographic one to
    (fx x + cx, fy y + cy), so that its focal lengths are pixels per scene unit. A lens bends the
    slopes (x / z, y / z) before fx, fy, cx and cy are applied, as in OpenCV: `opencv` by the
    radial-tangential model with k1, k2, p1, p2, k3, k4, k5, k6; `fisheye` by that of Kannala and
    Brandt (2006), whose radius is θ (1 + k1 θ² + k2 θ⁴ + k3 θ⁶ + k4 θ⁸) at the angle θ off the
    axis, with k1, k2, k3, k4.

    Args:
        viewmats: World-to-camera matrices, [*B, V, 4, 4].
        Ks: Intrinsics in pixels, [*B, V, 3, 3]; only fx, fy, cx, cy are read.
        width: Image width in pixels, > 0.
        height: Image height in pixels, > 0.
        model: `pinhole`, `ortho`, `opencv` or `fisheye`.
        distortion: Coefficients of the lens, [*B, V, 8] for `opencv`, [*B, V, 4] for `fisheye`;
            None for other models.

    Raises:
        ShapeError: If a tensor has the wrong shape, dtype or device; the message names it.
        ValueRangeError: If the image has no pixel, the camera model does not exist, or it has
            coefficients that it should not have or lacks those that it should have.
    """

    viewmats: Float[Tensor, "*batch views 4 4"]
    Ks: Float[Tensor, "*batch views 3 3"]
    width: int
    height: int
    model: CameraModel = "pinhole"
    distortion: Float[Tensor, "*batch views coefficients"] | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.viewmats, Tensor) or self.viewmats.ndim < 3:
            check_shape("viewmats", self.viewmats, ["*B", "V", 4, 4])
        lead = list(self.viewmats.shape[:-2])
        check_shape("viewmats", self.viewmats, [*lead, 4, 4])
        check_shape("Ks", self.Ks, [*lead, 3, 3])
        check_alike({"viewmats": self.viewmats, "Ks": self.Ks})
        if self.width < 1 or self.height < 1:
            raise ValueRangeError(
                f"image size is {self.width}x{self.height}, expected at least one pixel."
            )
        if self.model not in _MODELS:
            names = ", ".join(map(repr, _MODELS))
            raise ValueRangeError(f"camera model is {self.model!r}, expected one of {names}.")
        self._check_distortion()

    @property
    def batch_shape(self) -> torch.Size:
        """Sizes of the leading batch axes."""
        return self.viewmats.shape[:-3]

    @property
    def views(self) -> int:
        """Number of views per scene, V."""
        return self.viewmats.shape[-3]

    @property
    def positions(self) -> Float[Tensor, "*batch views 3"]:
        """Camera centers in world units."""
        return camera_centers(self.viewmats)

    def _check_distortion(self) -> None:
        count = COEFFICIENTS.get(self.model)
        if (count is None) != (self.distortion is None):
            given = "none" if self.distortion is None else "some"
            raise ValueRangeError(
                f"cameras of the model {self.model!r} have {count or 'no'} distortion "
                f"coefficients, got {given}."
            )
        if self.distortion is not None:
            check_shape("distortion", self.distortion, [*self.viewmats.shape[:-2], count or 0])
            check_alike({"viewmats": self.viewmats, "distortion": self.distortion})

    def tensors(self) -> dict[str, Tensor]:
        """Collect the tensors.

        Returns:
            `viewmats`, `Ks` and, if there is one, `distortion`.
        """
        found = {"viewmats": self.viewmats, "Ks": self.Ks}
        return found if self.distortion is None else {**found, "distortion": self.distortion}

    def replace(self, **changes: Any) -> "Cameras":
        """Replace some fields.

        Args:
            **changes: New values by name of the field.

        Returns:
            New cameras, checked.

        Raises:
            ShapeError: If the tensors do not fit together; the message names one.
            ValueRangeError: If the image has no pixel or the camera model does not exist.
        """
        return replace(self, **changes)

    def to(self, *args: Any, **kwargs: Any) -> "Cameras":
        """Move to another device or dtype.

        Args:
            *args: Positional arguments of `torch.Tensor.to`, `"cuda"`, `torch.float64`.
            **kwargs: Keyword arguments of `torch.Tensor.to`.

        Returns:
            New cameras.
        """
        return self._map(lambda tensor: tensor.to(*args, **kwargs))

    def detach(self) -> "Cameras":
        """Detach all tensors from the autograd graph.

        Returns:
            New cameras with the same values.
        """
        return self._map(Tensor.detach)

    def __getitem__(self, index: Any) -> "Cameras":
        """Select by an index into the axes [*B, V].

        Args:
            index: Any index of a tensor of that shape: integers, slices, masks, index tensors.

        Returns:
            New cameras.

        Raises:
            ShapeError: If the index leaves no view axis.
        """
        shape = self.viewmats.shape[:-2]
        chosen = torch.arange(shape.numel(), device=self.viewmats.device).view(shape)[index]
        if chosen.ndim == 0:
            raise ShapeError(f"index {index!r} leaves no view axis; use a slice to keep it.")
        last = len(shape) - 1
        return self._map(lambda tensor: tensor.flatten(0, last)[chosen])

    def transform(self, matrix: Float[Tensor, "*#batch 4 4"]) -> "Cameras":
        """Transform together with a scene, so that images of it stay the same.

        The rotation part of `viewmats` stays orthogonal, so depth is in the new scene units: it is
        multiplied by the similarity's scale.

        Args:
            matrix: Similarity that transforms the scene, one per scene or one for all.

        Returns:
            New cameras.

        Raises:
            ValueRangeError: If a matrix is not a similarity.
        """
        scale, rotation, translation = similarity.decompose(matrix[..., None, :, :])
        turned = self.viewmats[..., :3, :3] @ rotation.mT
        moved = scale[..., None] * self.viewmats[..., :3, 3]
        moved = moved - (turned @ translation[..., None]).squeeze(-1)
        viewmats = similarity.compose(torch.ones_like(moved[..., 0]), turned, moved)
        if self.model != "ortho":
            return self.replace(viewmats=viewmats)
        zoom = torch.ones_like(self.Ks)
        zoom[..., :2, :2] = 1 / scale[..., None, None]
        return self.replace(viewmats=viewmats, Ks=self.Ks * zoom)

    def _map(self, change: Callable[[Tensor], Tensor]) -> "Cameras":
        return self.replace(**{name: change(tensor) for name, tensor in self.tensors().items()})

    @classmethod
    def look_at(
        cls,
        eyes: Float[Tensor, "*batch views 3"],
        target: Float[Tensor, "*#batch 3"],
        up: Float[Tensor, " 3"],
        width: int,
        height: int,
        fov: float = 60.0,
    ) -> "Cameras":
        """Make pinhole cameras that look at a point.

        Args:
            eyes: Camera centers in world units.
            target: Point at the image center.
            up: Direction that points up in the image; must not be the viewing direction.
            width: Image width in pixels.
            height: Image height in pixels.
            fov: Horizontal field of view in degrees, between 0 and 180.

        Returns:
            Cameras with square pixels and a centered principal point.

        Raises:
            ValueRangeError: If an eye is at the target or looks along `up`.
        """
        forward = target.unsqueeze(-2) - eyes
        right = torch.linalg.cross(forward, up.expand_as(forward))
        if not (right.norm(dim=-1) > 1e-6 * forward.norm(dim=-1)).all():
            raise ValueRangeError("an eye is at the target or looks along up; move one of them.")
        forward, right = (torch.nn.functional.normalize(axis, dim=-1) for axis in (forward, right))
        rotation = torch.stack([right, torch.linalg.cross(forward, right), forward], dim=-2)
        moved = -(rotation @ eyes[..., None]).squeeze(-1)
        viewmats = similarity.compose(torch.ones_like(moved[..., 0]), rotation, moved)
        focal = width / 2 / tan(radians(fov) / 2)
        K = eyes.new_tensor([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1]])
        return cls(viewmats, K.expand(*eyes.shape[:-1], 3, 3), width, height)

    def __repr__(self) -> str:
        shape = list(self.viewmats.shape[:-2])
        return (
            f"Cameras({shape}, {self.width}x{self.height}, {self.model}, "
            f"{self.viewmats.dtype}, {self.viewmats.device})"
        )


def camera_centers(viewmats: Float[Tensor, "*batch 4 4"]) -> Float[Tensor, "*batch 3"]:
    """Compute the centers of cameras in world units.

    Args:
        viewmats: World-to-camera matrices.

    Returns:
        The centers.
    """
    solved = torch.linalg.solve(viewmats[..., :3, :3], viewmats[..., :3, 3:])
    return -solved.squeeze(-1)
