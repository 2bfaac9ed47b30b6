"""StoredImages: images of one scene that stay in their files."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn.functional import pad

from gaussrep.cameras import Cameras
from gaussrep.data.unreadable import LeftOutFrames, UnreadableFileError
from gaussrep.errors import DataError
from gaussrep.fitting.lens import Distortion
from gaussrep.fitting.posed_images import PosedImages

GIGABYTE = 1e9


@dataclass(frozen=True, eq=False)
class DecodedView:
    """One image of a capture, decoded.

    Args:
        values: RGB multiplied by alpha, and alpha, in [0, 1].
        K: Camera matrix, pixel centers at +0.5.
        viewmat: World-to-camera matrix, OpenCV camera axes.
        mask: True where a pixel counts; None if all do.
        depth: Depth in scene units, 0 where it was not measured; None if there is none.
        distortion: What the lens does; None for a pinhole.
    """

    values: Float[Tensor, "h w 4"]
    K: Float[np.ndarray, "3 3"]
    viewmat: Float[np.ndarray, "4 4"]
    mask: Bool[Tensor, "h w"] | None = None
    depth: Float[Tensor, "h w"] | None = None
    distortion: Distortion | None = None


class ViewFile(ABC):
    """The files of one view."""

    @property
    @abstractmethod
    def name(self) -> str:
        """Name in the capture, for messages."""

    @abstractmethod
    def read(self) -> DecodedView:
        """Decode the view.

        Returns:
            The view.

        Raises:
            DataError: A file is missing, damaged or does not fit to its camera.
        """


@dataclass(frozen=True)
class Layout:
    """Which tensors a capture has, and their size.

    Attributes:
        height: Largest height of the images in pixels.
        width: Largest width.
        alphas: Whether an image has transparency.
        masks: Whether an image has a mask, or their sizes differ.
        depths: Whether an image has depth.
    """

    height: int
    width: int
    alphas: bool
    masks: bool
    depths: bool

    @property
    def bytes_per_view(self) -> int:
        """Size of a decoded view in memory."""
        return self.height * self.width * (4 * (3 + self.alphas + self.depths) + self.masks)

    def join(self, views: Sequence[DecodedView], cameras: Cameras) -> PosedImages:
        """Stack views; smaller ones are padded, and their padding is masked.

        Args:
            views: Decoded views, no larger than the layout.
            cameras: Their cameras.

        Returns:
            The views.
        """
        channels = 4 if self.alphas else 3
        values = torch.stack([self._padded(view.values[..., :channels]) for view in views])
        masks = depths = None
        if self.masks:
            masks = torch.stack([self._padded(_counted(view)[..., None])[..., 0] for view in views])
        if self.depths:
            measured = [self._padded(_measured(view)[..., None]) for view in views]
            depths = torch.stack(measured)[..., 0]
        alphas = values[..., 3] if self.alphas else None
        return PosedImages(values[..., :3], cameras, alphas, depths, masks)

    def _padded(self, image: Tensor) -> Tensor:
        """Pad with zeros at the right and bottom."""
        height, width = image.shape[:2]
        if (height, width) == (self.height, self.width):
            return image
        return pad(image, (0, 0, 0, self.width - width, 0, self.height - height))


@dataclass(frozen=True, eq=False)
class StoredImages:
    """Images of one scene that stay in their files, and their cameras.

    Views are decoded each time that they are read, so that a capture may be larger than the
    memory.

    Args:
        files: The V views.
        cameras: Their cameras, as large as the largest image.
        layout: Which tensors the capture has, and their size.
    """

    files: Sequence[ViewFile]
    cameras: Cameras
    layout: Layout

    @property
    def count(self) -> int:
        """Number of views, V."""
        return len(self.files)

    @property
    def has_transparency(self) -> bool:
        """Whether an image has alpha."""
        return self.layout.alphas

    def __getitem__(self, index: slice | list[int] | Int[Tensor, " m"]) -> "StoredImages":
        """Select views without decoding them.

        Args:
            index: Which, as for a tensor's first axis.

        Returns:
            The selected views.
        """
        numbers = torch.arange(self.count)[index]
        files = [self.files[number] for number in numbers.tolist()]
        return replace(self, files=files, cameras=self.cameras[numbers])

    def read(self) -> PosedImages:
        """Decode all views.

        Returns:
            The views in memory.

        Raises:
            DataError: A file is missing, damaged, or larger than when the capture was opened.
        """
        views = [file.read() for file in self.files]
        largest = self.layout.height, self.layout.width
        if any(np.greater(view.values.shape[:2], largest).any() for view in views):
            raise UnreadableFileError("an image became larger since the capture was opened.")
        return self.layout.join(views, self.cameras)


@dataclass(frozen=True, eq=False)
class ReadViews:
    """The views of a capture that can be used.

    Attributes:
        images: The views, decoded if they fit into the memory.
        kept: Their places among the files that were given.
    """

    images: PosedImages | StoredImages
    kept: list[int]


def read_views(
    files: Sequence[ViewFile], left_out: LeftOutFrames, max_memory_gb: float, *, listed: int
) -> ReadViews:
    """Decode every view of a capture once, and keep them if they fit into the memory.

    Args:
        files: At least one view.
        left_out: Collects the views that cannot be used; may hold some already.
        max_memory_gb: Size in GB from which on decoded images are not kept.
        listed: Number of views that the capture lists, those left out included.

    Returns:
        The views that can be used.

    Raises:
        DataError: No view can be used.
    """
    limit = max_memory_gb * GIGABYTE
    kept: list[int] = []
    views: list[DecodedView] = []
    facts: list[_Facts] = []
    size = 0
    for place, file in enumerate(files):
        try:
            view = file.read()
        except DataError as error:
            left_out.add(file.name, error)
            continue
        kept.append(place)
        facts.append(_Facts.of(view))
        size += facts[-1].bytes
        if size <= limit:
            views.append(view)
        else:
            views.clear()
    if not kept:
        raise DataError(left_out.describe_all(listed))
    left_out.warn(listed)
    layout = _layout(facts)
    cameras = _cameras(facts, layout)
    if len(kept) * layout.bytes_per_view <= limit:
        return ReadViews(layout.join(views, cameras), kept)
    return ReadViews(StoredImages([files[place] for place in kept], cameras, layout), kept)


@dataclass(frozen=True, eq=False)
class _Facts:
    """Metadata of a view whose pixels are not in memory."""

    height: int
    width: int
    is_opaque: bool
    has_mask: bool
    has_depth: bool
    K: Float[np.ndarray, "3 3"]
    viewmat: Float[np.ndarray, "4 4"]
    distortion: Distortion | None

    @classmethod
    def of(cls, view: DecodedView) -> "_Facts":
        height, width = view.values.shape[:2]
        is_opaque = bool((view.values[..., 3] == 1).all())
        has = view.mask is not None, view.depth is not None
        return cls(height, width, is_opaque, *has, view.K, view.viewmat, view.distortion)

    @property
    def bytes(self) -> int:
        """Size in memory."""
        own = Layout(self.height, self.width, not self.is_opaque, self.has_mask, self.has_depth)
        return own.bytes_per_view


def _layout(facts: Sequence[_Facts]) -> Layout:
    sizes = {(each.height, each.width) for each in facts}
    return Layout(
        height=max(each.height for each in facts),
        width=max(each.width for each in facts),
        alphas=not all(each.is_opaque for each in facts),
        masks=len(sizes) > 1 or any(each.has_mask for each in facts),
        depths=any(each.has_depth for each in facts),
    )


def _cameras(facts: Sequence[_Facts], layout: Layout) -> Cameras:
    return Cameras(
        torch.from_numpy(np.stack([each.viewmat for each in facts])).float(),
        torch.from_numpy(np.stack([each.K for each in facts])).float(),
        layout.width,
        layout.height,
        **_lenses([each.distortion for each in facts]),
    )


def _lenses(lenses: Sequence[Distortion | None]) -> dict[str, Any]:
    """The camera model and the coefficients of views whose images keep their distortion."""
    if not any(lenses):
        return {}
    fisheyes = sum(lens is not None and lens.is_fisheye for lens in lenses)
    if fisheyes not in (0, len(lenses)):
        raise DataError(
            f"{fisheyes} of {len(lenses)} cameras are fisheyes, and only cameras of one model are "
            "rendered together; undistort the images: data.undistort=true"
        )
    rows = [(lens or Distortion()).coefficients for lens in lenses]
    model = "fisheye" if fisheyes else "opencv"
    return {"model": model, "distortion": torch.tensor(rows, dtype=torch.float32)}


def _counted(view: DecodedView) -> Bool[Tensor, "h w"]:
    if view.mask is None:
        return torch.ones(view.values.shape[:2], dtype=torch.bool)
    return view.mask


def _measured(view: DecodedView) -> Float[Tensor, "h w"]:
    return torch.zeros(view.values.shape[:2]) if view.depth is None else view.depth
