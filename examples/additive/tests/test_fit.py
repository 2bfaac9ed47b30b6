import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image

import gaussrep as gr
from gaussrep_additive.config import FitImageConfig
from gaussrep_additive.fit import fit_image
from gaussrep_additive.flat import flat_gaussians, image_cameras


def smooth_image(height, width):
    y, x = torch.meshgrid(torch.linspace(0, 3, height), torch.linspace(0, 4, width), indexing="ij")
    return torch.stack([x.sin(), y.cos(), (x * y).sin()]) / 2 + 0.5


def test_a_flat_gaussian_has_its_center_and_covariance():
    sigmas, angle = torch.tensor([[0.5, 0.1]]), torch.tensor([0.3])
    one = flat_gaussians(torch.tensor([[0.25, -0.5]]), sigmas, angle, torch.ones(1, 3))
    turn = torch.tensor([[angle.cos(), -angle.sin()], [angle.sin(), angle.cos()]])
    expected = turn @ torch.diag(sigmas[0] ** 2) @ turn.T
    torch.testing.assert_close(one.covariances()[0, :2, :2], expected)
    alpha = gr.render(one, image_cameras(1, 40, 80, one.device)[0], "additive").alpha[0]
    row, column = divmod(int(alpha.argmax()), 80)
    assert row == 0
    assert abs(column - 50) <= 3


@pytest.mark.parametrize(("height", "width"), [(24, 32), (33, 20)])
def test_an_image_is_fitted(height, width):
    image = smooth_image(height, width)
    fit = fit_image(image, FitImageConfig(gaussians=60, steps=150))
    assert fit.image.shape == image.shape
    assert fit.psnr > 30
    mean = image.mean((1, 2), keepdim=True)
    assert fit.psnr > -10 * (image - mean).square().mean().log10() + 10
    rerendered = gr.render(
        fit.gaussians, image_cameras(1, height, width, image.device)[0], "additive"
    )
    torch.testing.assert_close(rerendered.color[0].clamp(0, 1).movedim(-1, 0), fit.image)


def test_the_command_writes_the_image(tmp_path):
    pixels = (255 * smooth_image(40, 60).movedim(0, -1)).byte().numpy()
    Image.fromarray(pixels).save(tmp_path / "in.png")
    program = [sys.executable, "-c", "from gaussrep.cli.main import main; main()"]
    options = ["--gaussians", "40", "--steps", "60", "--size", "30", "--out", tmp_path / "out.png"]
    ran = subprocess.run(
        [*program, "fit-image", tmp_path / "in.png", *options],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert "40 Gaussians" in ran.stdout
    fitted_image = np.asarray(Image.open(tmp_path / "out.png"))
    assert fitted_image.shape == (20, 30, 3)
    small = np.asarray(Image.fromarray(pixels).resize((30, 20)))
    assert np.abs(fitted_image.astype(float) - small).mean() < 12
