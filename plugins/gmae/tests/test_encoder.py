import pytest
import timm  # noqa: TID253
import torch
from safetensors.torch import save_file

from gaussrep.config import resolve
from gaussrep.encoders import hub
from gaussrep.errors import ConfigError, UntrustedError
from gaussrep.trust import trusting
from gaussrep_gmae.encoder import build_encoder, load_encoder_weights
from gaussrep_gmae.position import sincos_grid_embedding


@pytest.mark.parametrize(
    ("name", "patch", "width", "depth", "heads"),
    [
        ("vit_small_patch16_224", 16, 384, 12, 6),
        ("vit_base_patch16_224", 16, 768, 12, 12),
        ("vit_large_patch16_224", 16, 1024, 24, 16),
        ("vit_huge_patch14_224", 14, 1280, 32, 16),
    ],
)
def test_weights_have_timms_names_and_shapes(name, patch, width, depth, heads):
    size = {"width": width, "depth": depth, "heads": heads}
    config = resolve("methods", {"type": "mae", "patch_size": patch, "encoder": size})
    with torch.device("meta"):
        actual, expected = build_encoder(config).vit, timm.create_model(name, num_classes=0)
    shapes = {key: tensor.shape for key, tensor in actual.state_dict().items()}
    assert shapes == {key: tensor.shape for key, tensor in expected.state_dict().items()}
    count = sum(parameter.numel() for parameter in actual.parameters())
    assert count == sum(parameter.numel() for parameter in expected.parameters())


def test_mlps_have_the_width_they_are_given(make_method):
    encoder = make_method(encoder={"width": 32, "depth": 1, "heads": 2, "mlp_ratio": 1.5}).encoder
    assert encoder.vit.blocks[0].mlp.fc1.weight.shape == (48, 32)


@pytest.mark.parametrize(("image", "patch"), [(36, 6), (45, 15)])
def test_sizes_need_not_be_powers_of_two(make_method, image, patch):
    method = make_method("mae", image_size=image, patch_size=patch)
    method.training_loss({"image": torch.rand(2, 3, image, image)}).loss.backward()
    tokens = method.embed({"image": torch.rand(1, 3, image, image)}).tokens
    assert tokens.shape[1] == (image // patch) ** 2


def test_all_patches_in_order_equal_timms_features(make_method, images):
    encoder = make_method().encoder.eval()
    normalized = (images - encoder.mean) / encoder.std
    torch.testing.assert_close(encoder.tokens(images), encoder.vit.forward_features(normalized))


def test_order_of_visible_patches_is_the_order_of_tokens(make_method, images):
    encoder = make_method().encoder.eval()
    order = torch.randperm(16, generator=torch.Generator().manual_seed(0))
    shuffled = encoder.tokens(images, order.expand(3, 16))
    torch.testing.assert_close(shuffled[:, 1:], encoder.tokens(images)[:, 1:][:, order])


def test_hidden_patches_are_not_seen(make_method, images):
    encoder = make_method().encoder.eval()
    visible = torch.tensor([[0, 5]]).expand(3, 2)
    changed = images.clone()
    changed[:, :, 16:] = 0.5
    torch.testing.assert_close(encoder.tokens(images, visible), encoder.tokens(changed, visible))


def test_position_embeddings_differ_between_patches(make_method):
    embedding = make_method().encoder.vit.pos_embed[0, 1:]
    distances = torch.cdist(embedding, embedding) + 1e3 * torch.eye(16)
    assert distances.min() > 0.1


@pytest.fixture
def public(tmp_path):
    """Weights of a timm ViT of the tests' size, trained at 48 pixels, as a file; with changes."""

    def make(**changes):
        torch.manual_seed(9)
        vit = timm.create_model(
            "vit_base_patch16_224",
            img_size=48,
            patch_size=8,
            embed_dim=32,
            depth=2,
            num_heads=2,
            num_classes=0,
        )
        embedding = sincos_grid_embedding(6, 32)[None].contiguous()
        weights = vit.state_dict() | {"pos_embed": embedding} | changes
        weights = {name: tensor for name, tensor in weights.items() if tensor is not None}
        save_file(weights, tmp_path / "vit.safetensors")
        return str(tmp_path / "vit.safetensors"), weights

    return make


@pytest.mark.parametrize("name", ["gmae", "mae"])
def test_public_weights_are_loaded_into_the_encoder(make_method, public, name):
    path, weights = public()
    method = make_method(name, encoder_weights=path)
    embedding = method.encoder.vit.pos_embed.clone()
    untouched = make_method(name).encoder.state_dict()
    assert all(torch.equal(t, untouched[k]) for k, t in method.encoder.state_dict().items())
    method.load_pretrained()
    own = method.encoder.vit.state_dict()
    assert torch.equal(own.pop("pos_embed"), embedding)
    assert own.keys() == weights.keys() - {"pos_embed"}
    assert all(torch.equal(tensor, weights[key]) for key, tensor in own.items())


def test_without_a_name_nothing_is_loaded(make_method):
    method = make_method()
    before = {key: tensor.clone() for key, tensor in method.state_dict().items()}
    method.load_pretrained()
    assert all(torch.equal(tensor, before[key]) for key, tensor in method.state_dict().items())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cls_token": None}, r"\(missing: cls_token\)"),
        ({"head.weight": torch.zeros(1)}, r"\(unexpected: head\.weight\)"),
        (
            {"cls_token": torch.zeros(1, 1, 3)},
            r"\(of another shape: cls_token \[1, 1, 3\] instead of \[1, 1, 32\]\)",
        ),
        (
            {f"x{n}": torch.zeros(1) for n in range(5)},
            r"\(unexpected: x0, x1, x2 and 2 more\)",
        ),
        ({"pos_embed": torch.randn(1, 37, 32)}, "position embeddings other than MAE's fixed ones"),
        ({"pos_embed": torch.randn(1, 38, 32)}, "position embeddings other than MAE's fixed ones"),
    ],
)
def test_weights_that_do_not_fit_are_one_sentence(make_method, public, changes, message):
    path, _ = public(**changes)
    vit = make_method().encoder.vit
    with pytest.raises(ConfigError, match=message) as caught:
        load_encoder_weights(vit, path)
    assert len(str(caught.value).splitlines()) == 1


