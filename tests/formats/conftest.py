"""What the tests of all formats share."""

import pytest
import torch

from gaussrep.cameras import Cameras
from gaussrep.errors import FormatError
from gaussrep.formats.by_suffix import load
from gaussrep.gaussians import Gaussians
from gaussrep.rendering.api import render


@pytest.fixture
def make_scene():
    """Anisotropic Gaussians with turned axes, opacities of every size, and SH or plain colors."""

    def make(count=40, degree=None, seed=0):
        generator = torch.Generator().manual_seed(seed)

        def random(*shape):
            return torch.rand(*shape, generator=generator)

        appearance = (
            {"colors": random(count, 3)}
            if degree is None
            else {"sh": 1.2 * random(count, (degree + 1) ** 2, 3) - 0.6}
        )
        return Gaussians(
            means=2 * random(count, 3) - 1,
            quats=torch.randn(count, 4, generator=generator),
            scales=0.02 + 0.2 * random(count, 3),
            opacities=random(count),
            **appearance,
        )

    return make


@pytest.fixture
def cameras():
    """Three views of the cube [-1, 1]³ from sides that no symmetry relates."""
    eyes = torch.tensor([[0.5, -0.7, -4.0], [3.5, 1.0, -1.5], [-1.0, 2.5, 3.5]])
    up = torch.tensor([0.1, -1.0, 0.0])
    return Cameras.look_at(eyes, torch.zeros(3), up, width=32, height=24)


@pytest.fixture
def draw():
    """Pictures by the reference renderer."""
    return lambda scene, cameras: render(scene, cameras, renderer="reference").color


@pytest.fixture
def refusal(tmp_path):
    """The one sentence with which a file of some bytes is refused."""

    def refuse(data, name):
        path = tmp_path / name
        path.write_bytes(data)
        with pytest.raises(FormatError) as caught:
            load(path)
        message = str(caught.value)
        assert message.startswith(f"{path}: ")
        assert "\n" not in message
        return message

    return refuse


@pytest.fixture
def angles():
    """Angles in degrees by which two sets of orientations differ."""

    def between(first, second):
        unit = [torch.nn.functional.normalize(quats.double(), dim=-1) for quats in (first, second)]
        return (unit[0] * unit[1]).sum(-1).abs().clamp(max=1).acos().rad2deg() * 2

    return between
