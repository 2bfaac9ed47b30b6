import pytest
import torch

from gaussrep.methods.report import ReportSamples
from gaussrep_gaussiancross.report.report_scene import ReportScene
from gaussrep_gaussiancross.report.write_report import select_scene


@pytest.fixture
def method(make_method):
    return make_method().eval()


@pytest.fixture
def make_shown(make_batch):
    def make(scenes=1, **settings):
        return ReportSamples(
            tuple(f"<room {i}>" for i in range(scenes)), make_batch(scenes, **settings)
        )

    return make


@pytest.fixture
def batch(make_batch):
    return select_scene(make_batch(), 1)


@pytest.fixture
def scene(method, batch):
    with torch.no_grad():
        return ReportScene.of(method, batch)
