"""The contract of image encoders."""

from typing import ClassVar

import pytest
import torch
from torch import Tensor

from gaussrep.encoders.encoder import ImageEncoder
from gaussrep.testing.component_contract import ComponentContract
from gaussrep.testing.learning import assert_weights_are_all


class ImageEncoderContract(ComponentContract):
    """Subclass this in a plugin's tests and set `name`.

    Examples:
        >>> class TestMine(ImageEncoderContract):
        ...     name = "mine"
    """

    kind = "encoders"

    sizes: ClassVar[tuple[tuple[int, int], ...]] = ((64, 64), (48, 96), (50, 71))
    """Heights and widths of the images in the tests; the second is wide."""

    tolerance: ClassVar[float] = 1e-4
    """Largest difference of features between two ways to compute the same."""

    @pytest.fixture
    def encoder(self) -> ImageEncoder:
        """The encoder under test, in evaluation mode."""
        torch.manual_seed(0)
        return self.build().eval()

    def test_it_is_an_encoder_of_images(self, encoder: ImageEncoder) -> None:
        assert isinstance(encoder, ImageEncoder)
        assert self.record.modality == "image"

    @torch.no_grad()
    def test_one_vector_per_cell(self, encoder: ImageEncoder) -> None:
        for height, width in self.sizes:
            features = encoder(_images(2, height, width))
            assert features.ndim == 4
            assert (features.shape[0], features.shape[3]) == (2, encoder.width)
            assert torch.isfinite(features).all()

    @torch.no_grad()
    def test_images_are_independent(self, encoder: ImageEncoder) -> None:
        images = _images(3, *self.sizes[0])
        apart = torch.cat([encoder(image[None]) for image in images])
        torch.testing.assert_close(encoder(images), apart, atol=self.tolerance, rtol=self.tolerance)

    @torch.no_grad()
    def test_same_image_same_features(self, encoder: ImageEncoder) -> None:
        images = _images(2, *self.sizes[0])
        before = images.clone()
        assert torch.equal(encoder(images), encoder(images))
        assert torch.equal(images, before)

    @torch.no_grad()
    def test_the_map_has_the_layout_of_the_image(self, encoder: ImageEncoder) -> None:
        images = _images(1, *self.sizes[1])
        rows, columns = encoder(images).shape[1:3]
        assert rows <= columns
        height, width = images.shape[2:]
        for half, axis in ((images[..., : height // 2, :], 0), (images[..., : width // 2], 1)):
            if (rows, columns)[axis] < 2:
                continue
            before = encoder(images)
            half.copy_(1 - half)
            changes = (encoder(images) - before).abs().mean((0, 3)).movedim(axis, 0)
            near, far = changes[: len(changes) // 2], changes[-(len(changes) // 2) :]
            assert near.mean() > far.mean()

    @torch.no_grad()
    def test_its_weights_are_all_that_it_is(self, encoder: ImageEncoder) -> None:
        images = _images(2, *self.sizes[0])
        assert_weights_are_all(encoder, self.build().eval(), lambda net: net(images))


def _images(count: int, height: int, width: int) -> Tensor:
    """Random colors in blocks of eight pixels, in [0, 1]."""
    generator = torch.Generator().manual_seed(0)
    blocks = torch.rand(count, 3, -(-height // 8), -(-width // 8), generator=generator)
    large = blocks.repeat_interleave(8, 2).repeat_interleave(8, 3)
    return large[..., :height, :width].clone()
