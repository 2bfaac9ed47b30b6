"""Fit Gaussians to one picture by gradient descent: a photograph as 1500 ellipses.

python examples/fit_image.py OUT [PICTURE]
"""

import sys
from pathlib import Path

import numpy as np
import torch
from PIL import ImageOps
from torch import Tensor

import gaussrep as gr
from gaussrep.data import read_image, read_photographs, write_png

SIZE = 192


def main(out: Path, picture: Path | None = None, count: int = 1500, steps: int = 300) -> None:
    """Leave `fit.png` in a folder: the picture, the first and the last Gaussians."""
    out.mkdir(parents=True, exist_ok=True)
    target = read(picture)
    K = torch.tensor([[SIZE, 0.0, SIZE / 2], [0.0, SIZE, SIZE / 2], [0.0, 0.0, 1.0]])
    cameras = gr.Cameras(torch.eye(4)[None], K[None], SIZE, SIZE)
    raw = start(count)
    optimizer = torch.optim.Adam(raw.values(), lr=0.02)
    sheet = [target]
    for step in range(steps):
        drawn = gr.render(gaussians(raw), cameras).color[0]
        loss = (drawn - target).abs().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step in (0, steps - 1):
            sheet.append(drawn.detach())
            print(f"step {step + 1}: mean absolute error {loss.item():.4f}")
    write_png((255 * torch.cat(sheet, dim=1).clamp(0, 1)).byte().numpy(), out / "fit.png")


def read(picture: Path | None) -> Tensor:
    """The middle of a picture, [SIZE, SIZE, 3]; of a photograph in scikit-image by default."""
    image = read_photographs()[0].image if picture is None else read_image(picture)
    return torch.from_numpy(np.array(ImageOps.fit(image, (SIZE, SIZE)))) / 255


def start(count: int) -> dict[str, Tensor]:
    """Gray Gaussians spread over the picture; what is learned are the numbers before activation."""
    torch.manual_seed(0)
    numbers = {
        "places": torch.rand(count, 2) - 0.5,
        "depths": torch.rand(count),
        "quats": torch.randn(count, 4),
        "sizes": torch.full((count, 3), -3.5),
        "opacities": torch.zeros(count),
        "colors": torch.zeros(count, 3),
    }
    return {name: tensor.requires_grad_() for name, tensor in numbers.items()}


def gaussians(raw: dict[str, Tensor]) -> gr.Gaussians:
    """Gaussians between one and two units before the camera, anywhere in the picture."""
    z = 1 + raw["depths"].sigmoid()[:, None]
    return gr.Gaussians(
        means=torch.cat([raw["places"] * z, z], dim=1),
        quats=raw["quats"],
        scales=raw["sizes"].exp(),
        opacities=raw["opacities"].sigmoid(),
        colors=raw["colors"].sigmoid(),
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None)
