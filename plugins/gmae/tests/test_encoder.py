import torch


def test_all_patches_in_order_is_what_timm_computes(make_method, images):
    encoder = make_method().encoder.eval()
    normalised = (images - encoder.mean) / encoder.std
    torch.testing.assert_close(encoder(images), encoder.vit.forward_features(normalised))


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
