"""GMAE: a masked autoencoder whose decoder speaks in Gaussians (arXiv 2501.03229)."""

import torch
from einops import rearrange
from jaxtyping import Float, Int
from torch import Tensor

import gaussrep as gr
from gaussrep.cameras import Cameras
from gaussrep.gaussians import Gaussians
from gaussrep.methods.method import Batch
from gaussrep.rendering import Rendering
from gaussrep_gmae.backdrop import Backdrop
from gaussrep_gmae.border_prior import border_prior
from gaussrep_gmae.camera import canonical_camera, with_perspective_size
from gaussrep_gmae.config import GMAEConfig
from gaussrep_gmae.decoder import QueryDecoder
from gaussrep_gmae.head import GaussianHead
from gaussrep_gmae.masked import Guess, MaskedMethod


class GMAE(MaskedMethod[GMAEConfig]):
    """Sees a quarter of an image's patches and says the whole image in Gaussians.

    Args:
        config: Sizes, mask ratio, scale limit, loss, background and renderer.
    """

    def __init__(self, config: GMAEConfig) -> None:
        super().__init__(config)
        self.decoder = QueryDecoder(config)
        self.head = GaussianHead(config)
        self.backdrop = Backdrop(config)

    @property
    def background(self) -> Float[Tensor, " 3"]:
        """RGB behind the Gaussians."""
        return self.backdrop()

    def guess(self, images: Float[Tensor, "b 3 h w"], visible: Int[Tensor, "b visible"]) -> Guess:
        """Draw images of which some patches are seen, and compare colors in [0, 1] (paper).

        Args:
            images: RGB in [0, 1].
            visible: Indices of the visible patches.

        Returns:
            The pictures, their squared errors, the mean alpha as a metric, and where the
            configuration gives it a weight, how far depth is from `border_prior`.
        """
        picture = self.draw(self.decode(images, visible))
        said = rearrange(picture.color[:, 0], "b h w c -> b c h w")
        errors = rearrange((said - images).square(), "b c h w -> b h w c")
        metrics = {"alpha": picture.alpha.detach().mean()}
        if not self.config.border_prior:
            return Guess(said.clamp(0, 1), errors, metrics)
        far_off = border_prior(picture.depth[:, 0], picture.alpha[:, 0], images)
        metrics["border_prior"] = far_off.detach().mean()
        return Guess(said.clamp(0, 1), errors, metrics, self.config.border_prior * far_off)

    def gaussians(self, batch: Batch) -> Gaussians:
        """Gaussians of whole images, nothing masked.

        Args:
            batch: `image`, [B, 3, S, S] in [0, 1].

        Returns:
            Gaussians in [-1, 1]³ with batch axis [B]; `draw` shows them.
        """
        return self.decode(self.images_of(batch), None)

    def cameras(self, batch: Batch) -> Cameras:
        """The canonical camera, once for each image.

        Args:
            batch: `image`, [B, 3, S, S] in [0, 1].

        Returns:
            Orthographic cameras, [B, 1].
        """
        images = self.images_of(batch)
        return canonical_camera(len(images), self.config.image_size, images.device)

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

    def no_weight_decay(self) -> set[str]:
        """Learned places and start values, which decay would pull to the image's center."""
        return {"decoder.queries", "head.start", *super().no_weight_decay()}
