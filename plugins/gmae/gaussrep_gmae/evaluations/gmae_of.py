"""The one method whose layers can be measured."""

from gaussrep.errors import CapabilityError
from gaussrep.methods.method import Method
from gaussrep_gmae.method import GMAE


def gmae_of(method: Method) -> GMAE:
    """Take a method for a GMAE.

    Args:
        method: Any method.

    Returns:
        The same.

    Raises:
        CapabilityError: It is none.
    """
    if not isinstance(method, GMAE):
        raise CapabilityError(
            f"layers are read off a GMAE's Gaussians, got {type(method).__name__}; evaluate a run "
            "of gmae."
        )
    return method
