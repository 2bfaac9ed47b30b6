import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gaussrep.errors import CapabilityError
from gaussrep_gmae.patches import Normalization, to_images, to_patches


@given(st.integers(1, 4), st.integers(1, 5), st.integers(1, 3))
def test_patches_are_cut_and_joined(side, size, batch):
    images = torch.rand(batch, 3, side * size, side * size)
    patches = to_patches(images, size)
    assert patches.shape == (batch, side**2, 3 * size**2)
    assert torch.equal(to_images(patches, size), images)


def test_a_patch_holds_its_pixels_row_by_row_channels_last():
    images = torch.arange(48.0).view(1, 3, 4, 4)
    patch = to_patches(images, 2)[0, 1]
    assert patch.tolist() == [2, 18, 34, 3, 19, 35, 6, 22, 38, 7, 23, 39]


def test_normalized_patches_have_no_mean_and_unit_unbiased_variance():
    patches = torch.rand(2, 5, 12) * 7 + 3
    normalization = Normalization.of(patches)
    plain = normalization.apply(patches)
    torch.testing.assert_close(plain.mean(-1), torch.zeros(2, 5), atol=1e-5, rtol=0)
    torch.testing.assert_close(plain.square().sum(-1) / 11, torch.ones(2, 5), atol=1e-4, rtol=0)
    torch.testing.assert_close(normalization.undo(plain), patches)


def test_a_flat_patch_is_all_zeros():
    patches = torch.full((1, 1, 12), 0.4)
    assert Normalization.of(patches).apply(patches).abs().max() < 1e-3


def predict_with(method, patches):
    method.decoder.forward = lambda latents, visible: patches
    return method.predict


def test_perfect_patches_cost_nothing(make_method, images):
    visible = torch.tensor([[0, 5, 6, 11]]).expand(3, 4)
    truth = to_patches(images, 8)
    for target, patches in {
        "plain": truth,
        "normalized": Normalization.of(truth).apply(truth),
    }.items():
        prediction = predict_with(make_method("mae", target=target), patches)(
            {"image": images}, visible
        )
        assert (prediction.prediction - prediction.target).abs().max() < 1e-5
        torch.testing.assert_close(prediction.images, images)


def test_images_are_clamped(make_method, images):
    visible = torch.tensor([[0, 5, 6, 11]]).expand(3, 4)
    loud = to_patches(4 * images - 2, 8)
    prediction = predict_with(make_method("mae"), loud)({"image": images}, visible)
    torch.testing.assert_close(prediction.images, (4 * images - 2).clamp(0, 1))
    assert (prediction.prediction - prediction.target).abs().max() > 1


def test_masked_patches_share_a_token_and_differ_by_place(make_method, images):
    decoder = make_method("mae").decoder.eval()
    latents = torch.randn(1, 3, 32)
    visible = torch.tensor([[4, 9]])
    prediction = decoder(latents, visible)
    swapped = decoder(latents[:, [0, 2, 1]], visible[:, [1, 0]])
    torch.testing.assert_close(prediction, swapped)
    decoder.places.zero_()
    hidden = [n for n in range(16) if n not in (4, 9)]
    without_places = decoder(latents, visible)[0, hidden]
    torch.testing.assert_close(without_places, without_places[:1].expand_as(without_places))
    assert not torch.allclose(prediction[0, 0], prediction[0, 1], atol=1e-3)


def test_learns_a_batch_by_heart(make_method, images):
    method = make_method("mae")
    smooth = torch.nn.functional.avg_pool2d(images, 16)
    smooth = smooth.repeat_interleave(16, 2).repeat_interleave(16, 3)
    optimizer = torch.optim.AdamW(method.parameters(), lr=3e-3)
    losses = []
    for _ in range(60):
        optimizer.zero_grad()
        loss = method.training_loss({"image": smooth}).loss
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert sum(losses[-5:]) < 0.2 * sum(losses[:5])


def test_every_parameter_learns(make_method, images):
    method = make_method("mae")
    method.training_loss({"image": images}).loss.backward()
    learning = [p for p in method.parameters() if p.requires_grad]
    assert all(p.grad is not None and p.grad.abs().max() > 0 for p in learning)


def test_it_predicts_no_gaussians(make_method, images):
    with pytest.raises(CapabilityError, match="MAE predicts no Gaussians"):
        make_method("mae").gaussians({"image": images})
