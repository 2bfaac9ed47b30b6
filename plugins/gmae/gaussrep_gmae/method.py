"""GMAE: a masked autoencoder that predicts Gaussians (arXiv 2501.03229)."""

import torch
from einops import rearrange
from jaxtyping import Float, Int
from torch import Tensor, nn

import gaussrep as gr
from gaussrep import Cameras, Gaussians
from gaussrep.errors import CapabilityError
from gaussrep.methods import Batch, CollapseSign, Method
from gaussrep.rendering import Rendering
from gaussrep_gmae.camera import DISTANCE, canonical_camera, with_perspective_size
from gaussrep_gmae.config import GMAEConfig
from gaussrep_gmae.decoder import GaussianHead, QueryDecoder
from gaussrep_gmae.layers.figure import assumed_figure
from gaussrep_gmae.masked import MaskedMethod, MaskedPrediction

PRIOR_OFFSET = 0.5
"""Distance of the border prior's background and foreground from the center of the Gaussians' cube,
behind it and in front of it."""


class GMAE(MaskedMethod[GMAEConfig]):
    """Predict the Gaussians of a whole image from a quarter of its patches.

    Args:
        config: Sizes, mask ratio, scale limit, loss, background and renderer.
    """

    collapse_signs = (
        CollapseSign(
            "mean_opacity",
            0.01,
            "the Gaussians are transparent, and get no gradient",
            "try a lower trainer.lr or method.spread_start=true",
        ),
        CollapseSign(
            "scales_at_limit",
            0.99,
            "the Gaussians are as large as they can be, and blur everything",
            "try a lower trainer.lr or a higher method.max_scale",
            above=True,
        ),
    )

    def __init__(self, config: GMAEConfig) -> None:
        super().__init__(config)
        self.decoder = QueryDecoder(config, self.encoder.width)
        self.head = GaussianHead(config)
        self.backdrop = Background(config)

    @property
    def background(self) -> Float[Tensor, " 3"]:
        """Background color, RGB in [0, 1]."""
        return self.backdrop()

    def predict(
        self, images: Float[Tensor, "b 3 h w"], visible: Int[Tensor, "b visible"]
    ) -> MaskedPrediction:
        """Predict and render the Gaussians of images.

        Args:
            images: RGB in [0, 1].
            visible: Indices of the visible patches.

        Returns:
            The rendered images, and if the configuration gives it a weight, the loss of the
            `border_prior`. The metrics are the mean alpha, the mean opacity and the fraction of
            scales at their limit.
        """
        gaussians = self.decode(images, visible)
        rendering = self.render(gaussians)
        color = rearrange(rendering.color[:, 0], "b h w c -> b c h w")
        metrics = {
            "alpha": rendering.alpha.detach().mean(),
            "mean_opacity": gaussians.opacities.detach().mean(),
            "scales_at_limit": self.head.scales_at_limit(gaussians),
        }
        if not self.config.border_prior:
            return self.prediction(color, images, metrics)
        prior = border_prior_loss(rendering.depth[:, 0], rendering.alpha[:, 0], images)
        metrics["border_prior"] = prior.detach().mean()
        return self.prediction(color, images, metrics, self.config.border_prior * prior)

    def gaussians(self, batch: Batch) -> Gaussians:
        """Predict the Gaussians of whole images, without a mask.

        Args:
            batch: `image`, [B, 3, S, S] in [0, 1].

        Returns:
            Gaussians in [-1, 1]³ with batch axis [B], for `render`.
        """
        return self.decode(self.input_images(batch), None)

    def cameras(self, batch: Batch) -> Cameras:
        """Return the canonical camera, once for each image.

        Args:
            batch: `image`, [B, 3, S, S] in [0, 1].

        Returns:
            Orthographic cameras, [B, 1].
        """
        images = self.input_images(batch)
        return canonical_camera(len(images), self.config.image_size, images.device)

    def decode(
        self, images: Float[Tensor, "b 3 h w"], visible: Int[Tensor, "b visible"] | None
    ) -> Gaussians:
        """Predict the Gaussians of images from their visible patches.

        Args:
            images: RGB in [0, 1].
            visible: Indices of the visible patches; None for all patches.

        Returns:
            Gaussians in [-1, 1]³ with batch axis [B].
        """
        gaussians = self.head(self.decoder(self.encoder.checked_tokens(images, visible), visible))
        return with_perspective_size(gaussians) if self.config.perspective_size else gaussians

    def render(self, gaussians: Gaussians) -> Rendering:
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
        """Return the queries and the start values, which decay would pull to the image's center.

        Returns:
            Names as in `named_parameters`.
        """
        return {"decoder.queries", "head.start", *super().no_weight_decay()}


class Background(nn.Module):
    """One background color for all images: white, black, or learned.

    Args:
        config: The method's configuration.
    """

    color: Tensor

    def __init__(self, config: GMAEConfig) -> None:
        super().__init__()
        self.learned = config.background == "learned"
        if self.learned:
            self.raw_color = nn.Parameter(torch.zeros(3))
        else:
            level = 1.0 if config.background == "white" else 0.0
            self.register_buffer("color", torch.full((3,), level), persistent=False)

    def forward(self) -> Float[Tensor, " 3"]:
        """Return the color.

        Returns:
            RGB in [0, 1]; a learned color starts as middle gray and has a gradient.
        """
        return self.raw_color.sigmoid() if self.learned else self.color


def border_prior_loss(
    depth: Float[Tensor, "b h w"], alpha: Float[Tensor, "b h w"], images: Float[Tensor, "b 3 h w"]
) -> Float[Tensor, " b"]:
    """Compare rendered depth with a label-free target (design choice).

    The target puts the pixels of `assumed_figure` in front of the center of the cube, and the rest
    behind it. It has two depths and no order of objects.

    Args:
        depth: Expected depth from the canonical camera.
        alpha: Weight of each pixel; it gets no gradient.
        images: Input images, RGB in [0, 1].

    Returns:
        Mean squared differences, in the cube's units, one per image.
    """
    target = DISTANCE + PRIOR_OFFSET * (1 - 2 * assumed_figure(images))
    return (alpha.detach() * (depth - target).square()).mean((1, 2))


def require_gmae(method: Method) -> GMAE:
    """Check that a method is a GMAE.

    Args:
        method: Any method.

    Returns:
        The method.

    Raises:
        CapabilityError: It is not a GMAE.
    """
    if not isinstance(method, GMAE):
        raise CapabilityError(
            f"layers are computed from a GMAE's Gaussians, got {type(method).__name__}; evaluate a "
            "run of gmae."
        )
    return method
