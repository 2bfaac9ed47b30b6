"""A picture and what it shows."""

from dataclasses import dataclass

from jaxtyping import Float
from PIL import Image
from torch import Tensor

SIZE = 224
"""Side of every panel in pixels; the paper's image size, so its pictures are shown as they are."""


@dataclass(frozen=True)
class Panel:
    """A picture and what it shows.

    Args:
        title: Its caption, a few words.
        picture: RGB, of side `SIZE`.
    """

    title: str
    picture: Image.Image

    @classmethod
    def of(cls, title: str, pixels: Float[Tensor, "h w 3"]) -> "Panel":
        """Enlarge or reduce RGB to a panel.

        Args:
            title: Its caption.
            pixels: RGB in [0, 1]; values outside are clamped.

        Returns:
            The panel.
        """
        array = (pixels.clamp(0, 1) * 255).round().byte().cpu().numpy()
        picture = Image.fromarray(array).resize((SIZE, SIZE), Image.Resampling.BICUBIC)
        return cls(title, picture)
