import json

import pytest
import torch

from gaussrep.encoders import hub
from gaussrep.encoders.teacher import build_teacher
from gaussrep.encoders.teacher_config import TimmConfig
from gaussrep.encoders.timm_encoder import TimmEncoder
from gaussrep.errors import ConfigError, UnavailableError

timm = pytest.importorskip("timm")


def encoder(model, **settings):
    config = TimmConfig(model=model, pretrained=False, **settings)
    return TimmEncoder(config).eval().requires_grad_(False)


def test_a_transformer_gives_its_patch_tokens():
    vit = encoder("test_vit")
    images = torch.rand(2, 3, 48, 80, generator=torch.Generator().manual_seed(0))
    tokens = vit.network.forward_features((images - 0.5) / 0.5)
    maps = vit(images)
    assert maps.shape == (2, 3, 5, vit.width)
    assert vit.network.num_prefix_tokens == 1
    assert torch.allclose(maps.reshape(2, 15, -1), tokens[:, 1:], atol=1e-5)


def test_images_are_rounded_to_whole_cells():
    vit = encoder("test_vit", image_side=100)
    assert vit(torch.rand(1, 3, 30, 61)).shape == (1, 3, 6, vit.width)


def test_a_convolutional_network_gives_its_last_map():
    network = encoder("test_resnet")
    assert network(torch.rand(1, 3, 60, 100)).shape == (1, 2, 3, network.width)


def test_a_model_of_one_size_gets_that_size():
    if "test_vit_relpos" not in timm.list_models():
        pytest.skip("this timm has no small model of one size")
    network = encoder("test_vit_relpos")
    assert network(torch.rand(1, 3, 60, 100)).shape == (1, 10, 10, network.width)
    with pytest.raises(ConfigError, match=r"160 x 160 pixels only; leave image_side out"):
        encoder("test_vit_relpos", image_side=64)


def test_a_folder_that_timm_wrote_is_loaded(tmp_path):
    source = encoder("test_vit").network
    from safetensors.torch import save_file

    facts = {"input_size": [3, 160, 160], "mean": [0.1, 0.2, 0.3], "std": [1.0, 2.0, 4.0]}
    config = {"architecture": "test_vit", "num_classes": 0, "pretrained_cfg": facts}
    config["model_args"] = {"img_size": 160}
    (tmp_path / "config.json").write_text(json.dumps(config))
    save_file(source.state_dict(), tmp_path / "model.safetensors")
    loaded = build_teacher({"type": "timm", "model": f"local-dir:{tmp_path}"})
    assert all(not parameter.requires_grad for parameter in loaded.parameters())
    images = torch.rand(1, 3, 32, 32)
    mean, std = (torch.tensor(facts[name]).view(3, 1, 1) for name in ("mean", "std"))
    tokens = source.forward_features((images - mean) / std)[:, 1:]
    assert torch.allclose(loaded(images).flatten(1, 2), tokens, atol=1e-5)


def test_what_cannot_be_had_is_one_sentence(monkeypatch, tmp_path):
    with pytest.raises(
        UnavailableError, match=r"cannot give the model 'nothing_like_it'.*check the name"
    ):
        encoder("nothing_like_it")

    def offline(*_, **__):
        raise OSError("no\n network")

    monkeypatch.setattr(timm, "create_model", offline)
    monkeypatch.setattr(hub, "_answers", lambda address: True)
    with pytest.raises(
        UnavailableError, match=r"'vit_x' \(OSError: no network\).*local-dir:FOLDER"
    ) as e:
        build_teacher({"type": "timm", "model": "vit_x"}, trust=["vit_x"])
    assert "\n" not in str(e.value)


def test_a_model_without_maps_is_refused(monkeypatch):
    from timm.models.vision_transformer import VisionTransformer

    monkeypatch.delattr(VisionTransformer, "forward_intermediates")
    with pytest.raises(ConfigError, match="gives no feature map"):
        encoder("test_vit")
