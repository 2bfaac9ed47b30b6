"""To what size a user's photographs are cut."""

from gaussrep.config import ComponentConfig
from gaussrep.errors import CapabilityError


def photograph_size(data: ComponentConfig) -> int:
    """The side of the square pictures that a data set gives, for photographs to be cut to it.

    Args:
        data: Configuration of a data set.

    Raises:
        CapabilityError: If its pictures are of any size.
    """
    size = getattr(data, "size", None)
    if not isinstance(size, int):
        raise CapabilityError(
            f"data set {data.type!r} does not say to what size photographs are cut."
        )
    return size
