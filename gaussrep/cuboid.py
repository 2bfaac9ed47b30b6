"""Cuboid: the box that a scene is normalized by, and the way back."""

from dataclasses import dataclass
from typing import Literal, TypeVar, get_args

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from gaussrep import quaternions, similarity
from gaussrep.cameras import Cameras
from gaussrep.checks import check_shape
from gaussrep.errors import CapabilityError, ValueRangeError
from gaussrep.gaussians import Gaussians

Mode = Literal["isotropic", "per-axis"]
Normalizable = TypeVar("Normalizable", Tensor, Gaussians, Cameras)


@dataclass(frozen=True, eq=False)
class Cuboid:
    """An axis-aligned box that maps to the unit cube [-0.5, 0.5]³, one per scene.

    `isotropic` divides all axes by the longest side. It is a similarity: normalized Gaussians seen
    by normalized cameras give the same picture, and depth is multiplied by `scale`. (The near plane
    of renderers is a length and lives in cube units then.) `per-axis` divides every axis by its own
    side. It is affine: exact for points and covariances, but no camera can follow it.

    Args:
        center: Center of the box in scene units, [*B, 3].
        size: Side lengths in scene units, > 0, [*B, 3].
        mode: `isotropic` or `per-axis`.
    """

    center: Float[Tensor, "*batch 3"]
    size: Float[Tensor, "*batch 3"]
    mode: Mode = "isotropic"

    def __post_init__(self) -> None:
        check_shape("center", self.center, [*self.center.shape[:-1], 3])
        check_shape("size", self.size, list(self.center.shape))
        if self.mode not in get_args(Mode):
            raise ValueRangeError(f"mode is {self.mode!r}, wanted 'isotropic' or 'per-axis'.")
        if not (self.size.isfinite() & (self.size > 0)).all():
            raise ValueRangeError(f"size must be > 0 on every axis, got {self.size.tolist()}.")

    @classmethod
    def fit(
        cls,
        points: Float[Tensor, "*batch n 3"] | Gaussians,
        mode: Mode = "isotropic",
        quantile: float = 0.0,
        padding: float = 0.0,
        mask: Bool[Tensor, "*batch n"] | None = None,
    ) -> "Cuboid":
        """Box around points, one per scene.

        Args:
            points: Points in scene units, or Gaussians, of which those with opacity > 0 count.
            mode: `isotropic` or `per-axis`.
            quantile: Share of the points ignored at each end of each axis, in [0, 0.5).
            padding: Margin added at each end, as a share of the side, >= 0.
            mask: Which points count; all where it is None.

        Returns:
            A box whose longest side (isotropic) or every side (per-axis) spans the points.

        Raises:
            ValueRangeError: If points are not finite, none counts, or a side that the mode
                divides by has no length.
        """
        if isinstance(points, Gaussians):
            mask = points.opacities > 0 if mask is None else mask
            points = points.means
        low, high = _bounds(points, quantile, mask)
        side = high - low
        _refuse_flat(side, mode)
        if mode == "isotropic":
            side = side.amax(-1, keepdim=True).expand_as(side)
        return cls((low + high) / 2, side * (1 + 2 * padding), mode)

    @property
    def scale(self) -> Float[Tensor, "*batch 3"]:
        """Cube units per scene unit along each axis."""
        if self.mode == "per-axis":
            return 1 / self.size
        return (1 / self.size.amax(-1, keepdim=True)).expand_as(self.size)

    @property
    def matrix(self) -> Float[Tensor, "*batch 4 4"]:
        """Homogeneous matrix from scene units to the unit cube."""
        linear = torch.diag_embed(self.scale)
        one = torch.ones_like(self.scale[..., 0])
        return similarity.compose(one, linear, -self.scale * self.center)

    def normalize(self, what: Normalizable) -> Normalizable:
        """Carry points [*B, N, 3], Gaussians or Cameras from scene units into the unit cube.

        Raises:
            CapabilityError: For cameras, or view-dependent color, with a per-axis box.
        """
        return _apply(what, self.matrix, self.mode)

    def denormalize(self, what: Normalizable) -> Normalizable:
        """Carry points, Gaussians or Cameras from the unit cube back into scene units."""
        inverse = similarity.compose(
            torch.ones_like(self.size[..., 0]), torch.diag_embed(1 / self.scale), self.center
        )
        return _apply(what, inverse, self.mode)

    def normalize_depth(
        self, depth: Float[Tensor, "*batch v h w"]
    ) -> Float[Tensor, "*batch v h w"]:
        """Depth images in scene units, as normalized cameras measure them.

        Raises:
            CapabilityError: With a per-axis box, whose depth depends on the direction.
        """
        return depth * self._depth_scale()

    def denormalize_depth(
        self, depth: Float[Tensor, "*batch v h w"]
    ) -> Float[Tensor, "*batch v h w"]:
        """Depth images of normalized cameras, back in scene units."""
        return depth / self._depth_scale()

    def _depth_scale(self) -> Tensor:
        if self.mode == "per-axis":
            raise CapabilityError(
                "a per-axis Cuboid cannot scale depth; fit it with mode='isotropic'."
            )
        return self.scale[..., 0, None, None, None]


