import torch
from torch.utils.data import Dataset

from gaussrep.data.sample import SampleKey


class ToyData(Dataset):
    """Fixed vectors, each with a little noise of its key's own."""

    def __init__(self, config, split="train"):
        generator = torch.Generator().manual_seed(int(split == "val"))
        size = config.samples if split == "train" else config.held_out
        self.vectors = torch.rand(size, config.width, generator=generator)

    def __len__(self):
        return len(self.vectors)

    def __getitem__(self, key: SampleKey):
        noise = torch.randn(self.vectors.shape[1], generator=key.generator())
        return {
            "image": self.vectors[key.index] + 0.01 * noise,
            "index": torch.tensor(key.index),
        }
