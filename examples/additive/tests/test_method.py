import torch

import gaussrep as gr


def method(**settings):
    torch.manual_seed(0)
    return gr.build("methods", {"type": "additive", **settings})


def test_it_starts_as_an_even_gray():
    learner = method()
    learner.head.linear.weight.data.zero_()
    learner.head.linear.bias.data.zero_()
    images = torch.rand(2, 3, 64, 48)
    rendered = learner.render(learner.gaussians({"image": images}), 64, 48).detach()
    middle = rendered[:, 16:-16, 16:-16]
    assert (middle - 0.5).abs().max() < 0.08


def test_images_of_any_shape_fill_the_frame():
    for height, width in ((32, 64), (64, 32), (40, 40)):
        predicted = method().gaussians({"image": torch.rand(1, 3, height, width)})
        reach = predicted.means[0, :, :2].abs().amax(0) * max(height, width)
        assert reach[0] >= 0.6 * width
        assert reach[1] >= 0.6 * height
        assert predicted.count == 4 * (height // 8) * (width // 8)


def test_other_parts_can_replace_its_own():
    learner = method(loss="l1", encoder={"type": "statistics"}, per_cell=1)
    batch = {"image": torch.rand(2, 3, 16, 16)}
    output = learner.training_loss(batch)
    output.loss.backward()
    assert learner.head.linear.weight.grad.abs().max() > 0
