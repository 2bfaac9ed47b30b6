import pytest
import timm  # noqa: TID253
import torch

from gaussrep.config import resolve
from gaussrep_gmae.encoder import MaskedEncoder


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
        ours, theirs = MaskedEncoder(config).vit, timm.create_model(name, num_classes=0)
    shapes = {key: tensor.shape for key, tensor in ours.state_dict().items()}
    assert shapes == {key: tensor.shape for key, tensor in theirs.state_dict().items()}
    count = sum(parameter.numel() for parameter in ours.parameters())
    assert count == sum(parameter.numel() for parameter in theirs.parameters())


def test_mlps_have_the_width_they_are_given(make_method):
    encoder = make_method(encoder={"width": 32, "depth": 1, "heads": 2, "mlp_ratio": 1.5}).encoder
    assert encoder.vit.blocks[0].mlp.fc1.weight.shape == (48, 32)


@pytest.mark.parametrize(("image", "patch"), [(36, 6), (45, 15)])
def test_sizes_need_not_be_powers_of_two(make_method, image, patch):
    method = make_method("mae", image_size=image, patch_size=patch)
    method.training_loss({"image": torch.rand(2, 3, image, image)}).loss.backward()
    tokens = method.embed({"image": torch.rand(1, 3, image, image)}).tokens
    assert tokens.shape[1] == (image // patch) ** 2


def test_all_patches_in_order_is_what_timm_computes(make_method, images):
    encoder = make_method().encoder.eval()
    normalized = (images - encoder.mean) / encoder.std
    torch.testing.assert_close(encoder(images), encoder.vit.forward_features(normalized))


def test_order_of_visible_patches_is_the_order_of_tokens(make_method, images):
    encoder = make_method().encoder.eval()
    order = torch.randperm(16, generator=torch.Generator().manual_seed(0))
    shuffled = encoder(images, order.expand(3, 16))
    torch.testing.assert_close(shuffled[:, 1:], encoder(images)[:, 1:][:, order])


def test_hidden_patches_are_not_seen(make_method, images):
    encoder = make_method().encoder.eval()
    visible = torch.tensor([[0, 5]]).expand(3, 2)
    changed = images.clone()
    changed[:, :, 16:] = 0.5
    torch.testing.assert_close(encoder(images, visible), encoder(changed, visible))


def test_place_codes_tell_patches_apart(make_method):
    code = make_method().encoder.vit.pos_embed[0, 1:]
    distances = torch.cdist(code, code) + 1e3 * torch.eye(16)
    assert distances.min() > 0.1
