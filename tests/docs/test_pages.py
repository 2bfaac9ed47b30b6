"""The generated parts of the pages are up to date."""

from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[2] / "docs" / "_tools"


@pytest.fixture
def pages(monkeypatch):
    """The module that writes the pages."""
    monkeypatch.syspath_prepend(str(TOOLS))
    return pytest.importorskip("pages")


def test_every_page_is_up_to_date(pages):
    texts = {page: page.read_text(encoding="utf-8") for page in pages.pages()}
    assert len(texts) > 20
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
