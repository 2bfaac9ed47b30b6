"""Axis-aligned boxes that normalize scenes."""

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

    `isotropic` divides all axes by the longest side. It is a similarity: images of normalized
    Gaussians by normalized cameras are the same, and depth is multiplied by `scale`. (The near
    plane of renderers is a length, then in cube units.) `per-axis` divides every axis by its own
    side. It is affine: exact for points and covariances, but not possible for cameras.

    Args:
        center: Center of the box in scene units, [*B, 3].
        size: Side lengths in scene units, > 0, [*B, 3].
        mode: `isotropic` or `per-axis`.

    Raises:
        ShapeError: If `center` and `size` have other shapes.
        ValueRangeError: If a size is not positive, or the mode does not exist.

    Examples:
        >>> import torch
        >>> box = Cuboid.fit(torch.tensor([[0.0, 0, 0], [4, 2, 1]]))
        >>> box.normalize(torch.tensor([[4.0, 2, 1]])).tolist()
        [[0.5, 0.25, 0.125]]
    """

    center: Float[Tensor, "*batch 3"]
    size: Float[Tensor, "*batch 3"]
    mode: Mode = "isotropic"

    def __post_init__(self) -> None:
        check_shape("center", self.center, [*self.center.shape[:-1], 3])
        check_shape("size", self.size, list(self.center.shape))
        if self.mode not in get_args(Mode):
            raise ValueRangeError(f"mode is {self.mode!r}, expected 'isotropic' or 'per-axis'.")
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
        """Fit a box to points, one per scene.

        Args:
            points: Points in scene units, or Gaussians, whose centers count.
            mode: `isotropic` or `per-axis`.
            quantile: Fraction of the points ignored at each end of each axis, in [0, 0.5).
            padding: Margin added at each end, as a fraction of the side, >= 0.
            mask: Whether each point counts, [*B, N]; None counts all, of Gaussians those with
                opacity > 0.

        Returns:
            A box whose longest side (isotropic) or every side (per-axis) spans the points.

        Raises:
            ShapeError: If points or mask have another shape.
            ValueRangeError: If points are not finite, none counts, or a side that the mode divides
                by has no length.
        """
        if isinstance(points, Gaussians):
            mask = points.opacities > 0 if mask is None else mask
            points = points.means
        low, high = _bounds(points, quantile, mask)
        side = high - low
        _check_not_flat(side, mode)
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
        """Transform from scene units to the unit cube.

        Args:
            what: Points [*B, N, 3], Gaussians or Cameras.

        Returns:
            The same type in the unit cube.

        Raises:
            CapabilityError: If a per-axis box is used for cameras or view-dependent color.
        """
        return _apply(what, self.matrix, self.mode)

    def denormalize(self, what: Normalizable) -> Normalizable:
        """Transform from the unit cube to scene units.

        Args:
            what: Points [*B, N, 3], Gaussians or Cameras.

        Returns:
            The same type in scene units.

        Raises:
            CapabilityError: If a per-axis box is used for cameras or view-dependent color.
        """
        inverse = similarity.compose(
            torch.ones_like(self.size[..., 0]), torch.diag_embed(1 / self.scale), self.center
        )
        return _apply(what, inverse, self.mode)

    def normalize_depth(
        self, depth: Float[Tensor, "*batch v h w"]
    ) -> Float[Tensor, "*batch v h w"]:
        """Scale depth maps from scene units to those of normalized cameras.

        Args:
            depth: Depth in scene units, [*B, V, H, W].

        Returns:
            Depth in cube units.

        Raises:
            CapabilityError: If the box is per-axis, for which the scale depends on the direction.
        """
        return depth * self._depth_scale()

    def denormalize_depth(
        self, depth: Float[Tensor, "*batch v h w"]
    ) -> Float[Tensor, "*batch v h w"]:
        """Scale depth maps of normalized cameras to scene units.

        Args:
            depth: Depth in cube units, [*B, V, H, W].

        Returns:
            Depth in scene units.

        Raises:
            CapabilityError: If the box is per-axis, for which the scale depends on the direction.
        """
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
        raise ValueRangeError(f"quantile is {quantile}, expected 0 <= quantile < 0.5.")
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


def _check_not_flat(side: Tensor, mode: Mode) -> None:
    flat = side <= 0
    if mode == "isotropic" and flat.all(-1).any():
        raise ValueRangeError("Cuboid.fit got a scene whose points all coincide: it has no size.")
    if mode == "per-axis" and flat.any():
        axis = "xyz"[int(flat.nonzero()[0, -1])]
        raise ValueRangeError(
            f"Cuboid.fit got points that are flat along {axis}, which per-axis cannot normalize; "
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
    """Transform Gaussians by an affine map; the factors of covariances carry no gradient."""
    if gaussians.sh_degree:
        raise CapabilityError(
            f"a per-axis Cuboid cannot transform view-dependent color (SH degree "
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
