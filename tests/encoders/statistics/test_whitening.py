from pathlib import Path

import pytest
import torch

from gaussrep.data.crops import to_tensor
from gaussrep.data.image_files import read_image
from gaussrep.encoders.resizing import resize_to_patch_grid
from gaussrep.encoders.statistics import MEAN, STD, local_statistics

PHOTOGRAPHS = (
    "astronaut.png", "chelsea.png", "coffee.png", "hubble_deep_field.jpg", "motorcycle_left.png",
    "rocket.jpg",
)  # fmt: skip


def test_the_numbers_are_those_of_the_photographs():
    skimage = pytest.importorskip("skimage")
    folder = Path(skimage.__file__).parent / "data"
    firsts, seconds = [], []
    for name in PHOTOGRAPHS:
        image = to_tensor(read_image(folder / name))[None]
        for side in (160, 640):
            statistics = (
                local_statistics(resize_to_patch_grid(image, 8, side), 8).flatten(0, 2).double()
            )
            firsts.append(statistics.mean(0))
            seconds.append(statistics.square().mean(0))
    mean, second = torch.stack(firsts).mean(0), torch.stack(seconds).mean(0)
    assert torch.allclose(mean, torch.tensor(MEAN).double(), atol=1e-3)
    assert torch.allclose((second - mean**2).sqrt(), torch.tensor(STD).double(), atol=1e-3)
