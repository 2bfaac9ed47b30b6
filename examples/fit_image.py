"""Fit 1500 Gaussians to one image by gradient descent.

python examples/fit_image.py OUT [IMAGE]
"""

import sys
from pathlib import Path

import numpy as np
import torch
from PIL import ImageOps
from torch import Tensor

import gaussrep as gr
from gaussrep.data import read_image, read_photos, write_png

SIZE = 192


def main(out: Path, path: Path | None = None, count: int = 1500, steps: int = 300) -> None:
    """Write `fit.png`: the image, and the Gaussians after the first and the last step."""
    out.mkdir(parents=True, exist_ok=True)
    target = read(path)
    K = torch.tensor([[SIZE, 0.0, SIZE / 2], [0.0, SIZE, SIZE / 2], [0.0, 0.0, 1.0]])
    cameras = gr.Cameras(torch.eye(4)[None], K[None], SIZE, SIZE)
    raw = start(count)
    optimizer = torch.optim.Adam(raw.values(), lr=0.02)
    sheet = [target]
    for step in range(steps):
        rendered = gr.render(gaussians(raw), cameras).color[0]
        loss = (rendered - target).abs().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step in (0, steps - 1):
            sheet.append(rendered.detach())
            print(f"step {step + 1}: mean absolute error {loss.item():.4f}")
    write_png((255 * torch.cat(sheet, dim=1).clamp(0, 1)).byte().numpy(), out / "fit.png")


def read(path: Path | None) -> Tensor:
    """Read the center of an image, [SIZE, SIZE, 3]; by default one in scikit-image."""
    image = read_photos()[0].image if path is None else read_image(path)
    return torch.from_numpy(np.array(ImageOps.fit(image, (SIZE, SIZE)))) / 255


def start(count: int) -> dict[str, Tensor]:
    """Initialize the parameters, before activation, of gray Gaussians at random positions."""
    torch.manual_seed(0)
    parameters = {
        "positions": torch.rand(count, 2) - 0.5,
        "depths": torch.rand(count),
        "quats": torch.randn(count, 4),
        "sizes": torch.full((count, 3), -3.5),
        "opacities": torch.zeros(count),
        "colors": torch.zeros(count, 3),
    }
    return {name: tensor.requires_grad_() for name, tensor in parameters.items()}


def gaussians(raw: dict[str, Tensor]) -> gr.Gaussians:
    """Activate the parameters: depths from 1 to 2, positions anywhere in the image."""
    z = 1 + raw["depths"].sigmoid()[:, None]
    return gr.Gaussians(
        means=torch.cat([raw["positions"] * z, z], dim=1),
        quats=raw["quats"],
        scales=raw["sizes"].exp(),
        opacities=raw["opacities"].sigmoid(),
        colors=raw["colors"].sigmoid(),
    )


if __name__ == "__main__":
    if not 2 <= len(sys.argv) <= 3:
        sys.exit(__doc__)
    main(*map(Path, sys.argv[1:]))
