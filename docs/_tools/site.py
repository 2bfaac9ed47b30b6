"""mkdocs hook: the version in the footer, `gr.NAME` as the heading of front-door names."""

import re
from functools import cache
from typing import Any

import gaussrep

HEADING = "::: {path}\n    options:\n      heading: {name}\n      toc_label: {name}"


def on_config(config: Any) -> Any:
    """Set the line in the footer."""
    config["copyright"] = f"gaussrep {gaussrep.__version__} · Apache-2.0"
    return config


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Give the objects of the front door the names that users write."""
    return re.sub(r"^::: ([\w.]+)$", lambda mark: _block(mark[1]), markdown, flags=re.MULTILINE)


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
