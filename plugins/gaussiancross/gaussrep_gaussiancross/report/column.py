"""One kind of picture of all views of a scene."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from gaussrep.report.panel import SIZE, Panel


@dataclass(frozen=True, eq=False)
class Column:
    """Pictures of several views.

    Attributes:
        title: What they show.
        pictures: RGB in [0, 1].
    """

    title: str
    pictures: Float[Tensor, "v h w 3"]

    def panels(self, shape: float) -> list[Panel]:
        """Make a panel of each.

        Args:
            shape: Height by width of the panels.
        """
        size = (SIZE, max(1, round(shape * SIZE)))
        return [Panel.of(self.title, picture, size) for picture in self.pictures]
