import pytest
import torch
from einops import rearrange

from gaussrep_gmae.layers.cielab import cielab


def test_agrees_with_scikit_image():
    color = pytest.importorskip("skimage.color")
    pictures = torch.rand(2, 3, 9, 7, generator=torch.Generator().manual_seed(0))
    pictures[0, :, 0] = torch.linspace(0, 0.05, 7)
    pictures[0, :, 1, 0], pictures[0, :, 1, 1] = 0.0, 1.0
    expected = color.rgb2lab(rearrange(pictures.double(), "b c h w -> b h w c").numpy()) / 100
    found = rearrange(cielab(pictures), "b c h w -> b h w c")
    torch.testing.assert_close(found.double(), torch.from_numpy(expected), atol=1e-4, rtol=0)
