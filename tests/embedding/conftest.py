import pytest
import torch
from PIL import Image

from gaussrep.config import ComponentConfig
from gaussrep.methods import Embedding, Method, StepOutput


class Averager(Method):
    """One token per quarter of the image: its mean color. Counts its input images."""

    def __init__(self) -> None:
        super().__init__(ComponentConfig(type="averager"))
        self.gain = torch.nn.Parameter(torch.ones(()))
        self.seen = 0

    def training_loss(self, batch):
        return StepOutput(self.gain)

    def embed(self, batch):
        image = batch["image"]
        self.seen += len(image)
        tokens = torch.nn.functional.adaptive_avg_pool2d(image, 2).flatten(2).transpose(1, 2)
        return Embedding(self.gain * tokens, self.gain * tokens.mean(1))


@pytest.fixture
def method():
    return Averager().eval()


@pytest.fixture
def image_folder(tmp_path):
    """Seven images of one color each, in two folders, and a damaged one among them."""
    for number in range(7):
        path = tmp_path / "image_folder" / ("a", "b")[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (10 + number, 9), (10 * number, 0, 255)).save(path)
    (tmp_path / "image_folder" / "a" / "3.png").write_bytes(b"no picture")
    return tmp_path / "image_folder"
