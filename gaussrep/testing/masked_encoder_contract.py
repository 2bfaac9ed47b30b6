"""Contract of image encoders that can encode visible patches only."""

from typing import Any, ClassVar

import pytest
import torch
from torch import Tensor

from gaussrep.encoders.encoder import MaskedImageEncoder
from gaussrep.testing.image_encoder_contract import ImageEncoderContract


class MaskedImageEncoderContract(ImageEncoderContract):
    """Subclass this in a plugin's tests and set `name`.

    Examples:
        >>> class TestMine(MaskedImageEncoderContract):
        ...     name = "mine"
    """

    image_size: ClassVar[int] = 32
    """Side of the square test images in pixels."""

    patch_size: ClassVar[int] = 8
    """Side of a patch in pixels."""

    def build(self, **arguments: Any) -> Any:
        """Build the encoder for images of `image_size`.

        Args:
            **arguments: Further arguments beside the settings.

        Returns:
            A new encoder.
        """
        sizes = {"image_size": self.image_size, "patch_size": self.patch_size}
        return super().build(**sizes, **arguments)

    @pytest.fixture
    def images(self) -> Tensor:
        """Two random images."""
        generator = torch.Generator().manual_seed(0)
        return torch.rand(2, 3, self.image_size, self.image_size, generator=generator)

    @pytest.fixture
    def visible(self, encoder: MaskedImageEncoder) -> Tensor:
        """A quarter of the patches, in random order, for two images."""
        patches = (encoder.image_size // encoder.patch_size) ** 2
        generator = torch.Generator().manual_seed(1)
        return torch.rand(2, patches, generator=generator).argsort(1)[:, : max(1, patches // 4)]

    def test_it_is_a_masked_encoder(self, encoder: MaskedImageEncoder) -> None:
        assert isinstance(encoder, MaskedImageEncoder)
        assert "visible_patches" in self.record.capabilities

    @torch.no_grad()
    def test_one_token_per_visible_patch(
        self, encoder: MaskedImageEncoder, images: Tensor, visible: Tensor
    ) -> None:
        patches = (encoder.image_size // encoder.patch_size) ** 2
        assert encoder.tokens(images).shape == (2, 1 + patches, encoder.width)
        tokens = encoder.tokens(images, visible)
        assert tokens.shape == (2, 1 + visible.shape[1], encoder.width)
        assert torch.isfinite(tokens).all()

    @torch.no_grad()
    def test_tokens_follow_the_order_of_visible(
        self, encoder: MaskedImageEncoder, images: Tensor, visible: Tensor
    ) -> None:
        there, back = encoder.tokens(images, visible), encoder.tokens(images, visible.flip(1))
        torch.testing.assert_close(
            there[:, 1:], back[:, 1:].flip(1), atol=self.tolerance, rtol=self.tolerance
        )

    @torch.no_grad()
    def test_masked_patches_have_no_influence(
        self, encoder: MaskedImageEncoder, images: Tensor, visible: Tensor
    ) -> None:
        size, side = encoder.patch_size, encoder.image_size // encoder.patch_size
        shown = torch.zeros(2, side**2).scatter(1, visible, 1.0).view(2, 1, side, side)
        shown = shown.repeat_interleave(size, 2).repeat_interleave(size, 3)
        noise = images * shown + (1 - images) * (1 - shown)
        before, after = encoder.tokens(images, visible), encoder.tokens(noise, visible)
        torch.testing.assert_close(before, after, atol=self.tolerance, rtol=self.tolerance)

    def test_layers_are_disjoint_and_all_that_learns(
        self, encoder: MaskedImageEncoder, images: Tensor
    ) -> None:
        layers = [set(layer.parameters()) for layer in encoder.layers()]
        assert sum(map(len, layers)) == len(set().union(*layers))
        encoder.tokens(images).square().sum().backward()
        learning = {p for p in encoder.parameters() if p.grad is not None}
        assert learning <= set().union(*layers)

    def test_parameters_without_decay_exist(self, encoder: MaskedImageEncoder) -> None:
        assert encoder.no_weight_decay() <= {name for name, _ in encoder.named_parameters()}
