"""Limits of the search for what a lens shows, the same for every renderer; without torch."""

from math import pi

SAMPLES = 1024
"""Angles off the axis at which a lens is examined."""

WIDEST = 0.5 * pi - 1e-3
"""Largest of these angles; points behind the camera are not rendered."""

NEWTON_STEPS = 20
"""Enough for the borders of images that a lens can make."""

TINY = 1e-12
"""Square of the slope below which a point is on the axis."""