def test_other_depths_are_named_by_their_weights(make_method, public):
    path, _ = public()
    vit = make_method(encoder={"width": 32, "depth": 3, "heads": 2}).encoder.vit
    with pytest.raises(ConfigError, match=r"missing: blocks\.2\.attn\.proj\.bias, .* and 9 more"):
        load_encoder_weights(vit, path)


def test_a_missing_or_damaged_file_is_one_sentence(make_method, tmp_path):
    vit = make_method().encoder.vit
    with pytest.raises(ConfigError, match="there is no such file"):
        load_encoder_weights(vit, str(tmp_path / "none.safetensors"))
    (tmp_path / "bad.safetensors").write_bytes(b"not weights at all")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_encoder_weights(vit, str(tmp_path / "bad.safetensors"))


def test_a_name_that_timm_does_not_know_is_one_sentence(make_method):
    with pytest.raises(ConfigError, match=r"has no weights; expected a \.safetensors file"):
        load_encoder_weights(make_method().encoder.vit, "vit_base_patch16_224.moe")


def test_weights_of_a_name_are_downloaded_by_timm(make_method, public, monkeypatch):
    path, weights = public()
    requested = []

    def create_model(name, **options):
        requested.append((name, options))
        method = make_method()
        load_encoder_weights(method.encoder.vit, path)
        return method.encoder.vit

    monkeypatch.setattr(timm, "create_model", create_model)
    monkeypatch.setattr(hub, "_answers", lambda address: True)
    vit = make_method().encoder.vit
    with trusting(["vit_base_patch16_224.mae"]):
        load_encoder_weights(vit, "vit_base_patch16_224.mae")
    assert requested == [("vit_base_patch16_224.mae", {"pretrained": True, "num_classes": 0})]
    assert torch.equal(vit.cls_token, weights["cls_token"])


def test_a_failed_download_is_one_sentence(make_method, monkeypatch):
    def create_model(*_, **__):
        raise OSError("no route\nto host")

    monkeypatch.setattr(timm, "create_model", create_model)
    monkeypatch.setattr(hub, "_answers", lambda address: True)
    name = "vit_base_patch16_224.mae"
    vit = make_method().encoder.vit
    with pytest.raises(UntrustedError, match=f"add --trust {name}"):
        load_encoder_weights(vit, name)
    match = r"cannot download .* give its path \(OSError: no route"
    with pytest.raises(ConfigError, match=match), trusting([name]):
        load_encoder_weights(vit, name)
