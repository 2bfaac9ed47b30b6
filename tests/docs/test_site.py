"""The hook of the documentation's site."""

import runpy
from pathlib import Path

import pytest

HOOK = Path(__file__).parents[2] / "docs" / "_tools" / "site.py"
WHOLE = '<span class="whole">{}</span>'


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("--max-steps", WHOLE.format("--max-steps")),
        ("ns-train x --a-b", f"{WHOLE.format('ns-train')} x {WHOLE.format('--a-b')}"),
        ("gr.render", "gr.render"),
        ("a-" + 40 * "b", "a-" + 40 * "b"),
    ],
)
def test_words_of_code_are_not_broken_after_a_hyphen(code, expected):
    found = runpy.run_path(str(HOOK))["on_page_content"](f"<p>see <code>{code}</code></p>")
    assert found == f"<p>see <code>{expected}</code></p>"


@pytest.mark.parametrize("start", ["<pre>", "<pre><span></span>"])
def test_blocks_of_code_stay_as_they_are(start):
    block = f"{start}<code>ns-train --a-b</code></pre>"
    assert runpy.run_path(str(HOOK))["on_page_content"](block) == block
