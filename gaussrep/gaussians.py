"""Sets of 3D Gaussians."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from gaussrep import quaternions, sh, similarity
from gaussrep.checks import check_alike, check_shape
from gaussrep.color_spaces import ColorSpace
from gaussrep.errors import ShapeError

PADDING = {"quats": (1.0, 0.0, 0.0, 0.0), "scales": (1.0, 1.0, 1.0)}
"""Values of padding Gaussians where they are not 0."""
MARKS = ("antialiased", "color_space")
"""Fields that are not tensors, and are the same for a whole scene."""


@dataclass(frozen=True, eq=False, repr=False)
class Gaussians:
    """A frozen set of 3D Gaussians with any leading batch axes.

    Every operation returns a new object. Scenes of different size are padded with Gaussians of
    opacity 0, which every renderer drops.

    Args:
        means: Centers in scene units, [*B, N, 3].
        quats: Orientations, wxyz, any length but zero, [*B, N, 4].
        scales: Standard deviations along the Gaussian's axes in scene units, > 0, [*B, N, 3].
        opacities: Opacities in [0, 1], [*B, N].
        colors: RGB, usually in [0, 1], [*B, N, 3]. Exactly one of `colors` and `sh` is given.
        sh: Spherical-harmonics coefficients, K = 1, 4, 9, 16 or 25 bases, [*B, N, K, 3].
        features: Additional channels, [*B, N, C].
        antialiased: Whether the scene was fitted with antialiasing, so that renderers compensate
            opacities for the blur that they add to small Gaussians (Mip-Splatting, Yu et al. 2024).
        color_space: Space in which colors are blended, `"srgb"`, that of ordinary images, or
            `"linear"` light; rendered images are in the same.

    Raises:
        ShapeError: If a tensor has the wrong shape, dtype or device; the message names it.

    Examples:
        >>> import torch
        >>> g = Gaussians(torch.zeros(5, 3), torch.ones(5, 4), torch.ones(5, 3),
        ...               torch.ones(5), colors=torch.rand(5, 3))
        >>> g[:2].count, g.pad(8).count
        (2, 8)
    """

    means: Float[Tensor, "*batch n 3"]
    quats: Float[Tensor, "*batch n 4"]
    scales: Float[Tensor, "*batch n 3"]
    opacities: Float[Tensor, "*batch n"]
    colors: Float[Tensor, "*batch n 3"] | None = None
    sh: Float[Tensor, "*batch n bases 3"] | None = None
    features: Float[Tensor, "*batch n channels"] | None = None
    antialiased: bool = False
    color_space: ColorSpace = "srgb"

    def __post_init__(self) -> None:
        if not isinstance(self.means, Tensor) or self.means.ndim < 2:
            check_shape("means", self.means, ["*B", "N", 3])
        lead = list(self.means.shape[:-1])
        wanted = {
            "means": [3], "quats": [4], "scales": [3], "opacities": [],
            "colors": [3], "sh": ["K", 3], "features": ["C"],
        }  # fmt: skip
        for name, tensor in self.tensors():
            check_shape(name, tensor, [*lead, *wanted[name]])
        if (self.colors is None) == (self.sh is None):
            given = "both" if self.colors is not None else "neither"
            raise ShapeError(f"Gaussians take exactly one of colors and sh, got {given}.")
        if self.sh is not None:
            sh.degree_of(self.sh.shape[-2])
        check_alike(dict(self.tensors()))

    def tensors(self) -> Iterator[tuple[str, Tensor]]:
        """Iterate over the tensors that are present.

        Returns:
            Names and tensors, in the order of the fields.
        """
        return (
            (name, tensor)
            for name, tensor in vars(self).items()
            if tensor is not None and name not in MARKS
        )

    @property
    def batch_shape(self) -> torch.Size:
        """Sizes of the leading batch axes."""
        return self.means.shape[:-2]

    @property
    def count(self) -> int:
        """Number of Gaussians per scene, N, padding included."""
        return self.means.shape[-2]

    @property
    def device(self) -> torch.device:
        """Device of all tensors."""
        return self.means.device

    @property
    def dtype(self) -> torch.dtype:
        """Floating dtype of all tensors."""
        return self.means.dtype

    @property
    def sh_degree(self) -> int | None:
        """Degree of the spherical harmonics; None for plain colors."""
        return None if self.sh is None else sh.degree_of(self.sh.shape[-2])

    def replace(self, **fields: Any) -> "Gaussians":
        """Replace some fields.

        Args:
            **fields: New values by name of the field; None removes an optional tensor.

        Returns:
            New Gaussians, checked.

        Raises:
            ShapeError: If the tensors do not fit together; the message names one.
        """
        return replace(self, **fields)

    def _map(self, change: Any) -> "Gaussians":
        return self.replace(**{name: change(name, tensor) for name, tensor in self.tensors()})

    def to(self, *args: Any, **kwargs: Any) -> "Gaussians":
        """Move to another device or dtype.

        Args:
            *args: Positional arguments of `torch.Tensor.to`, `"cuda"`, `torch.float64`.
            **kwargs: Keyword arguments of `torch.Tensor.to`.

        Returns:
            New Gaussians.
        """
        return self._map(lambda _, tensor: tensor.to(*args, **kwargs))

    def detach(self) -> "Gaussians":
        """Detach all tensors from the autograd graph.

        Returns:
            New Gaussians with the same values.
        """
        return self._map(lambda _, tensor: tensor.detach())

    def __getitem__(self, index: Any) -> "Gaussians":
        """Select by an index into the axes [*B, N].

        Args:
            index: Any index of a tensor of that shape: integers, slices, masks, index tensors.

        Returns:
            New Gaussians.

        Raises:
            ShapeError: If the index leaves no Gaussian axis.
        """
        shape = self.opacities.shape
        chosen = torch.arange(shape.numel(), device=self.device).view(shape)[index]
        if chosen.ndim == 0:
            raise ShapeError(
                f"index {index!r} selects one of {list(shape)} Gaussians and leaves no Gaussian "
                "axis; use a slice to keep it."
            )
        last = len(shape) - 1
        return self._map(lambda _, tensor: tensor.flatten(0, last)[chosen])

    def pad(self, count: int) -> "Gaussians":
        """Append Gaussians of opacity 0 to every scene.

        Args:
            count: Number of Gaussians per scene after padding, at least N.

        Returns:
            New Gaussians, [*B, count].

        Raises:
            ShapeError: If N is above `count`.
        """
        missing = count - self.count
        if missing < 0:
            raise ShapeError(f"cannot pad {self.count} Gaussians to {count}; prune or slice them.")
        axis = len(self.batch_shape)

        def extend(name: str, tensor: Tensor) -> Tensor:
            shape = [*tensor.shape[:axis], missing, *tensor.shape[axis + 1 :]]
            filling = tensor.new_tensor(PADDING.get(name, 0.0)).expand(shape)
            return torch.cat([tensor, filling], dim=axis)

        return self._map(extend)

    def prune(self, keep: Bool[Tensor, "*batch n"]) -> "Gaussians":
        """Remove the Gaussians where a mask is false.

        Args:
            keep: Whether to keep each Gaussian, [*B, N].

        Returns:
            New Gaussians in the same order. With batch axes, every scene is padded to the largest
            number of kept Gaussians.

        Raises:
            ShapeError: If the mask has another shape.
        """
        check_shape("keep", keep, list(self.opacities.shape))
        if not self.batch_shape:
            return self[keep]
        front = torch.argsort(~keep, dim=-1, stable=True)[..., : int(keep.sum(-1).max())]
        shape = self.opacities.shape
        offsets = torch.arange(shape.numel() // shape[-1], device=self.device) * shape[-1]
        flat = front + offsets.view(*shape[:-1], 1)
        kept = keep.gather(-1, front)
        last = len(shape) - 1
        moved = self._map(lambda _, tensor: tensor.flatten(0, last)[flat])
        return moved.replace(opacities=torch.where(kept, moved.opacities, 0))

    @classmethod
    def cat(cls, parts: Sequence["Gaussians"]) -> "Gaussians":
        """Concatenate along the Gaussian axis.

        Args:
            parts: At least one set, all with the same fields and batch axes [*B, N_i].

        Returns:
            New Gaussians, [*B, sum of N_i].

        Raises:
            ShapeError: If there is no part, or the fields or the marks differ.
        """
        names = _common_fields(parts)
        axis = len(parts[0].batch_shape)
        joined = {name: torch.cat([getattr(p, name) for p in parts], axis) for name in names}
        return parts[0].replace(**joined)

    @classmethod
    def stack(cls, scenes: Sequence["Gaussians"]) -> "Gaussians":
        """Stack along a new leading batch axis, and pad every scene to the largest.

        Args:
            scenes: At least one scene, all with the same fields and batch axes [*B, N_i].

        Returns:
            New Gaussians, [scenes, *B, max of N_i].

        Raises:
            ShapeError: If there is no scene, or the fields or the marks differ.
        """
        names = _common_fields(scenes)
        padded = [scene.pad(max(s.count for s in scenes)) for scene in scenes]
        joined = {name: torch.stack([getattr(p, name) for p in padded]) for name in names}
        return scenes[0].replace(**joined)

    def transform(self, matrix: Float[Tensor, "*#batch 4 4"]) -> "Gaussians":
        """Transform by a similarity: scale, rotate, reflect and translate.

        Spherical harmonics are rotated with the Gaussians; features and opacities are unchanged.

        Args:
            matrix: Similarity acting on column vectors, one per scene or one for all.

        Returns:
            New Gaussians.

        Raises:
            ValueRangeError: If a matrix is not a similarity.
        """
        scale, rotation, translation = similarity.decompose(matrix[..., None, :, :])
        proper = rotation * rotation.det().sign()[..., None, None]
        turn = quaternions.from_matrix(proper).expand(self.quats.shape)
        turned = (rotation @ self.means[..., None]).squeeze(-1)
        return self.replace(
            means=scale[..., None] * turned + translation,
            quats=quaternions.multiply(turn, self.quats),
            scales=scale[..., None] * self.scales,
            sh=None if self.sh is None else sh.rotate(self.sh, rotation),
        )

    def covariances(self) -> Float[Tensor, "*batch n 3 3"]:
        """Compute the covariance matrices R S Sᵀ Rᵀ (3DGS, equation 6).

        Returns:
            Covariances in squared scene units.
        """
        factor = quaternions.to_matrix(self.quats) * self.scales[..., None, :]
        return factor @ factor.mT

    def view_independent_colors(self) -> Float[Tensor, "*batch n 3"]:
        """Compute colors that do not depend on the view.

        Returns:
            RGB: the colors, or those of degree 0 of the spherical harmonics.
        """
        if self.sh is None:
            assert self.colors is not None
            return self.colors
        return sh.evaluate(self.sh[..., :1, :], torch.ones_like(self.means))

    def __repr__(self) -> str:
        mode = ", antialiased" if self.antialiased else ""
        mode += ", linear colors" if self.color_space == "linear" else ""
        head = f"Gaussians({list(self.opacities.shape)}, {self.dtype}, {self.device}{mode})"
        lines = [f"  {name:<9} {_describe(tensor)}" for name, tensor in self.tensors()]
        return "\n".join([head, *lines])


def _describe(tensor: Tensor) -> str:
    shape = str(list(tensor.shape))
    if tensor.numel() == 0 or tensor.is_meta:
        return shape
    low, high = torch.aminmax(tensor.detach())
    return f"{shape:<18} {low.item():.4g} … {high.item():.4g}"


def _common_fields(parts: Sequence[Gaussians]) -> list[str]:
    if not parts:
        raise ShapeError("cannot join an empty list of Gaussians.")
    names = [name for name, _ in parts[0].tensors()]
    for number, part in enumerate(parts):
        other = [name for name, _ in part.tensors()]
        if other != names:
            raise ShapeError(
                f"cannot join Gaussians of different fields: part 0 has {', '.join(names)}, "
                f"part {number} has {', '.join(other)}."
            )
        for mark in MARKS:
            first, other = getattr(parts[0], mark), getattr(part, mark)
            if first != other:
                raise ShapeError(
                    f"cannot join Gaussians of {mark}={first!r} with others of {mark}={other!r}, "
                    f"which mean different images; replace({mark}=…) changes one of them."
                )
    return names
