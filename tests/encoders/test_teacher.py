import subprocess
import sys

import pytest

from gaussrep import plugins
from gaussrep.config import ComponentConfig
from gaussrep.encoders.teacher import build_teacher
from gaussrep.encoders.teacher_config import StatisticsConfig
from gaussrep.errors import ConfigError, UnknownNameError
from gaussrep.plugins import Component, EncoderRecord


@pytest.mark.parametrize(
    "config", ["statistics", {"type": "statistics", "width": 5}, StatisticsConfig(width=5)]
)
def test_a_teacher_is_frozen(config):
    teacher = build_teacher(config)
    assert teacher.width == (32 if config == "statistics" else 5)
    assert not teacher.training
    assert not any(parameter.requires_grad for parameter in teacher.parameters())


def test_a_network_is_frozen_too():
    pytest.importorskip("timm")
    teacher = build_teacher({"type": "timm", "model": "test_vit", "pretrained": False})
    assert not any(module.training for module in teacher.modules())
    parameters = list(teacher.parameters())
    assert parameters
    assert not any(parameter.requires_grad for parameter in parameters)


def test_other_encoders_are_refused(monkeypatch):
    record = EncoderRecord(
        name="cloud", summary="Points.", target="builtins:object", modality="points"
    )
    found = Component(record, "encoders", "gaussrep", "1")
    monkeypatch.setattr(plugins, "find", lambda kind, name: found)
    wanted = r"encoder 'cloud' encodes no images; expected .*statistics, timm"
    with pytest.raises(ConfigError, match=wanted):
        build_teacher(ComponentConfig(type="cloud"))


def test_an_unknown_one_is_named():
    with pytest.raises(UnknownNameError, match="statistics"):
        build_teacher("statistic")


def test_settings_import_no_torch():
    code = "import sys, gaussrep.encoders.teacher_config as c; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
