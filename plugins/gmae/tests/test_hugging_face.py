"""Our MAE against `transformers`, with the same weights and the same masks."""

import pytest
import torch

from gaussrep.methods import sample_seeds, sample_uniform
from gaussrep_gmae.masked import upsample_mask

transformers = pytest.importorskip("transformers", minversion="5", reason="needs transformers 5")

SIZE = {"width": 64, "depth": 2, "heads": 4}


@pytest.fixture
def make_theirs():
    def make(target):
        config = transformers.ViTMAEConfig(
            image_size=48,
            patch_size=8,
            hidden_size=64,
            num_hidden_layers=2,
            num_attention_heads=4,
            intermediate_size=256,
            decoder_hidden_size=32,
            decoder_num_hidden_layers=2,
            decoder_num_attention_heads=2,
            decoder_intermediate_size=96,
            mask_ratio=0.75,
            layer_norm_eps=1e-6,
            norm_pix_loss=target == "normalized",
        )
        return transformers.ViTMAEForPreTraining(config).eval()

    return make


def block(actual, reference, weights):
    """One of timm's blocks under the names of transformers."""
    for kind in ("weight", "bias"):
        fused = weights[f"{actual}.attn.qkv.{kind}"].chunk(3)
        for name, part in zip("qkv", fused, strict=True):
            yield f"{reference}.attention.{name}_proj.{kind}", part
        for name, other in {
            "attn.proj": "attention.o_proj",
            "norm1": "layernorm_before",
            "norm2": "layernorm_after",
            "mlp.fc1": "mlp.fc1",
            "mlp.fc2": "mlp.fc2",
        }.items():
            yield f"{reference}.{other}.{kind}", weights[f"{actual}.{name}.{kind}"]


def translated(method):
    """Our weights under their names; our input normalization goes into the patch embedding."""
    weights = method.state_dict()
    mean, std = method.encoder.mean.flatten(), method.encoder.std.flatten()
    kernel = weights["encoder.vit.patch_embed.proj.weight"] / std[:, None, None]
    bias = weights["encoder.vit.patch_embed.proj.bias"]
    yield "vit.embeddings.patch_embeddings.projection.weight", kernel
    yield (
        "vit.embeddings.patch_embeddings.projection.bias",
        bias - (kernel * mean[:, None, None]).sum((1, 2, 3)),
    )
    yield "vit.embeddings.cls_token", weights["encoder.vit.cls_token"]
    yield "vit.embeddings.position_embeddings", weights["encoder.vit.pos_embed"]
    yield "decoder.mask_token", weights["decoder.mask_token"]
    for kind in ("weight", "bias"):
        yield f"vit.layernorm.{kind}", weights[f"encoder.vit.norm.{kind}"]
        yield f"decoder.decoder_embed.{kind}", weights[f"decoder.embed.{kind}"]
        yield f"decoder.decoder_norm.{kind}", weights[f"decoder.norm.{kind}"]
        yield f"decoder.decoder_pred.{kind}", weights[f"decoder.linear.{kind}"]
    for number in range(2):
        yield from block(f"encoder.vit.blocks.{number}", f"vit.layers.{number}", weights)
        yield from block(f"decoder.blocks.{number}", f"decoder.decoder_layers.{number}", weights)


@pytest.mark.parametrize("target", ["plain", "normalized"])
def test_loss_and_pixels_are_those_of_vit_mae(make_method, make_theirs, target):
    actual = make_method(
        "mae",
        image_size=48,
        encoder=SIZE,
        decoder={"width": 32, "depth": 2, "heads": 2, "mlp_ratio": 3},
        target=target,
    ).eval()
    for parameter in actual.parameters():
        if parameter.requires_grad:
            parameter.data += 0.05 * torch.randn_like(parameter)
    reference = make_theirs(target)
    reference.decoder.initialize_weights(36)
    embeddings = reference.decoder.decoder_pos_embed[0, 1:]
    torch.testing.assert_close(actual.decoder.places, embeddings, atol=1e-6, rtol=0)
    missing, unexpected = reference.load_state_dict(dict(translated(actual)), strict=False)
    assert (missing, unexpected) == (["decoder.decoder_pos_embed"], [])

    images = torch.rand(3, 3, 48, 48, generator=torch.Generator().manual_seed(5))
    torch.manual_seed(7)
    out = actual.training_loss({"image": images})
    torch.manual_seed(7)
    noise = sample_uniform(sample_seeds({}, 3, images.device)[:, None], torch.arange(36)).float()
    torch.manual_seed(7)
    visible = actual.random_visible(3)
    with torch.no_grad():
        expected = reference(images, noise=noise)
        prediction = actual.decoder(actual.encoder.tokens(images, visible), visible)
    assert torch.equal(actual.masked_pixels(visible), upsample_mask(expected.mask.bool(), 8))
    assert expected.loss > 0.01
    torch.testing.assert_close(out.loss, expected.loss, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(prediction, expected.logits, rtol=1e-4, atol=1e-5)
