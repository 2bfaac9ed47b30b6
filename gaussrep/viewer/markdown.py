"""Plain text as Markdown."""

import re
import string

_PUNCTUATION = re.compile(f"([{re.escape(string.punctuation)}])")


def escape_markdown(text: str) -> str:
    r"""Escape text, so that Markdown shows it as it is; viser would run HTML and JSX in it.

    Args:
        text: Any text, such as the name of a file.

    Returns:
        Markdown: every sign of punctuation with a backslash (CommonMark 0.31, section 2.4), and
        control characters and indentation as spaces.

    Examples:
        >>> print(escape_markdown("a_b.ply: <img>"))
        a\_b\.ply\: \<img\>
    """
    lines = ("".join(c if c.isprintable() else " " for c in line) for line in text.splitlines())
    return "\n".join(_PUNCTUATION.sub(r"\\\1", line.strip()) for line in lines)
