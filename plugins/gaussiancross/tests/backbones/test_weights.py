import pickle

import pytest
import torch
from safetensors.torch import save_file

from gaussrep.errors import ConfigError
from gaussrep_gaussiancross.backbones.config import SparseUNetConfig
from gaussrep_gaussiancross.backbones.sparse_unet import SparseUNet

SHAPE = {"size": "tiny", "channels": (16, 16), "layers": (1, 1)}


def build(**settings):
    return SparseUNet(SparseUNetConfig(**SHAPE, **settings), 6)


@pytest.fixture
def given():
    """What a network holds that is not freshly made."""
    torch.manual_seed(1)
    return {name: value + 1 for name, value in build().state_dict().items()}


@pytest.mark.parametrize("prefix", ["", "backbone.", "module.backbone."])
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_released_layouts_load(given, tmp_path, prefix, suffix):
    path = tmp_path / f"weights{suffix}"
    weights = {f"{prefix}{name}": value for name, value in given.items()}
    weights[f"{prefix}final.weight"] = torch.zeros(20, 1, 1, 1, 16)
    if prefix:
        weights["module.seg_head.weight"] = torch.zeros(20, 16)
    if suffix == ".pth":
        torch.save({"epoch": 1, "state_dict": weights}, path)
    else:
        save_file(weights, path)
    loaded = build(weights=path).state_dict()
    assert all(torch.equal(loaded[name], value) for name, value in given.items())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"down.0.0.weight": None}, r"missing: down\.0\.0\.weight"),
        ({"down.7.0.weight": torch.zeros(1)}, r"unexpected: down\.7\.0\.weight"),
        (
            {"conv_input.0.weight": torch.zeros(16, 5, 5, 5, 3)},
            r"of another shape: conv_input\.0\.weight \[16, 5, 5, 5, 3\] instead of "
            r"\[16, 5, 5, 5, 6\]",
        ),
    ],
)
def test_weights_that_do_not_fit_are_one_sentence(given, tmp_path, change, message):
    weights = {name: value for name, value in (given | change).items() if value is not None}
    path = tmp_path / "weights.pth"
    torch.save({"state_dict": weights}, path)
    with pytest.raises(ConfigError, match=message):
        build(weights=path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"none\.pth, but there is no such file"):
        build(weights=tmp_path / "none.pth")


class Trap:
    def __reduce__(self):
        raise_error = "raise SystemError"
        return exec, (raise_error,)


def test_nothing_but_tensors_is_unpickled(tmp_path):
    path = tmp_path / "trap.pth"
    path.write_bytes(pickle.dumps({"state_dict": Trap()}, protocol=2))
    with pytest.raises(ConfigError, match="cannot be read as tensors alone"):
        build(weights=path)


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_a_damaged_file_is_named(tmp_path, suffix):
    path = tmp_path / f"damaged{suffix}"
    path.write_bytes(b"no weights")
    with pytest.raises(ConfigError, match="cannot be read"):
        build(weights=path)


def test_other_content_is_refused(tmp_path):
    path = tmp_path / "list.pth"
    torch.save([torch.zeros(1)], path)
    with pytest.raises(ConfigError, match="holds no state_dict"):
        build(weights=path)
