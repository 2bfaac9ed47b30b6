"""MAE: a masked autoencoder whose decoder speaks in pixels (arXiv 2111.06377)."""

from einops import rearrange
from jaxtyping import Float, Int
from torch import Tensor

from gaussrep_gmae.mae.config import MAEConfig
from gaussrep_gmae.mae.decoder import PatchDecoder
from gaussrep_gmae.mae.target import Normalization, to_images, to_patches
from gaussrep_gmae.masked import Guess, MaskedMethod


class MAE(MaskedMethod[MAEConfig]):
    """Sees a quarter of an image's patches and says the pixels of all.

    Args:
        config: Sizes, mask ratio, loss and target.
    """

    def __init__(self, config: MAEConfig) -> None:
        super().__init__(config)
        self.decoder = PatchDecoder(config)

    def guess(self, images: Float[Tensor, "b 3 h w"], visible: Int[Tensor, "b visible"]) -> Guess:
        """Say the pixels of images of which some patches are seen.

        Args:
            images: RGB in [0, 1].
            visible: Indices of the visible patches.

        Returns:
            The images, clamped to [0, 1], and squared errors on the target. Where that is
            normalized the images borrow mean and deviation of each patch from the truth, masked
            patches included, so they look better than what was said, and so does their PSNR.
        """
        size = self.config.patch_size
        truth = to_patches(images, size)
        said = self.decoder(self.encoder(images, visible), visible)
        if self.config.target == "normalized":
            normalization = Normalization.of(truth)
            truth, shown = normalization.apply(truth), normalization.undo(said)
        else:
            shown = said
        errors = rearrange(to_images((said - truth).square(), size), "b c h w -> b h w c")
        return Guess(to_images(shown, size).clamp(0, 1), errors)

    def no_weight_decay(self) -> set[str]:
        """Name the learned tokens, as GMAE names its queries."""
        return {"decoder.mask_token", *super().no_weight_decay()}
