import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def blocks():
    """The code of a page in one language, block by block."""

    def read(page, language="python"):
        text = (ROOT / page).read_text(encoding="utf-8")
        return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)

    return read
