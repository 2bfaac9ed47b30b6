"""Encoders of other distributions under GMAE and MAE."""

import importlib
import sys
from functools import partial

import pytest
import timm  # noqa: TID253
import torch
from torch import nn

from gaussrep import load_run
from gaussrep.config import load_config, resolve
from gaussrep.errors import CapabilityError, ConfigError, ShapeError, UnavailableError
from gaussrep.plugins import registry
from gaussrep.training import TrainConfig, train
from gaussrep_gmae import timm_vit
from gaussrep_gmae.config import TimmViTConfig
from gaussrep_gmae.export import export_vit

BOTH = pytest.mark.parametrize("name", ["gmae", "mae"])
PLUGIN = """
from gaussrep.plugins import EncoderRecord, hookimpl

@hookimpl
def register_encoders():
    yield EncoderRecord(
        name="toy",
        summary="Mean colors of patches through a linear layer.",
        target="toy_encoder:Toy",
        config="toy_config:ToyConfig",
        modality="image",
        capabilities=frozenset({"visible_patches"}),
    )
"""
CONFIG = """
from gaussrep.config import ComponentConfig

class ToyConfig(ComponentConfig):
    width: int = 20
"""
ENCODER = """
import torch
from torch import nn

from gaussrep.encoders import MaskedImageEncoder

class Toy(MaskedImageEncoder):
    def __init__(self, config, image_size=32, patch_size=8):
        super().__init__(image_size, patch_size)
        self.layer = nn.Linear(3, config.width)
        self.class_token = nn.Parameter(torch.zeros(1, 1, config.width))

    @property
    def width(self):
        return self.layer.out_features

    def tokens(self, images, visible=None):
        colors = nn.functional.avg_pool2d(images, self.patch_size).flatten(2).mT
        if visible is not None:
            colors = colors.gather(1, visible[..., None].expand(-1, -1, 3))
        first = self.class_token.expand(len(images), -1, -1)
        return torch.cat([first, self.layer(colors)], dim=1)

    def no_weight_decay(self):
        return {"class_token"}
"""
MODULES = {"toy_plugin": PLUGIN, "toy_config": CONFIG, "toy_encoder": ENCODER}


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """A distribution with an encoder, installed for the test."""
    info = tmp_path / "site" / "toy-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toy\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[gaussrep]\ntoy = toy_plugin\n")
    for module, text in MODULES.items():
        (info.parent / f"{module}.py").write_text(text)
    monkeypatch.syspath_prepend(str(info.parent))
    importlib.invalidate_caches()
    registry.reset()
    yield {"type": "toy", "width": 12}
    registry.reset()
    for module in MODULES:
        sys.modules.pop(module, None)


@BOTH
def test_a_third_party_encoder_trains_two_steps_and_is_loaded_again(
    toy, make_config, images, tmp_path, name
):
    method = make_config(name, encoder=toy)
    settings = {
        "method": method,
        "data": {"type": "shapes", "image_size": 32, "val_samples": 4},
        "trainer": {"steps": 2, "batch_size": 2, "device": "cpu", "tensorboard": False},
    }
    train(load_config(TrainConfig, settings), tmp_path / "run")
    again = load_run(tmp_path / "run").eval()
    assert type(again.encoder).__name__ == "Toy"
    assert again.encoder.class_token.abs().max() > 0
    assert "encoder.class_token" in again.no_weight_decay()
    assert again.embed({"image": images}).tokens.shape == (3, 16, 12)


@pytest.mark.usefixtures("toy")
def test_an_encoder_can_be_named_on_the_command_line():
    data = ["data.type=shapes", "data.image_size=224", "trainer.steps=1"]
    config = load_config(TrainConfig, {"method": "gmae"}, [], ["method.encoder.type=toy", *data])
    assert config.method.encoder.model_dump() == {"type": "toy", "width": 20}
    config = load_config(TrainConfig, {"method": "gmae"}, [], ["method.encoder.depth=3", *data])
    assert (config.method.encoder.type, config.method.encoder.depth) == ("vit", 3)
    assert config.method.encoder.width == 768


def test_settings_without_a_type_are_a_vit(make_config):
    encoder = make_config(encoder={"width": 16, "depth": 1, "heads": 1}).encoder
    assert encoder.model_dump() == {
        "type": "vit", "width": 16, "depth": 1, "heads": 1, "mlp_ratio": 4.0
    }  # fmt: skip


def test_encoders_of_whole_images_are_refused():
    match = r"method.encoder|'statistics' cannot encode visible patches only; expected one of .*vit"
    with pytest.raises(ConfigError, match=match):
        resolve("methods", {"type": "mae", "encoder": {"type": "statistics"}})


@pytest.mark.usefixtures("toy")
def test_a_toy_cannot_load_export_or_checkpoint(make_method, tmp_path):
    method = make_method("mae", encoder="toy", encoder_weights="vit_base_patch16_224.mae")
    with pytest.raises(ConfigError, match="Toy loads no such weights"):
        method.load_pretrained()
    with pytest.raises(CapabilityError, match="'toy' cannot be exported; expected type vit"):
        export_vit(method, tmp_path / "vit")
    with pytest.raises(CapabilityError, match=r"set method\.checkpointing=false"):
        make_method("mae", encoder="toy", checkpointing=True)


