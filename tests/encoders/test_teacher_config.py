import pytest

from gaussrep.config.preflight import preflight
from gaussrep.encoders.teacher_config import RadioConfig, RunEncoderConfig, TimmConfig
from gaussrep.errors import UntrustedError
from gaussrep.trust import confined, trusting


@pytest.mark.parametrize(
    ("config", "names"),
    [
        (TimmConfig(type="timm", model="vit_tiny_patch16_224"), ["vit_tiny_patch16_224"]),
        (TimmConfig(type="timm", model="hf-hub:o/n", pretrained=False), ["hf-hub:o/n"]),
        (RadioConfig(type="radio"), ["NVlabs/RADIO"]),
        (RadioConfig(type="radio", version="w/weights.pt"), ["NVlabs/RADIO", "w/weights.pt"]),
    ],
)
def test_what_is_downloaded_or_run_must_be_trusted(config, names):
    for count, name in enumerate(names):
        with trusting(names[:count]), pytest.raises(UntrustedError, match=f"--trust {name}"):
            preflight(config)
    with trusting(names):
        preflight(config)


@pytest.mark.parametrize("name", ["vit_tiny_patch16_224", "local-dir:weights"])
def test_what_is_not_downloaded_needs_no_trust(name):
    preflight(TimmConfig(type="timm", model=name, pretrained=name.startswith("local")))


def test_folders_outside_of_a_run_of_others_must_be_trusted(tmp_path):
    with confined(tmp_path / "run"):
        preflight(RunEncoderConfig(type="run", run=tmp_path / "run" / "teacher"))
        for config in (
            RunEncoderConfig(type="run", run=tmp_path / "teacher"),
            TimmConfig(type="timm", model=f"local-dir:{tmp_path}"),
        ):
            with pytest.raises(UntrustedError, match="a run that was not made here"):
                preflight(config)
