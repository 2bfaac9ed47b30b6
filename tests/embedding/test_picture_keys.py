import torch

from gaussrep.embedding.cached_features import image_keys

IMAGES = torch.randint(256, (2, 3, 4, 6), generator=torch.Generator().manual_seed(0)) / 255


def test_a_level_of_one_pixel_makes_another_key():
    first, second = image_keys(IMAGES)
    changed = IMAGES.clone()
    changed[0, 1, 2, 3] = (changed[0, 1, 2, 3] * 255 + 1).remainder(256) / 255
    assert image_keys(changed)[0] != first
    assert image_keys(changed)[1] == second != first


def test_less_than_half_a_level_does_not():
    assert image_keys((IMAGES + 0.4 / 255).clamp(0, 1)) == image_keys(IMAGES)


def test_the_shape_counts():
    assert image_keys(IMAGES.reshape(2, 3, 6, 4)) != image_keys(IMAGES)


def test_the_layout_in_memory_does_not():
    strided = IMAGES.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2)
    assert image_keys(strided) == image_keys(IMAGES)


def test_a_key_is_the_same_everywhere():
    assert image_keys(torch.full((1, 3, 2, 2), 0.5)) == ["ac851e78042d4d417a402c3e4104f5bd"]
