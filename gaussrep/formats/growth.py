"""Files that claim to hold far more than they are long."""

from gaussrep.errors import FormatError

FREE = 2**26
"""Any file may unpack to 64 MiB; ours."""
MAX_RATIO = 100
"""A larger one to this many times its own size; real scenes reach a few times. Ours."""


def check_growth(packed: int, unpacked: int) -> None:
    """Refuse a small file that would fill the memory.

    Args:
        packed: Bytes that the file has.
        unpacked: Bytes that it would become.

    Raises:
        FormatError: If those are too many.
    """
    if unpacked > max(FREE, MAX_RATIO * packed):
        raise FormatError(
            f"the file would grow from {packed} bytes to {unpacked}, more than {MAX_RATIO} times "
            "as many; no real scene does."
        )
