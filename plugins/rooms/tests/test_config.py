import subprocess
import sys

import pytest
from pydantic import ValidationError

from gaussrep_rooms.config import RoomsConfig


@pytest.mark.parametrize("field", ["frames", "height", "width", "points"])
def test_nothing_may_be_empty(field):
    with pytest.raises(ValidationError, match=field):
        RoomsConfig.model_validate({field: 0})


def test_the_settings_and_the_help_need_no_torch():
    code = (
        "import sys, gaussrep_rooms.config, gaussrep_rooms.command; "
        "assert not {'torch', 'numba'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
