"""The generated parts of the pages are up to date."""

from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = ROOT / "docs" / "_tools"
DEVELOPMENT = ROOT / "constraints" / "dev.txt"
"""Versions that the pages are written with; other ones of typer describe options otherwise."""


@pytest.fixture
def pages(monkeypatch):
    """The module that writes the pages."""
    monkeypatch.syspath_prepend(str(TOOLS))
    return pytest.importorskip("pages")


def test_every_page_is_up_to_date(pages):
    texts = {page: page.read_text(encoding="utf-8") for page in pages.pages()}
    assert len(texts) > 20
    if f"typer=={version('typer')}\n" not in DEVELOPMENT.read_text(encoding="utf-8"):
        texts = {page: text for page, text in texts.items() if page.name != "commands.md"}
    assert [page.name for page, text in texts.items() if pages.fill(text) != text] == []


def test_a_part_is_replaced_and_what_is_around_it_stays(pages, monkeypatch):
    monkeypatch.setitem(pages.TABLES, "edges", lambda: "| new |")
    old = "Before.\n\n<!-- table: edges -->\n\n| old |\n\n<!-- end -->\n\nAfter.\n"
    assert pages.fill(old) == old.replace("old", "new")


def test_a_stale_page_is_named(pages, monkeypatch, tmp_path):
    monkeypatch.setattr(pages, "DOCS", tmp_path)
    monkeypatch.setattr("sys.argv", ["pages.py", "--check"])
    (tmp_path / "page.md").write_text("<!-- table: edges -->\n<!-- end -->\n")
    with pytest.raises(SystemExit, match=r"page\.md; run `make docs-pages`"):
        pages.main()
