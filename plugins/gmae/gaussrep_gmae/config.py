"""Settings of GMAE (torch-free); see `masked_config` for what "paper" and "ours" mean."""

from typing import Annotated, Literal

from pydantic import Field

from gaussrep.config import ComponentConfig, component
from gaussrep_gmae.masked_config import Count, MaskedConfig


class GMAEConfig(MaskedConfig):
    """Settings of the `gmae` method; the defaults are the paper's ViT-Base model."""

    queries: Count = 256
    """Number of learnable queries k; free of the patch count (paper; 256 is the successor's)."""
    gaussians_per_query: Count = 1
    """Gaussians m that each query becomes, k·m in all, at the attention cost of k (successor's
    `scale_vocab`)."""
    max_scale: float = Field(default=1.0, gt=0)
    """Limit c of a Gaussian's scale (paper: 1 is best); c = 1 is a standard deviation of 1/16 of
    the image's width (successor's camera)."""
    perspective_size: bool = False
    """Let nearer Gaussians appear larger, by 8/z with z in [7, 9]: but for `border_prior` the only
    path by which depth gets a gradient (successor's camera; off is ours)."""
    border_prior: float = Field(default=0.0, ge=0)
    """Weight of the mean squared difference between depth and a guess without labels, that what has
    the colors of the picture's border lies behind the rest (ours; 0.05 does well)."""
    spread_start: bool = True
    """Start with small Gaussians spread evenly over the frame, each query knowing its place and
    attending to the patches around it (ours); otherwise whatever a random decoder emits (paper)."""
    background: Literal["white", "black", "learned"] = "white"
    """What lies behind the Gaussians (paper's pictures: white); learned is one color for all
    images (ours)."""
    renderer: Annotated[ComponentConfig, component("renderers", auto=True)] = Field(
        default="auto", validate_default=True
    )  # pyright: ignore[reportAssignmentType]
    """Who draws."""

    @property
    def gaussians(self) -> int:
        """Number of Gaussians of an image, k·m."""
        return self.queries * self.gaussians_per_query
