import json

import pytest
import timm  # noqa: TID253
import torch

from gaussrep.errors import RunError
from gaussrep_gmae.encoder import load_encoder_weights
from gaussrep_gmae.export import export_vit


@pytest.mark.parametrize("name", ["gmae", "mae"])
def test_timm_loads_the_encoder_and_gives_the_same_features(make_method, images, tmp_path, name):
    size = {"width": 48, "depth": 2, "heads": 3, "mlp_ratio": 2.5}
    method = make_method(name, encoder=size).eval()
    export_vit(method, tmp_path / "vit")
    assert sorted(path.name for path in tmp_path.rglob("*")) == [
        "config.json",
        "model.safetensors",
        "vit",
    ]
    vit = timm.create_model(f"local-dir:{tmp_path / 'vit'}", pretrained=True).eval()
    data = timm.data.resolve_model_data_config(vit)
    assert tuple(data["input_size"]) == (3, 32, 32)
    mean, std = (torch.tensor(data[key]).view(3, 1, 1) for key in ("mean", "std"))
    with torch.no_grad():
        normalized = (images - mean) / std
        tokens = vit.forward_features(normalized)
        torch.testing.assert_close(tokens, method.encoder.tokens(images), atol=1e-5, rtol=0)
        pooled = method.embed({"image": images}).pooled
        torch.testing.assert_close(vit(normalized), pooled, atol=1e-5, rtol=0)


def test_timm_can_put_a_classifier_on_it(make_method, images, tmp_path):
    export_vit(make_method(), tmp_path / "vit")
    vit = timm.create_model(f"local-dir:{tmp_path / 'vit'}", pretrained=True, num_classes=7)
    assert vit(images).shape == (3, 7)


def test_what_was_exported_is_what_a_run_can_start_from(make_method, tmp_path):
    trained = make_method("mae")
    torch.nn.init.normal_(trained.encoder.vit.cls_token)
    export_vit(trained, tmp_path / "vit")
    fresh = make_method()
    load_encoder_weights(fresh.encoder.vit, str(tmp_path / "vit" / "model.safetensors"))
    assert torch.equal(fresh.encoder.vit.cls_token, trained.encoder.vit.cls_token)


def test_a_folder_is_never_overwritten(make_method, tmp_path):
    (tmp_path / "mine").write_text("protected_mask")
    with pytest.raises(RunError, match="exists already"):
        export_vit(make_method(), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_the_description_holds_plain_data_only(make_method, tmp_path):
    export_vit(make_method(), tmp_path / "vit")
    described = json.loads((tmp_path / "vit" / "config.json").read_text(encoding="utf-8"))
    assert described["architecture"] == "vit_base_patch16_224"
    assert described["model_args"]["img_size"] == 32
