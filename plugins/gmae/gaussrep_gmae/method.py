"""GMAE: a masked autoencoder whose decoder speaks in Gaussians (arXiv 2501.03229)."""

import torch
from einops import rearrange
from jaxtyping import Float, Int
from torch import Tensor

import gaussrep as gr
from gaussrep.errors import ShapeError
from gaussrep.gaussians import Gaussians
from gaussrep.methods.method import Batch, Embedding, Method, StepOutput
from gaussrep.rendering import Rendering
from gaussrep_gmae.camera import canonical_camera, with_perspective_size
from gaussrep_gmae.config import GMAEConfig
from gaussrep_gmae.decoder import QueryDecoder
from gaussrep_gmae.encoder import MaskedEncoder
from gaussrep_gmae.head import GaussianHead
from gaussrep_gmae.masking import masked_patches, mean_of, random_visible, to_pixels


class GMAE(Method):
    """Sees a quarter of an image's patches and says the whole image in Gaussians.

    Args:
        config: Sizes, mask ratio, scale limit, loss, background and renderer.
    """

    config: GMAEConfig
    background: Tensor

    def __init__(self, config: GMAEConfig) -> None:
        super().__init__(config)
        self.encoder = MaskedEncoder(config)
        self.decoder = QueryDecoder(config)
        self.head = GaussianHead(config)
        level = 1.0 if config.background == "white" else 0.0
        self.register_buffer("background", torch.full((3,), level), persistent=False)

    def training_loss(self, batch: Batch) -> StepOutput:
        """Mean squared error between picture and image in [0, 1], on masked patches (paper).

        Args:
            batch: `image`, [B, 3, S, S] in [0, 1].

        Returns:
            The loss; besides it the PSNR on masked pixels in dB and the mean alpha.
        """
        images = self._images(batch)
        visible = self.random_visible(len(images))
        picture = self.draw(self.decode(images, visible))
        error = (picture.color[:, 0] - rearrange(images, "b c h w -> b h w c")).square()
        masked = self.masked_pixels(visible)
        masked_error = mean_of(error, masked)
        loss = masked_error.mean() if self.config.loss == "masked" else error.mean()
        psnr = -10 * masked_error.detach().clamp_min(1e-10).log10().mean()
        return StepOutput(loss, {"psnr": psnr, "alpha": picture.alpha.detach().mean()})

    def gaussians(self, batch: Batch) -> Gaussians:
        """Gaussians of whole images, nothing masked.

        Args:
            batch: `image`, [B, 3, S, S] in [0, 1].

        Returns:
            Gaussians in [-1, 1]³ with batch axis [B]; `draw` shows them.
        """
        return self.decode(self._images(batch), None)

    def embed(self, batch: Batch) -> Embedding:
        """Features of whole images, nothing masked.

        Args:
            batch: `image`, [B, 3, S, S] in [0, 1].

        Returns:
            Patch tokens after the encoder's last norm, row by row, and their mean.
        """
        tokens = self.encoder(self._images(batch))[:, 1:]
        return Embedding(tokens=tokens, pooled=tokens.mean(dim=1))

    def decode(
        self, images: Float[Tensor, "b 3 h w"], visible: Int[Tensor, "b visible"] | None
    ) -> Gaussians:
        """Gaussians of images of which only some patches are seen.

        Args:
            images: RGB in [0, 1].
            visible: Indices of the visible patches; all where it is None.

        Returns:
            Gaussians in [-1, 1]³ with batch axis [B].
        """
        gaussians = self.head(self.decoder(self.encoder(images, visible), visible))
        return with_perspective_size(gaussians) if self.config.perspective_size else gaussians

    def draw(self, gaussians: Gaussians) -> Rendering:
        """Render Gaussians with the canonical camera over the method's background, in float32.

        Args:
            gaussians: Gaussians of a batch of images, [B, K].

        Returns:
            One view per image, [B, 1, S, S].
        """
        images, device = len(gaussians.means), gaussians.device
        camera = canonical_camera(images, self.config.image_size, device)
        with torch.autocast(device.type, enabled=False):
            return gr.render(gaussians, camera, self.config.renderer, self.background)

    def random_visible(self, images: int) -> Int[Tensor, "b visible"]:
        """Draw which patches are seen, at the configured mask ratio.

        Args:
            images: Batch size.

        Returns:
            Indices of the visible patches of each image.
        """
        config = self.config
        return random_visible(
            images, config.patches, config.visible_patches, self.background.device
        )

    def masked_pixels(self, visible: Int[Tensor, "b visible"]) -> Tensor:
        """Which pixels belong to masked patches.

        Args:
            visible: Indices of the visible patches.

        Returns:
            Booleans, [B, S, S].
        """
        return to_pixels(masked_patches(visible, self.config.patches), self.config.patch_size)

    def no_weight_decay(self) -> set[str]:
        """Learned places and start values, which decay would pull to the image's centre."""
        return {"decoder.queries", "head.start", "encoder.vit.cls_token"}

    def _images(self, batch: Batch) -> Tensor:
        images, size = batch["image"], self.config.image_size
        if images.shape[1:] != (3, size, size):
            raise ShapeError(
                f"image has shape {list(images.shape)}, wanted [B, 3, {size}, {size}]; "
                "set data.size and method.image_size to the same number."
            )
        return images
