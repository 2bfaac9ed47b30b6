import torch

from gaussrep import Cameras
from gaussrep.rendering import Rendering
from gaussrep_nerfstudio.losses import images_of, masked

EYE = Cameras.look_at(
    torch.tensor([[3.0, 0, 0]]), torch.zeros(3), torch.tensor([0.0, 0, 1]), width=3, height=2
)


def test_eight_bits_and_transparency():
    image = torch.full((2, 3, 4), 255, dtype=torch.uint8)
    image[0, 0] = torch.tensor([255, 0, 102, 51])
    images = images_of({"image": image}, EYE)
    assert torch.allclose(images.colors[0, 0, 0], torch.tensor([0.2, 0, 0.08]))
    white = images.over(torch.ones(3))
    assert torch.allclose(white[0, 0, 0], torch.tensor([1, 0.8, 0.88]))
    assert torch.allclose(white[0, 1, 2], torch.ones(3))


def test_depth_loses_its_channel():
    depth = torch.arange(6.0).reshape(2, 3, 1)
    images = images_of({"image": torch.rand(2, 3, 3), "depth_image": depth}, EYE)
    assert images.alphas is None
    assert torch.equal(images.depths, depth[None, ..., 0])


def test_what_is_masked_agrees_whatever_was_drawn():
    batch = {
        "image": torch.rand(2, 3, 4),
        "depth_image": torch.ones(2, 3, 1),
        "mask": torch.tensor([[1, 1, 0], [0, 1, 1]], dtype=torch.bool)[..., None],
    }
    drawn = Rendering(torch.rand(1, 2, 3, 3), torch.rand(1, 2, 3), torch.rand(1, 2, 3))
    hidden, images = masked(batch, drawn, images_of(batch, EYE))
    difference = (hidden.color - images.over(torch.ones(3)))[0].abs().amax(-1)
    assert torch.equal(difference > 0, batch["mask"][..., 0])
    assert torch.equal(images.depths[0] > 0, batch["mask"][..., 0])
