"""Reading of text and JSON that a stranger may have made. Never imports torch."""

import json
import math
from pathlib import Path
from typing import Any

__all__ = ["read_json"]


def require_plain(path: Path) -> None:
    """Check that a path is not a pipe or device, whose reading would wait or never end.

    Args:
        path: Any path; one that does not exist is left to the reader.

    Raises:
        OSError: It is one.
    """
    if path.exists() and not path.is_file() and not path.is_dir():
        raise OSError(0, "it is not a regular file", str(path))


def is_there(path: Path) -> bool:
    """Check that a path which a file names exists.

    Args:
        path: Any path, which may be longer than the system allows.

    Returns:
        Whether it exists; False if the system refuses the name.
    """
    try:
        return path.exists()
    except OSError:
        return False


def read_plain_text(path: Path, encoding: str = "utf-8") -> str:
    """Read a text file.

    Args:
        path: The file.
        encoding: Its encoding.

    Returns:
        Its content.

    Raises:
        OSError: It cannot be read, or is not a regular file.
        UnicodeDecodeError: It is not text of that encoding.
    """
    require_plain(path)
    return path.read_text(encoding=encoding)


def read_json(path: Path, encoding: str = "utf-8", *, finite: bool = True) -> Any:
    """Read a JSON file.

    Args:
        path: The file.
        encoding: Its encoding.
        finite: Refuse numbers that are not finite, such as NaN, which is not JSON.

    Returns:
        Plain data.

    Raises:
        OSError: It cannot be read, or is not a regular file.
        ValueError: It is not JSON, is nested too deeply, or has a number that is not finite.
    """
    return parse_json(read_plain_text(path, encoding), finite=finite)


def parse_json(text: str, *, finite: bool = True) -> Any:
    """Parse JSON.

    Args:
        text: The text.
        finite: Refuse numbers that are not finite.

    Returns:
        Plain data.

    Raises:
        ValueError: It is not JSON, is nested too deeply, or has a number that is not finite.
    """
    try:
        number = _finite if finite else float
        return json.loads(text, parse_float=number, parse_constant=number)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"the number {text:.20} is not finite")
    return number
