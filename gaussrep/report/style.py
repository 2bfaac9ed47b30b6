"""The style of pages."""

from importlib.resources import files


def page_style(package: str) -> str:
    """Read the style sheet that all pages share, and a method's own after it.

    Args:
        package: Holds the method's `style.css`.

    Returns:
        CSS.
    """
    homes = (files(home) for home in ("gaussrep.report", package))
    return "".join(home.joinpath("style.css").read_text(encoding="utf-8") for home in homes)
