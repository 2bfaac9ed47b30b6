"""What the tests of all formats share."""

import struct

import pytest
import torch

from gaussrep.cameras import Cameras
from gaussrep.errors import FormatError
from gaussrep.formats.by_suffix import load
from gaussrep.gaussians import Gaussians
from gaussrep.rendering.dispatch import render


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


@pytest.fixture(scope="session")
def make_ksplat():
    """A file of one section of three Gaussians, in a full bucket of two and one of another length.

    SH are counted 0, 1, 2, … in the order of the file; at level 2 they are those bytes.
    """

    def make(level=0, degree=0, change=lambda header, section: None):
        header, section = bytearray(4096), bytearray(1024)
        struct.pack_into("<BB2xIIIIH", header, 0, 0, 1, 1, 1, 4, 3, level)
        struct.pack_into("<ff", header, 36, -2, 0.55)
        buckets = 2 if level else 0
        struct.pack_into("<IIIIfHxxIIIIH", section, 0, 3, 4, 2, buckets, 5, 12, 0, 0, 1, 1, degree)
        change(header, section)
        data = [bytes(header), bytes(section)]
        if level:
            data.append(struct.pack("<I6f", 1, 10, 20, 30, -10, -20, -30))
        else:
            data.append(struct.pack("<I", 0))
        harmonics = 3 * ((degree + 1) ** 2 - 1)
        code = "fHH"[level], "fee"[level], "feB"[level]
        row = struct.Struct(f"<3{code[0]}7{code[1]}4B{harmonics}{code[2]}")
        centers = [(1, 2, 3), (4, 5, 6), (7, 8, 9)]
        if level:
            centers = [(32767, 0, 65534), (32767, 32767, 32767), (65534, 32767, 0)]
        for center in centers:
            values = (0.5, 0.25, 2, 1, 0, 0, 0.5, 255, 0, 51, 51)
            data.append(row.pack(*center, *values, *range(harmonics)))
        return b"".join(data) + bytes(row.size)

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
