"""Base classes of encoders."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from einops import rearrange
from jaxtyping import Float, Int
from torch import Tensor, nn

from gaussrep.checks import check_shape
from gaussrep.encoders.resizing import resize_images
from gaussrep.encoders.voxels import VoxelCloud
from gaussrep.errors import CapabilityError, ConfigError


def check_output(encoder: nn.Module, output: Tensor, expected: Sequence[int | str]) -> None:
    """Check the shape of an encoder's output.

    Args:
        encoder: The encoder, for the message.
        output: Its output.
        expected: One entry per axis: a size, or a name for an axis of any size.

    Raises:
        ShapeError: If the number of axes or a size differs.
    """
    check_shape(f"the output of encoder {type(encoder).__name__}", output, expected)


class ImageEncoder(nn.Module, ABC):
    """Encodes images as maps of feature vectors."""

    @property
    @abstractmethod
    def width(self) -> int:
        """Length of a feature vector, D."""

    @abstractmethod
    def forward(
        self, images: Float[Tensor, "batch 3 height width"]
    ) -> Float[Tensor, "batch rows columns channels"]:
        """Encode a batch of images.

        Args:
            images: RGB in [0, 1].

        Returns:
            One vector of length `width` per cell of a regular grid over the image, top row first.
        """

    def checked(
        self, images: Float[Tensor, "batch 3 height width"]
    ) -> Float[Tensor, "batch rows columns channels"]:
        """Encode a batch of images, and check the shape of the result.

        Args:
            images: RGB in [0, 1].

        Returns:
            What `forward` returns.

        Raises:
            ShapeError: The output is not [B, rows, columns, width].
        """
        features = self(images)
        check_output(self, features, [len(images), "rows", "columns", self.width])
        return features


class MaskedImageEncoder(ImageEncoder):
    """Encodes square images patch by patch, all patches or only the visible ones.

    `build("encoders", config, image_size=S, patch_size=P)` builds one for images of S × S pixels;
    an encoder whose patches have a fixed size ignores P. Its record has
    `capabilities=frozenset({"visible_patches"})`. As an image encoder it returns the patch tokens
    of the whole image as a feature map.

    Args:
        image_size: Side S of the square images in pixels.
        patch_size: Side P of a patch in pixels; must divide S.

    Raises:
        ConfigError: The patch size does not divide the image size.
    """

    def __init__(self, image_size: int, patch_size: int) -> None:
        super().__init__()
        if image_size % patch_size:
            raise ConfigError(
                f"patches of {patch_size} pixels do not divide the encoder's images of {image_size}"
            )
        self.image_size = image_size
        self.patch_size = patch_size

    @abstractmethod
    def tokens(
        self,
        images: Float[Tensor, "b 3 s s"],
        visible: Int[Tensor, "b visible"] | None = None,
    ) -> Float[Tensor, "b tokens width"]:
        """Encode the visible patches only; other patches must not influence the result.

        Args:
            images: RGB in [0, 1], of `image_size`.
            visible: Indices of the visible patches, counted row by row; None for all patches.

        Returns:
            The class token first, then the patches in the order of `visible`, [B, 1 + visible, D].
        """

    def checked_tokens(
        self,
        images: Float[Tensor, "b 3 s s"],
        visible: Int[Tensor, "b visible"] | None = None,
    ) -> Float[Tensor, "b tokens width"]:
        """Encode a batch of images, and check the shape of the result.

        Args:
            images: RGB in [0, 1], of `image_size`.
            visible: Indices of the visible patches; None for all patches.

        Returns:
            What `tokens` returns.

        Raises:
            ShapeError: The output is not [B, 1 + visible, width].
        """
        latents = self.tokens(images, visible)
        patches = (self.image_size // self.patch_size) ** 2
        count = patches if visible is None else visible.shape[1]
        check_output(self, latents, [len(images), 1 + count, self.width])
        return latents

    def forward(
        self, images: Float[Tensor, "batch 3 height width"]
    ) -> Float[Tensor, "batch rows columns channels"]:
        """Encode whole images, resized to `image_size`.

        Args:
            images: RGB in [0, 1], of any size.

        Returns:
            Patch tokens as a map, [B, S / P, S / P, D].
        """
        tokens = self.tokens(resize_images(images, self.image_size, self.image_size))
        side = self.image_size // self.patch_size
        return rearrange(tokens[:, 1:], "b (rows columns) d -> b rows columns d", rows=side)

    def layers(self) -> Sequence[nn.Module]:
        """Return the trainable modules for fine-tuning with layer-wise learning rates.

        Returns:
            Disjoint modules from the input to the output; by default the encoder as one.
        """
        return [self]

    def no_weight_decay(self) -> set[str]:
        """List parameters without weight decay, besides those of one dimension.

        Returns:
            Names as in `named_parameters`; by default none.
        """
        return set()

    def load_pretrained(self, source: str | None = None) -> None:
        """Load pretrained weights for a new run; by default there are none.

        Args:
            source: File or name of the weights; None for those that the configuration names.

        Raises:
            ConfigError: The encoder cannot load weights from `source`.
        """
        if source is not None:
            raise ConfigError(
                f"method.encoder_weights is {source!r}, but {type(self).__name__} loads no such "
                "weights; remove it or take method.encoder.type=vit"
            )

    def checkpoint_activations(self) -> None:
        """Recompute activations in the backward pass instead of keeping them.

        Raises:
            CapabilityError: The encoder cannot; by default none can.
        """
        raise CapabilityError(
            f"{type(self).__name__} cannot checkpoint activations; set method.checkpointing=false"
        )


class PointEncoder(nn.Module, ABC):
    """Encodes the occupied voxels of scenes as one feature vector each.

    `build("encoders", config, channels=C)` builds one for voxels with C input features.
    """

    @property
    @abstractmethod
    def width(self) -> int:
        """Length of a feature vector, D."""

    @abstractmethod
    def forward(self, cloud: VoxelCloud) -> Float[Tensor, "points width"]:
        """Encode a batch of scenes.

        Args:
            cloud: Occupied voxels and their input features.

        Returns:
            One vector of length `width` per voxel, in the order of the cloud.
        """

    @property
    def multi_scale_width(self) -> int:
        """Length of a vector of `encode_multi_scale`; by default that of a feature vector."""
        return self.width

    def encode_multi_scale(self, cloud: VoxelCloud) -> Float[Tensor, "points widths"]:
        """Encode a batch of scenes at every resolution of the encoder.

        Args:
            cloud: Occupied voxels and their input features.

        Returns:
            One vector of length `multi_scale_width` per voxel, in the order of the cloud: the
            features of the voxel and of the coarser voxels that hold it. By default the features of
            `forward` alone.
        """
        return self.checked(cloud)

    def load_pretrained(self) -> None:
        """Load the pretrained weights that the configuration names, for a new run; by default none.

        Raises:
            ConfigError: The weights cannot be read, or do not fit.
        """

    def checked(self, cloud: VoxelCloud) -> Float[Tensor, "points width"]:
        """Encode a batch of scenes, and check the shape of the result.

        Args:
            cloud: Occupied voxels and their input features.

        Returns:
            What `forward` returns.

        Raises:
            ShapeError: The output is not [points, width].
        """
        features = self(cloud)
        check_output(self, features, [cloud.count, self.width])
        return features
