"""Settings of the rooms (torch-free)."""

from pydantic import Field

from gaussrep.config import Config


class RoomsConfig(Config):
    """Number and size of a room's frames, and number of its points.

    The content of a room depends on the seed and its number alone.
    """

    frames: int = Field(default=24, ge=1, le=10_000)
    """Posed RGB-D frames."""
    height: int = Field(default=120, ge=8, le=4096)
    """Height of the frames in pixels."""
    width: int = Field(default=160, ge=8, le=4096)
    """Width of the frames in pixels."""
    points: int = Field(default=50_000, ge=1)
    """Maximum number of points of the cloud; fewer if the frames see little."""
    ceiling: bool = False
    """Whether depth and cloud include the ceiling, unlabeled; images always show it."""
