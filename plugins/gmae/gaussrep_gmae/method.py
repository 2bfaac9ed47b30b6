"""GMAE: a masked autoencoder that predicts Gaussians (arXiv 2501.03229)."""

import torch
from einops import rearrange
from jaxtyping import Float, Int
from torch import Tensor, nn

import gaussrep as gr
from gaussrep import Cameras, Gaussians
from gaussrep.errors import CapabilityError, DataError
from gaussrep.methods import Batch, CollapseSign, Method
from gaussrep.rendering import Rendering
from gaussrep_gmae.camera import canonical_camera, with_oblique_views, with_perspective_size
from gaussrep_gmae.config import GMAEConfig
from gaussrep_gmae.decoder import GaussianHead, QueryDecoder
from gaussrep_gmae.depth_losses import border_prior_loss, other_views_loss, true_depth_loss
from gaussrep_gmae.masked import MaskedMethod, MaskedPrediction


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

    def predict(self, batch: Batch, visible: Int[Tensor, "b visible"]) -> MaskedPrediction:
        """Predict the Gaussians of images, and render them.

        Args:
            batch: `image`, [B, 3, S, S] in [0, 1]; for further losses `other_views` with their
                `parallax`, and `depth`.
            visible: Indices of the visible patches.

        Returns:
            The rendered images, and the weighted losses on depth that apply: on the scene's other
            views if the batch has any, and those to which the configuration gives a weight. The
            metrics are these losses, the mean alpha, the mean opacity and the fraction of scales at
            their limit.
        """
        images = self.input_images(batch)
        gaussians = self.decode(images, visible)
        rendering = self.render(gaussians, self._training_cameras(batch))
        color = rearrange(rendering.color, "b v h w c -> b v c h w")
        losses = self._depth_losses(rendering, color, batch)
        metrics = {
            "alpha": rendering.alpha.detach().mean(),
            "mean_opacity": gaussians.opacities.detach().mean(),
            "scales_at_limit": self.head.scales_at_limit(gaussians),
            **{name: loss.detach().mean() for name, (_, loss) in losses.items()},
        }
        penalties = [weight * loss for weight, loss in losses.values()]
        penalty = torch.stack(penalties).sum(dim=0) if penalties else None
        return self.prediction(color[:, 0], images, metrics, penalty)

    def _depth_losses(
        self, rendering: Rendering, color: Float[Tensor, "b v 3 h w"], batch: Batch
    ) -> dict[str, tuple[float, Float[Tensor, " b"]]]:
        """Weights and values of the losses on depth that apply."""
        config, losses = self.config, {}
        depth, alpha = rendering.depth[:, 0], rendering.alpha[:, 0]
        if color.shape[1] > 1:
            views = other_views_loss(color[:, 1:], batch["other_views"])
            losses["other_views"] = config.other_views_weight, views
        if config.border_prior:
            prior = border_prior_loss(depth, alpha, batch["image"])
            losses["border_prior"] = config.border_prior, prior
        if config.true_depth_weight:
            supervised = true_depth_loss(depth, alpha, _true_depth(batch))
            losses["true_depth"] = config.true_depth_weight, supervised
        return losses

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

    def _training_cameras(self, batch: Batch) -> Cameras:
        """The canonical camera, and oblique ones of the scene's other views."""
        cameras = self.cameras(batch)
        if "other_views" not in batch or not self.config.other_views_weight:
            return cameras
        return with_oblique_views(cameras, batch["parallax"])

    def render(self, gaussians: Gaussians, cameras: Cameras | None = None) -> Rendering:
        """Render Gaussians over the method's background, in float32.

        Args:
            gaussians: Gaussians of a batch of images, [B, K].
            cameras: Cameras with batch axis [B]; None for the canonical camera.

        Returns:
            The views, [B, V, S, S]; one per image with the canonical camera.
        """
        images, device = len(gaussians.means), gaussians.device
        if cameras is None:
            cameras = canonical_camera(images, self.config.image_size, device)
        with torch.autocast(device.type, enabled=False):
            return gr.render(gaussians, cameras, self.config.renderer, self.background)

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


def _true_depth(batch: Batch) -> Float[Tensor, "b h w"]:
    if "depth" not in batch:
        raise DataError(
            "method.true_depth_weight needs data with `depth`, got "
            f"{', '.join(sorted(batch))}; data.type=shapes has it."
        )
    return batch["depth"]


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
