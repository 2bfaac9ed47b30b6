import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gaussrep.data import SampleKey
from gaussrep.errors import ShapeError
from gaussrep.methods import sample_seeds
from gaussrep.training.optimization import parameter_groups
from gaussrep_gmae.masked import masked_patches, random_visible, upsample_mask

BOTH = pytest.mark.parametrize("name", ["gmae", "mae"])


def step(method, images):
    torch.manual_seed(3)
    return method.training_loss({"image": images})


def gradients(method, images):
    step(method, images).loss.backward()
    return {name: p.grad for name, p in method.named_parameters() if p.requires_grad}


def test_both_methods_with_one_seed_have_equal_encoders_and_masks(make_method):
    gmae, mae = make_method("gmae"), make_method("mae")
    first, second = gmae.encoder.state_dict(), mae.encoder.state_dict()
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)
    torch.manual_seed(3)
    visible = gmae.random_visible(5)
    torch.manual_seed(3)
    assert torch.equal(visible, mae.random_visible(5))


@BOTH
def test_a_step_draws_one_mask_and_nothing_else(make_method, images, name):
    step(make_method(name), images)
    state = torch.get_rng_state()
    torch.manual_seed(3)
    sample_seeds({}, 3, torch.device("cpu"))
    assert torch.equal(state, torch.get_rng_state())


@BOTH
@pytest.mark.parametrize("region", ["masked", "all"])
def test_loss_is_the_mean_squared_error_where_it_is_measured(make_method, images, name, region):
    method = make_method(name, loss_region=region)
    out = step(method, images)
    torch.manual_seed(3)
    visible = method.random_visible(3)
    with torch.no_grad():
        compared = method.predict({"image": images}, visible)
    errors = (compared.prediction - compared.target).square()
    errors = errors.reshape(3, 4, 8, 4, 8, 3).mean((2, 4, 5)).reshape(3, 16)
    hidden = [[n for n in range(16) if n not in row] for row in visible.tolist()]
    counted = errors if region == "all" else errors.gather(1, torch.tensor(hidden))
    assert out.loss.item() == pytest.approx(counted.mean().item(), rel=1e-5)


@BOTH
def test_a_masked_loss_ignores_visible_pixels(make_method, images, name):
    """Its gradient is zero on visible pixels of the prediction, and only there."""
    method = make_method(name)
    visible = torch.tensor([[0, 5, 6, 11]]).expand(3, 4)
    method.random_visible = lambda *_: visible
    kept, predict = [], method.predict

    def watched(*arguments):
        kept.append(predict(*arguments))
        kept[0].prediction.retain_grad()
        return kept[0]

    method.predict = watched
    method.training_loss({"image": images}).loss.backward()
    gradient = kept[0].prediction.grad
    masked = method.masked_pixels(visible)
    assert (gradient[masked] != 0).all()
    assert (gradient[~masked] == 0).all()


@BOTH
@pytest.mark.parametrize("loss", ["l1", {"type": "smooth-l1"}, "cosine", "l1-ssim"])
@pytest.mark.parametrize("region", ["masked", "all"])
def test_any_registered_loss_can_replace_the_default(make_method, images, name, loss, region):
    method = make_method(name, loss=loss, loss_region=region)
    out = step(method, images)
    torch.manual_seed(3)
    visible = method.random_visible(3)
    compared = method.predict({"image": images}, visible)
    mask = method.masked_pixels(visible) if region == "masked" else None
    expected = method.loss(compared.prediction, compared.target, mask).item()
    assert out.loss.item() == pytest.approx(expected, rel=1e-5)
    out.loss.backward()
    assert any(p.grad.abs().max() > 0 for p in method.encoder.parameters() if p.requires_grad)
    assert ("ssim" in " ".join(out.metrics)) == (loss == "l1-ssim")


def numbers_kept(method, images):
    """How many numbers a step keeps for its backward pass."""
    kept = []

    def keep(tensor):
        kept.append(tensor.numel())
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        step(method, images)
    return sum(kept)


