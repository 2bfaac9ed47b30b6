import pytest

from gaussrep.config import resolve
from gaussrep.evaluation.running import run_evaluation


@pytest.fixture
def evaluate(make_method):
    """Measure an untrained model of 32 pixels with a registered evaluation."""

    def run(name, method=None, **settings):
        settings = {"data": {"type": "shapes", "image_size": 32}, "limit": 3, **settings}
        config = resolve("evaluations", {"type": name, **settings})
        return run_evaluation(config, method or make_method(type="gmae"))

    return run
