import pytest
import torch
from torch import nn

from gaussrep.encoders.encoder import ImageEncoder, PointEncoder
from gaussrep.encoders.voxels import VoxelCloud
from gaussrep.errors import ShapeError


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


class Each(PointEncoder):
    def __init__(self, channels):
        super().__init__()
        self.project = nn.Linear(channels, self.width)

    @property
    def width(self):
        return 5

    def forward(self, cloud):
        return self.project(cloud.features)


def cloud(count=7, coords=7):
    return VoxelCloud(
        torch.rand(count, 6),
        torch.arange(3 * coords).view(coords, 3),
        torch.zeros(count, dtype=torch.int64),
        scenes=1,
    )


def test_an_encoder_gives_one_vector_per_voxel():
    assert Each(6)(cloud()).shape == (7, 5)


def test_the_point_interface_cannot_be_built():
    with pytest.raises(TypeError, match="abstract"):
        PointEncoder()


@pytest.mark.usefixtures("unchecked")
def test_a_cloud_reports_which_tensor_is_off():
    with pytest.raises(ShapeError, match=r"coords has shape \[6, 3\], expected \[7, 3\]"):
        cloud(coords=6)


def test_axes_in_another_order_are_one_sentence():
    class First(Pixels):
        def forward(self, images):
            return self.project(images.movedim(1, -1)).movedim(-1, 1)

    wanted = (
        r"^the output of encoder First has shape \[2, 5, 4, 6\], expected \[2, rows, columns, 5\]\."
    )
    with pytest.raises(ShapeError, match=wanted):
        First().checked(torch.rand(2, 3, 4, 6))

    class Turned(Each):
        def forward(self, cloud):
            return self.project(cloud.features).T

    wanted = r"^the output of encoder Turned has shape \[5, 7\], expected \[7, 5\]\."
    with pytest.raises(ShapeError, match=wanted):
        Turned(6).checked(cloud())