@BOTH
def test_checkpointing_changes_memory_only(make_method, images, name):
    plain = gradients(make_method(name), images)
    checkpointed = gradients(make_method(name, checkpointing=True), images)
    assert plain.keys() == checkpointed.keys()
    for parameter in plain:
        torch.testing.assert_close(checkpointed[parameter], plain[parameter])
    few, many = (numbers_kept(make_method(name, checkpointing=c), images) for c in (True, False))
    assert few < 0.8 * many


@BOTH
def test_reconstruction_has_whole_images_and_the_mask(make_method, images, name):
    method = make_method(name).eval()
    torch.manual_seed(3)
    with torch.no_grad():
        result = method.reconstruct({"image": images})
        torch.manual_seed(3)
        visible = method.random_visible(3)
        expected = method.predict({"image": images}, visible).images
    assert torch.equal(result.images, expected)
    assert torch.equal(result.masked, method.masked_pixels(visible))
    assert result.masked.float().mean().item() == 0.75
    assert 0 <= result.images.min() < result.images.max() <= 1


@BOTH
def test_layers_are_disjoint_and_all_that_embed_learns(make_method, images, name):
    method = make_method(name)
    layers = [set(layer.parameters()) for layer in method.embedding_layers()]
    assert len(layers) == 1 + 2 + 1
    assert sum(map(len, layers)) == len(set().union(*layers))
    method.embed({"image": images}).pooled.square().sum().backward()
    learning = {p for p in method.parameters() if p.requires_grad and p.grad is not None}
    assert set().union(*layers) == learning
    assert method.encoder.vit.cls_token in layers[0]


@BOTH
def test_embedding_is_the_mean_of_patch_tokens(make_method, images, name):
    embedding = make_method(name).eval().embed({"image": images})
    assert embedding.tokens.shape == (3, 16, 32)
    torch.testing.assert_close(embedding.pooled, embedding.tokens.mean(1))


@BOTH
def test_learned_tokens_do_not_decay(make_method, name):
    method = make_method(name)
    exempt = method.no_weight_decay()
    assert exempt <= {name for name, _ in method.named_parameters()}
    assert parameter_groups(method, 0.05)[-1]["weight_decay"] == 0
    assert "encoder.vit.cls_token" in exempt


@BOTH
def test_a_network_in_bf16_has_a_loss_in_fp32(make_method, images, name):
    method = make_method(name)
    exact = step(method, images).loss.item()
    with torch.autocast("cpu", torch.bfloat16):
        loss = step(method, images).loss
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(exact, rel=0.05)


@BOTH
@pytest.mark.usefixtures("unchecked")
def test_images_of_another_size_are_refused(make_method, name):
    with pytest.raises(ShapeError, match=r"set data\.image_size and method\.image_size"):
        make_method(name).embed({"image": torch.zeros(1, 3, 64, 64)})


@given(st.integers(1, 5), st.integers(1, 40), st.data())
def test_visible_patches_are_distinct(batch, patches, data):
    visible = data.draw(st.integers(1, patches))
    seeds = torch.tensor([SampleKey(index).random_seed() for index in range(batch)])
    indices = random_visible(seeds, patches, visible)
    assert indices.shape == (batch, visible)
    assert all(len(set(row)) == visible for row in indices.tolist())
    assert masked_patches(indices, patches).sum(-1).tolist() == [patches - visible] * batch
    alone = [random_visible(seed[None], patches, visible)[0] for seed in seeds]
    assert torch.equal(torch.stack(alone), indices)


def test_pixels_follow_their_patch():
    masked = torch.tensor([[True, False, False, False], [False, False, True, False]])
    pixels = upsample_mask(masked, 2)
    assert pixels[0].nonzero().tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert pixels[1].nonzero().tolist() == [[2, 0], [2, 1], [3, 0], [3, 1]]