TIMM = {"type": "timm-vit", "name": "vit_tiny_patch16_224"}


@BOTH
def test_a_timm_vit_trains(make_method, name):
    method = make_method(name, encoder=TIMM, patch_size=16, image_size=64, checkpointing=True)
    images = torch.rand(2, 3, 64, 64)
    method.training_loss({"image": images}).loss.backward()
    assert method.encoder.vit.pos_embed.grad.abs().max() > 0
    assert {"encoder.vit.pos_embed", "encoder.vit.cls_token"} <= method.no_weight_decay()
    assert method.embed({"image": images}).tokens.shape == (2, 16, 192)


@pytest.fixture
def tiny(monkeypatch):
    """Models of timm with one narrow block."""
    create = partial(timm.create_model, depth=1, embed_dim=24, num_heads=2)
    monkeypatch.setattr(timm_vit.timm, "create_model", create)


class Keep(nn.Module):
    """Select patches where timm would drop random ones."""

    def __init__(self, prefix, visible):
        super().__init__()
        self.prefix, self.visible = prefix, visible

    def forward(self, tokens):
        chosen = tokens[:, self.prefix :].gather(1, self.visible[..., None].expand(-1, -1, 24))
        return torch.cat([tokens[:, : self.prefix], chosen], dim=1)


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize(
    ("model", "prefix", "has_class_token"),
    [
        ("vit_base_patch16_siglip_224", 0, False),
        ("vit_base_patch16_reg4_gap_256", 4, False),
        ("vit_base_patch16_224", 1, True),
        ("vit_base_patch14_reg4_dinov2", 5, True),
    ],
)
def test_visible_patches_of_any_timm_vit_equal_timms(make_method, model, prefix, has_class_token):
    size = 14 if "patch14" in model else 16
    settings = {"encoder": {**TIMM, "name": model}, "patch_size": size, "image_size": 4 * size}
    encoder = make_method("mae", **settings).encoder.eval()
    images, visible = torch.rand(2, 3, 4 * size, 4 * size), torch.tensor([[3, 9, 0], [15, 2, 7]])
    encoder.vit.patch_drop = Keep(prefix, visible)
    features = encoder.vit.forward_features((images - encoder.mean) / encoder.std)
    patches = features[:, prefix:]
    first = features[:, :1] if has_class_token else (patches.sum(1, keepdim=True) / 3)
    tokens = encoder.tokens(images, visible)
    torch.testing.assert_close(tokens, torch.cat([first, patches], dim=1))
    tokens.square().sum().backward()
    learned = {name for name, parameter in encoder.named_parameters() if parameter.grad is not None}
    layers = {parameter for layer in encoder.layers() for parameter in layer.parameters()}
    assert learned == {name for name, each in encoder.named_parameters() if each in layers}


@BOTH
@pytest.mark.usefixtures("tiny")
def test_a_timm_vit_without_a_class_token_trains_and_is_not_exported(make_method, tmp_path, name):
    encoder = {**TIMM, "name": "vit_base_patch16_siglip_224"}
    method = make_method(name, encoder=encoder, patch_size=16, image_size=64)
    images = torch.rand(2, 3, 64, 64)
    method.training_loss({"image": images}).loss.backward()
    assert method.encoder.vit.pos_embed.grad.abs().max() > 0
    embedding = method.embed({"image": images})
    assert embedding.tokens.shape == (2, 16, 24)
    with pytest.raises(CapabilityError, match="'timm-vit' cannot be exported; expected type vit"):
        export_vit(method, tmp_path / "vit")


@pytest.mark.parametrize("model", ["vit_tiny_patch16_224", "deit_tiny_patch16_224"])
def test_all_patches_of_a_timm_vit_equal_timms_features(make_method, model):
    encoder = {**TIMM, "name": model}
    encoder = make_method("mae", encoder=encoder, patch_size=16, image_size=64).encoder.eval()
    images = torch.rand(2, 3, 64, 64)
    features = encoder.vit.forward_features((images - encoder.mean) / encoder.std)
    torch.testing.assert_close(encoder.tokens(images), features)


def test_mistakes_with_timm_models_are_one_sentence(make_method):
    with pytest.raises(ConfigError, match=r"patches of 16 pixels; set method\.patch_size=16"):
        make_method("mae", encoder=TIMM)
    with pytest.raises(UnavailableError, match=r"timm .* cannot create 'vit_tiny'"):
        make_method("mae", encoder={**TIMM, "name": "vit_tiny"}, patch_size=16)
    with pytest.raises(ConfigError, match="'resnet10t' is a ResNet, not a VisionTransformer; "):
        timm_vit.TimmViT(TimmViTConfig(name="resnet10t"))


@BOTH
def test_axes_in_the_wrong_order_are_one_sentence(toy, make_method, monkeypatch, name):
    method = make_method(name, encoder="toy")
    tokens = type(method.encoder).tokens
    monkeypatch.setattr(
        type(method.encoder), "tokens", lambda *arguments: tokens(*arguments).transpose(1, 2)
    )
    with pytest.raises(ShapeError, match=r"output of encoder Toy has shape \[2, 20, .*, 20\]\.$"):
        method.training_loss({"image": torch.rand(2, 3, 32, 32)})
