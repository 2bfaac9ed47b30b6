"""mkdocs hook: the version in the footer, headings `gr.NAME`, and options that stay on one line."""

import re
from functools import cache
from typing import Any

import gaussrep

LONGEST = 36
"""Characters of code that fit on a line of a narrow screen; a design choice."""
INLINE_CODE = re.compile(r"(?<!<pre>)(?<!</span>)<code>([^<\n]*)</code>")
HEADING = "::: {path}\n    options:\n      heading: {name}\n      toc_label: {name}"


def on_config(config: Any) -> Any:
    """Set the line in the footer."""
    config["copyright"] = f"gaussrep {gaussrep.__version__} · Apache-2.0"
    return config


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Give the objects of the front door the names that users write."""
    return re.sub(r"^::: ([\w.]+)$", lambda mark: _block(mark[1]), markdown, flags=re.MULTILINE)


def on_page_content(html: str, **_: Any) -> str:
    """Keep words of inline code such as `--max-steps` from being broken after a hyphen."""
    return INLINE_CODE.sub(lambda mark: f"<code>{_whole_words(mark[1])}</code>", html)


def _whole_words(code: str) -> str:
    return " ".join(
        f'<span class="whole">{word}</span>' if "-" in word[:-1] and len(word) <= LONGEST else word
        for word in code.split(" ")
    )


def _block(path: str) -> str:
    name = _front_door().get(path)
    return f"::: {path}" if name is None else HEADING.format(path=path, name=name)


@cache
def _front_door() -> dict[str, str]:
    """Return `gr.NAME` by the path of the module where the object is defined."""
    objects = {name: getattr(gaussrep, name) for name in gaussrep.__all__}
    return {
        f"{each.__module__}.{name}": f"gr.{name}"
        for name, each in objects.items()
        if hasattr(each, "__module__")
    }
