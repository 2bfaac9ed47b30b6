import pytest
import torch
from torch import nn

from gaussrep.encoders.encoder import ImageEncoder


class Pixels(ImageEncoder):
    def __init__(self):
        super().__init__()
        self.project = nn.Linear(3, self.width)

    @property
    def width(self):
        return 5

    def forward(self, images):
        return self.project(images.movedim(1, -1))


def test_an_encoder_gives_a_map_of_its_width():
    encoder = Pixels()
    assert encoder(torch.rand(2, 3, 4, 6)).shape == (2, 4, 6, encoder.width)
    assert len(list(encoder.parameters())) == 2


def test_the_interface_cannot_be_built():
    with pytest.raises(TypeError, match="abstract"):
        ImageEncoder()
