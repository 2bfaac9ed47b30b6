import torch
from torch.utils.data import Dataset

from gaussrep.data.sample import SampleKey

PALETTE = torch.tensor([[0.9, 0.1, 0.1], [0.1, 0.9, 0.1], [0.1, 0.1, 0.9]])


class Plain(Dataset):
    """Noisy images of one color each; mirrored ones, in training, are darker by a half."""

    def __init__(self, config, split="train"):
        self.config, self.split = config, split
        self.size = config.samples if split == "train" else config.held_out

    def __len__(self):
        return self.size

    def __getitem__(self, key):
        key = key if isinstance(key, SampleKey) else SampleKey(key)
        noise = torch.randn(
            3, self.config.image_size, self.config.image_size, generator=key.generator()
        )
        color = PALETTE[key.index % self.config.classes][:, None, None]
        image = (color + self.config.noise * noise).clamp(0, 1)
        if self.split == "train" and key.rng().random() < self.config.flip:
            image = image / 2
        return {"image": image, "index": torch.tensor(key.index)}


class Colors(Plain):
    def __init__(self, config, split="train"):
        super().__init__(config, split)
        self.classes = ("red", "green", "blue")[: config.classes]

    def __getitem__(self, key):
        sample = super().__getitem__(key)
        return sample | {"label": sample["index"] % self.config.classes}
