"""Numerical tests beyond the contracts."""

import math

import gaussrep as gr
import pytest
import torch
from gaussrep import build

BLOBS = "new-plugin-blobs"
PATCHES = "new-plugin-patches"
HUBER = "new-plugin-huber"
LION = "new-plugin-lion"
DECAY = "new-plugin-step-decay"


def one_blob(opacity: float) -> tuple[gr.Gaussians, gr.Cameras]:
    """A blob of one pixel's size in the middle of an image of 3 x 3 pixels."""
    blob = gr.Gaussians(
        means=torch.tensor([[1.5, 1.5, 1.0]]),
        quats=torch.tensor([[1.0, 0.0, 0.0, 0.0]]),
        scales=torch.tensor([[0.5, 1.0, 1.5]]),
        opacities=torch.tensor([opacity]),
        colors=torch.tensor([[0.2, 0.4, 0.8]]),
    )
    return blob, gr.Cameras(torch.eye(4)[None], torch.eye(3)[None], 3, 3, model="ortho")


def test_a_blob_is_round_and_thins_out_as_a_gaussian():
    rendering = gr.render(*one_blob(0.5), renderer=BLOBS)
    variance = 1.0 + 0.3  # every renderer adds 0.3 square pixels
    weight = 0.5 * math.exp(-0.5 / variance)
    assert rendering.alpha[0, 1, 1].item() == pytest.approx(1 - math.exp(-0.5))
    for pixel in (rendering.alpha[0, 0, 1], rendering.alpha[0, 1, 0], rendering.alpha[0, 1, 2]):
        assert pixel.item() == pytest.approx(1 - math.exp(-weight))


def test_blobs_mix_whichever_is_nearer():
    blob, camera = one_blob(0.5)
    other = blob.replace(means=blob.means + torch.tensor([0, 0, 1.0]), colors=1 - blob.colors)
    rendering = gr.render(gr.Gaussians.cat([blob, other]), camera, renderer=BLOBS)
    alpha = 1 - math.exp(-1.0)
    assert rendering.color[0, 1, 1].tolist() == pytest.approx([0.5 * alpha] * 3)
    assert rendering.depth[0, 1, 1].item() == pytest.approx(1.5)


def test_auto_never_takes_another_image():
    chosen = gr.render(*one_blob(0.5))
    assert chosen.alpha[0, 1, 1].item() == pytest.approx(0.5)


def test_huber_is_a_square_below_delta_and_a_size_above():
    loss = build("losses", {"type": HUBER, "delta": 0.1})
    errors = torch.tensor([0.05, -0.3]).view(1, 2, 1)
    expected = (0.5 * 0.05**2 / 0.1 + 0.3 - 0.05) / 2
    assert loss(errors, torch.zeros_like(errors)).item() == pytest.approx(expected)


def test_a_vector_of_the_encoder_sees_its_neighbors_only():
    config = {"type": PATCHES, "patch": 4, "depth": 1}
    encoder = build("encoders", config)
    images = torch.zeros(1, 3, 20, 20)
    before = encoder(images)
    images[..., :4, :4] = 1
    changed = (encoder(images) != before).any(-1)[0]
    assert changed.nonzero().amax().item() == 1


def test_lion_moves_by_the_learning_rate_along_the_sign():
    weight = torch.nn.Parameter(torch.tensor([2.0, -1.0]))
    group = {"params": [weight], "weight_decay": 0.1}
    optimizer = build("optimizers", LION, parameters=[group], lr=0.01)
    (weight * torch.tensor([5.0, -0.001])).sum().backward()
    optimizer.step()
    assert weight.tolist() == pytest.approx([2 * 0.999 - 0.01, -1 * 0.999 + 0.01])


def test_the_schedule_decays_once():
    schedule = build("schedules", {"type": DECAY, "decay_fraction": 0.5}, lr=1.0)
    assert [schedule.factor(step, 4) for step in range(4)] == [1, 1, 1, 0.1]


def test_the_method_learns():
    method = build("methods", "new-plugin")
    shapes = build("datasets", {"type": "shapes", "image_size": 32}, split="train")
    batch = {"image": torch.stack([shapes[index]["image"] for index in range(4)])}
    optimizer = torch.optim.AdamW(method.parameters(), lr=2e-3)
    losses = []
    for _ in range(40):
        loss = method.training_loss(batch).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]
