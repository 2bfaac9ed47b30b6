import torch

from gaussrep.data.sample import SampleKey
from gaussrep.training.loader import make_loader

CPU = torch.device("cpu")


class Ragged:
    def __len__(self):
        return 3

    def __getitem__(self, key):
        return {"points": torch.full((key.index + 1, 3), float(key.index))}

    def collate(self, samples):
        return {"points": torch.cat([sample["points"] for sample in samples])}


def test_a_data_set_may_join_its_samples_itself():
    keys = [[SampleKey(0), SampleKey(2)], [SampleKey(1)]]
    for workers in (0, 1):
        first, second = make_loader(Ragged(), keys, num_workers=workers, device=CPU)
        assert first["points"][:, 0].tolist() == [0, 2, 2, 2]
        assert second["points"].shape == (2, 3)
