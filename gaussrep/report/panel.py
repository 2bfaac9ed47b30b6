"""A picture and what it shows."""

from dataclasses import dataclass

from jaxtyping import Float
from PIL import Image
from torch import Tensor

SIZE = 224
"""Side of a panel in pixels; that of the images in GMAE's paper, which are shown as they are."""


@dataclass(frozen=True)
class Panel:
    """A picture and what it shows.

    Args:
        title: Its caption, a few words.
        picture: RGB.
    """

    title: str
    picture: Image.Image

    @classmethod
    def of(
        cls, title: str, pixels: Float[Tensor, "h w 3"], size: tuple[int, int] = (SIZE, SIZE)
    ) -> "Panel":
        """Enlarge or reduce RGB to a panel.

        Args:
            title: Its caption.
            pixels: RGB in [0, 1]; values outside are clamped.
            size: Width and height of the panel.

        Returns:
            The panel.
        """
        array = (pixels.clamp(0, 1) * 255).round().byte().cpu().numpy()
        picture = Image.fromarray(array).resize(size, Image.Resampling.BICUBIC)
        return cls(title, picture)
