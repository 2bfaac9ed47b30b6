"""What the furniture of one room has in common."""

from dataclasses import dataclass

import numpy as np

from gaussrep_rooms.materials import (
    Material,
    draw_enamel,
    draw_fabric,
    draw_metal,
    draw_paint,
    draw_wood,
)


@dataclass(frozen=True, slots=True)
class Style:
    """Materials that a room's furniture shares, whatever its class.

    Desks have the wood of tables, sofas and chairs the same cloth: only their shape tells them
    apart.

    Args:
        woods: Woods, and white or colored lacquer in some rooms.
        fabrics: Cloths.
        metal: Of legs and handles.
    """

    woods: tuple[Material, ...]
    fabrics: tuple[Material, ...]
    metal: Material

    def wood(self, rng: np.random.Generator) -> Material:
        """One of the woods."""
        return self.woods[rng.integers(len(self.woods))]

    def fabric(self, rng: np.random.Generator) -> Material:
        """One of the cloths."""
        return self.fabrics[rng.integers(len(self.fabrics))]


def draw_style(rng: np.random.Generator) -> Style:
    """Draw the style of a room.

    Args:
        rng: Source of randomness.
    """
    lacquer = draw_enamel(rng) if rng.random() < 0.5 else draw_paint(rng)
    third = lacquer if rng.random() < 0.6 else draw_wood(rng)
    fabrics = tuple(draw_fabric(rng) for _ in range(3))
    return Style((draw_wood(rng), draw_wood(rng), third), fabrics, draw_metal(rng))
