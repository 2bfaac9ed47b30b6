"""Base class of image encoders that can encode the visible patches of a masked image."""

from abc import abstractmethod
from collections.abc import Sequence

from einops import rearrange
from jaxtyping import Float, Int
from torch import Tensor, nn

from gaussrep.encoders.encoder import ImageEncoder, check_output
from gaussrep.encoders.resizing import resize_images
from gaussrep.errors import CapabilityError, ConfigError


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
        """Encode a batch of images; the pixels of other patches must not influence the result.

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
            ShapeError: That is not [B, 1 + visible, width].
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
        """Return the parameters, besides those of one dimension, that weight decay must not touch.

        Returns:
            Names as in `named_parameters`; by default none.
        """
        return set()

    def load_pretrained(self, source: str | None = None) -> None:
        """Load the initial weights of a new run; by default the encoder has none.

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
