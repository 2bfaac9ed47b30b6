"""Options that several subjects of `gaussrep bench` share."""

from pathlib import Path

from gaussrep.errors import ConfigError


def counts(option: str, text: str, least: int = 1) -> list[int]:
    """Read whole numbers.

    Args:
        option: Its name, for the message.
        text: Numbers separated by commas.
        least: The smallest that is allowed.

    Returns:
        The numbers.

    Raises:
        ConfigError: It is something else.

    Example:
        >>> counts("--threads", "1,2")
        [1, 2]
    """
    if not all(word.strip().isdecimal() and int(word) >= least for word in text.split(",")):
        raise ConfigError(f"{option} is {text!r}, wanted numbers such as 1,2.")
    return [int(word) for word in text.split(",")]


def require_folder_of(out: Path | None) -> None:
    """Refuse a file that could not be written, before anything is measured.

    Args:
        out: The file of `--out`, if it is given.

    Raises:
        ConfigError: Its folder does not exist.
    """
    if out is not None and not out.parent.is_dir():
        raise ConfigError(f"--out is {out}, but there is no folder {out.parent}; make it first.")
