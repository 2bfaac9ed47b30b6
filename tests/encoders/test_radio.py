import urllib.error

import pytest
import torch

from gaussrep.config import resolve
from gaussrep.encoders.radio import RadioEncoder
from gaussrep.encoders.teacher_config import RadioConfig
from gaussrep.errors import ConfigError, UnavailableError, UntrustedError
from gaussrep.trust import trusting

HUBCONF = """
from typing import NamedTuple
import torch

class Output(NamedTuple):
    summary: torch.Tensor
    features: torch.Tensor

class Stub(torch.nn.Module):
    patch_size = 16
    min_resolution_step = {step}

    def __init__(self, version):
        super().__init__()
        assert version == "c-radio_v3-b", version
        self.gain = torch.nn.Parameter(torch.tensor(2.0))

    def forward(self, x):
        assert x.shape[-1] % self.min_resolution_step == 0
        means = torch.nn.functional.avg_pool2d(x, self.patch_size)
        tokens = (self.gain * means).flatten(2).mT
        return Output(tokens.mean(1), tokens)

def radio_model(version="", progress=True, **kwargs):
    return Stub(version)
"""


@pytest.fixture(autouse=True)
def trusted(tmp_path):
    """The names that the tests use."""
    with trusting([str(tmp_path), "NVlabs/RADIO"]):
        yield


@pytest.fixture
def repository(tmp_path):
    def write(step=16):
        (tmp_path / "hubconf.py").write_text(HUBCONF.format(step=step))
        return {"source": "local", "repo": str(tmp_path)}

    return write


def test_a_local_copy_gives_a_map_of_patches(repository):
    encoder = RadioEncoder(RadioConfig(**repository()))
    assert encoder.width == 3
    images = torch.rand(2, 3, 32, 48)
    maps = encoder(images)
    assert maps.shape == (2, 2, 3, 3)
    assert torch.allclose(maps[1, 1, 2], 2 * images[1, :, 16:, 32:].mean((1, 2)), atol=1e-6)


def test_sides_are_rounded_to_what_the_model_takes(repository):
    encoder = RadioEncoder(RadioConfig(**repository(step=32), image_side=60))
    assert encoder(torch.rand(1, 3, 40, 80)).shape == (1, 2, 4, 3)


def test_without_a_network_it_is_one_sentence(tmp_path, monkeypatch):
    def offline(*_, **__):
        raise urllib.error.URLError("Name or service not known")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(torch.hub, "urlopen", offline)
    output = r"RADIO 'c-radio_v3-b' cannot be loaded from NVlabs/RADIO .*no internet.*source=local"
    with pytest.raises(UnavailableError, match=output) as error:
        RadioEncoder(RadioConfig())
    assert "\n" not in str(error.value)


def test_a_folder_without_radio_is_one_sentence(tmp_path):
    with pytest.raises(UnavailableError, match=r"cannot be loaded from .*hubconf\.py"):
        RadioEncoder(RadioConfig(source="local", repo=str(tmp_path)))


def test_e_radio_is_refused():
    with pytest.raises(ConfigError, match="is an E-RADIO, which works in windows"):
        resolve("encoders", {"type": "radio", "version": "e-radio_v2"})


def test_the_license_is_reported_where_the_version_is_chosen():
    source = RadioEncoder.__doc__ or ""
    assert "non-commercial" in source
    assert RadioConfig().version.startswith("c-radio")


@pytest.mark.parametrize(
    "settings",
    [
        {"repo": "somebody/else"},
        {"repo": "NVlabs/RADIO:0123abc"},
        {"version": "/weights/of/somebody.pth"},
        {"version": "https://example.org/weights.pth"},
    ],
)
def test_code_and_files_that_nobody_trusted_are_refused(settings, monkeypatch):
    monkeypatch.setattr(torch.hub, "load", lambda *_, **__: pytest.fail("it was run"))
    (name,) = settings.values()
    with pytest.raises(UntrustedError, match=f"{name} is .*; if you trust it, add --trust {name}"):
        RadioEncoder(RadioConfig(**settings))