def _bounds(
    points: Tensor, quantile: float, mask: Tensor | None
) -> tuple[Float[Tensor, "*batch 3"], Float[Tensor, "*batch 3"]]:
    check_shape("points", points, [*points.shape[:-2], "N", 3])
    if not 0 <= quantile < 0.5:
        raise ValueRangeError(f"quantile is {quantile}, wanted 0 <= quantile < 0.5.")
    mask = torch.ones_like(points[..., 0], dtype=torch.bool) if mask is None else mask
    bad = int((~points.isfinite().all(-1) & mask).sum())
    if bad:
        raise ValueRangeError(f"Cuboid.fit got {bad} points that are NaN or infinite.")
    counts = mask.sum(-1, keepdim=True)
    if not (counts > 0).all():
        raise ValueRangeError("Cuboid.fit got a scene without points.")
    ordered = torch.where(mask[..., None], points, torch.inf).sort(dim=-2).values
    first = (quantile * (counts - 1)).floor().long()
    ends = torch.stack([first, counts - 1 - first], dim=-2).expand(*ordered.shape[:-2], 2, 3)
    low, high = ordered.gather(-2, ends).unbind(-2)
    return low, high


def _refuse_flat(side: Tensor, mode: Mode) -> None:
    flat = side <= 0
    if mode == "isotropic" and flat.all(-1).any():
        raise ValueRangeError("Cuboid.fit got a scene whose points all coincide: it has no size.")
    if mode == "per-axis" and flat.any():
        axis = "xyz"[int(flat.nonzero()[0, -1])]
        raise ValueRangeError(
            f"Cuboid.fit got points that are flat along {axis}, which per-axis cannot stretch; "
            "use mode='isotropic'."
        )


def _apply(what: Normalizable, matrix: Tensor, mode: Mode) -> Normalizable:
    if isinstance(what, Tensor):
        return what @ matrix[..., :3, :3].mT + matrix[..., None, :3, 3]
    if mode == "isotropic":
        return what.transform(matrix)
    if isinstance(what, Cameras):
        raise CapabilityError(
            "a per-axis Cuboid would shear cameras; fit it with mode='isotropic'."
        )
    return _stretch(what, matrix)


def _stretch(gaussians: Gaussians, matrix: Tensor) -> Gaussians:
    """Affine map of Gaussians: covariances are refactored, without gradient, by eigenvectors."""
    if gaussians.sh_degree:
        raise CapabilityError(
            f"a per-axis Cuboid cannot carry view-dependent color (SH degree "
            f"{gaussians.sh_degree}); use mode='isotropic' or colors."
        )
    linear = matrix[..., None, :3, :3]
    with torch.no_grad():
        variances, axes = torch.linalg.eigh(linear @ gaussians.covariances() @ linear.mT)
        axes = axes * axes.det().sign()[..., None, None]
    return gaussians.replace(
        means=_apply(gaussians.means, matrix, "per-axis"),
        quats=quaternions.from_matrix(axes),
        scales=variances.clamp_min(torch.finfo(variances.dtype).tiny).sqrt(),
    )
