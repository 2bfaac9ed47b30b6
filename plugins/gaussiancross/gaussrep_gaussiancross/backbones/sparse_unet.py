"""SpUNet-v1m1, the sparse U-Net of Pointcept, with Pointcept's parameter names."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from pathlib import Path

import torch
from jaxtyping import Float
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn.functional import linear

from gaussrep.encoders import PointEncoder, VoxelCloud, require_trusted_path
from gaussrep.errors import ConfigError
from gaussrep_gaussiancross.backbones.config import SparseUNetConfig
from gaussrep_gaussiancross.sparse.backend import NativeBackend, SparseBackend
from gaussrep_gaussiancross.sparse.conv import SparseConv
from gaussrep_gaussiancross.sparse.kernel_map import Grid, encode_in_order
from gaussrep_gaussiancross.sparse.spconv_backend import SpconvBackend, SpconvModules

EPS, MOMENTUM = 1e-3, 0.01
"""Parameters of batch normalization (SpUNet-v1m1)."""


def batch_norm(channels: int) -> nn.BatchNorm1d:
    """Build the batch normalization of the sparse U-Net.

    Args:
        channels: Channels of the features.

    Returns:
        The module.
    """
    return nn.BatchNorm1d(channels, eps=EPS, momentum=MOMENTUM)


def conv_and_norm(step: nn.Module) -> tuple[SparseConv, nn.BatchNorm1d]:
    """Return the convolution and the normalization of a step.

    Args:
        step: A container of both.

    Returns:
        Both modules.
    """
    conv, norm = step.children()
    assert isinstance(conv, SparseConv)
    assert isinstance(norm, nn.BatchNorm1d)
    return conv, norm


class ResidualBlock(nn.Module):
    """Two submanifold convolutions with a shortcut.

    Args:
        inputs: Channels of the input.
        outputs: Channels of the output; if it differs, the shortcut is a linear map.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        shortcut = (
            [SparseConv(inputs, outputs, 1), batch_norm(outputs)] if inputs != outputs else []
        )
        self.proj = nn.Sequential(*shortcut)
        self.conv1 = SparseConv(inputs, outputs, 3)
        self.bn1 = batch_norm(outputs)
        self.conv2 = SparseConv(outputs, outputs, 3)
        self.bn2 = batch_norm(outputs)

    def forward(
        self, x: Float[Tensor, "rows c"], backend: SparseBackend, level: int
    ) -> Float[Tensor, "rows d"]:
        """Compute the block.

        Args:
            x: Features of the level.
            backend: Implementation of the convolutions.
            level: Number of the level.

        Returns:
            Features of the level.
        """
        shortcut = x
        if len(self.proj):
            conv, norm = conv_and_norm(self.proj)
            shortcut = norm(linear(x, conv.weight.flatten(1)))
        x = backend.submanifold(x, self.conv1, self.bn1, level)
        return backend.submanifold(x, self.conv2, self.bn2, level, shortcut)


WRAPPER_PREFIX, BACKBONE_PREFIX, HEAD_PREFIX = "module.", "backbone.", "final."
"""Prefixes of names: of a network wrapped for several devices, of the backbone in a method, and of
the backbone's head, which is not loaded."""
MAX_LISTED = 3
"""Largest number of mismatched weights that an error message lists."""


def load_weights(backbone: nn.Module, path: Path) -> None:
    """Load published weights into a backbone, by name.

    Args:
        backbone: The backbone; all of its parameters and running statistics are replaced.
        path: A `.safetensors` file, or a `.pth` with a `state_dict`.

    Raises:
        ConfigError: If the file cannot be read, or a weight is missing, unknown or misshapen.
        UntrustedError: If a run of somebody else names the file.
    """
    require_trusted_path(path)
    weights = _select_backbone(_read(path))
    expected = backbone.state_dict()
    shared = weights.keys() & expected.keys()
    problems = {
        "missing": sorted(expected.keys() - shared),
        "unexpected": sorted(weights.keys() - shared),
        "of another shape": [
            f"{name} {list(weights[name].shape)} instead of {list(expected[name].shape)}"
            for name in sorted(shared)
            if weights[name].shape != expected[name].shape
        ],
    }
    if texts := [f"{what}: {_listed(names)}" for what, names in problems.items() if names]:
        raise ConfigError(
            f"weights: {path} does not fit this backbone ({'; '.join(texts)}); set its size, "
            "channels and layers, and the features of a voxel, to those of the weights."
        )
    for name, tensor in weights.items():
        if tensor.is_floating_point() and not tensor.isfinite().all():
            raise ConfigError(f"weights: {path} is damaged: {name} holds NaN or infinity.")
    backbone.load_state_dict(weights)


def _read(path: Path) -> Mapping[str, Tensor]:
    if not path.is_file():
        raise ConfigError(f"weights is {path}, but there is no such file.")
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged file makes these readers raise almost anything
        reason = f"{type(error).__name__}: {error}".strip().splitlines()[0]
        raise ConfigError(
            f"weights: {path} cannot be read as tensors alone ({reason}); expected a .safetensors "
            "file or a .pth with a state_dict."
        ) from error
    found = content.get("state_dict", content) if isinstance(content, dict) else None
    if not isinstance(found, dict) or not all(isinstance(v, Tensor) for v in found.values()):
        raise ConfigError(f"weights: {path} holds no state_dict; expected tensors by name.")
    return found


def _select_backbone(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the backbone's weights by its own names; all weights if no name has its prefix."""
    plain = {name.removeprefix(WRAPPER_PREFIX): tensor for name, tensor in weights.items()}
    if any(name.startswith(BACKBONE_PREFIX) for name in plain):
        plain = {
            name.removeprefix(BACKBONE_PREFIX): v
            for name, v in plain.items()
            if name.startswith(BACKBONE_PREFIX)
        }
    return {name: tensor for name, tensor in plain.items() if not name.startswith(HEAD_PREFIX)}


def _listed(names: Iterable[str]) -> str:
    first = list(names)
    more = f" and {len(first) - MAX_LISTED} more" if len(first) > MAX_LISTED else ""
    return ", ".join(first[:MAX_LISTED]) + more


STEM_SIZE = 5
"""Side of the first kernel, in voxels."""


class SparseUNet(PointEncoder):
    """A U-Net of sparse convolutions over voxels.

    Args:
        config: Settings.
        channels: Input channels of a voxel.

    Raises:
        UnavailableError: If `config.engine` is spconv and it does not import.
    """

    def __init__(self, config: SparseUNetConfig, channels: int) -> None:
        super().__init__()
        self.config = config
        shape = config.shape
        self.levels = len(shape.channels) // 2
        encoder, decoder = shape.channels[: self.levels], shape.channels[self.levels :][::-1]
        skips = (shape.base_channels, *encoder[:-1])
        deep = (*decoder[1:], encoder[-1])
        self.conv_input = _step(channels, shape.base_channels, STEM_SIZE)
        self.down, self.enc, self.up, self.dec = (nn.ModuleList() for _ in range(4))
        for s in range(self.levels):
            self.down.append(_step(skips[s], encoder[s], 2))
            self.enc.append(_stage(encoder[s], encoder[s], shape.layers[s]))
            self.up.append(_step(deep[s], decoder[s], 2))
            self.dec.append(_stage(decoder[s] + skips[s], decoder[s], shape.layers[-s - 1]))
        self._spconv = SpconvModules() if config.engine == "spconv" else None

    @property
    def width(self) -> int:
        """See `PointEncoder.width`."""
        return self.config.shape.channels[-1]

    def load_pretrained(self) -> None:
        """Load `config.weights`.

        Raises:
            ConfigError: They cannot be read or do not fit.
        """
        if self.config.weights is not None:
            load_weights(self, self.config.weights)

    def forward(self, cloud: VoxelCloud) -> Float[Tensor, "points width"]:
        """See `PointEncoder.forward`."""
        return encode_in_order(
            cloud, lambda x, grid: self.run(x, self._backend(grid, cloud.scenes))
        )

    @property
    def multi_scale_width(self) -> int:
        """See `PointEncoder.multi_scale_width`."""
        return sum(self.config.shape.channels[self.levels - 1 :])

    def encode_multi_scale(self, cloud: VoxelCloud) -> Float[Tensor, "points widths"]:
        """Encode scenes at all resolutions: those of the decoder, and the coarsest of the encoder.

        spconv is not used, because its rows of coarser levels have a different order.

        Args:
            cloud: Occupied voxels and their input features.

        Returns:
            One vector per voxel, the finest resolution first.
        """

        def encode(x: Tensor, grid: Grid) -> Tensor:
            backend = self._native_backend(grid)
            return backend.join_levels(self._run_levels(x, backend)[::-1])

        return encode_in_order(cloud, encode)

    def run(
        self, x: Float[Tensor, "points c"], backend: SparseBackend
    ) -> Float[Tensor, "points width"]:
        """Compute the network on sorted voxels with a given backend.

        Args:
            x: Features of the voxels of the finest grid, in its order.
            backend: Implementation of the convolutions.

        Returns:
            One vector per voxel, in the same order.
        """
        return self._run_levels(x, backend)[-1]

    def _run_levels(self, x: Tensor, backend: SparseBackend) -> list[Tensor]:
        """Compute the network, and return the features of each level, the coarsest first."""
        x = backend.submanifold(x, *conv_and_norm(self.conv_input), 0)
        skips = []
        for level in range(self.levels):
            skips.append(x)
            x = backend.downsample(x, *conv_and_norm(self.down[level]), level)
            for block in self.enc[level].children():
                x = block(x, backend, level + 1)
        levels = [x]
        for level in reversed(range(self.levels)):
            x = backend.upsample(x, *conv_and_norm(self.up[level]), level + 1)
            x = torch.cat([x, skips.pop()], 1)
            for block in self.dec[level].children():
                x = block(x, backend, level)
            levels.append(x)
        return levels

    def _backend(self, grid: Grid, scenes: int) -> SparseBackend:
        if self._spconv is not None:
            return SpconvBackend(grid, scenes, self._spconv)
        return self._native_backend(grid)

    def _native_backend(self, grid: Grid) -> NativeBackend:
        return NativeBackend(grid, pure_torch=self.config.engine == "torch")


def _step(inputs: int, outputs: int, size: int) -> nn.Sequential:
    return nn.Sequential(SparseConv(inputs, outputs, size), batch_norm(outputs))


def _stage(inputs: int, outputs: int, blocks: int) -> nn.Sequential:
    widths = [inputs] + [outputs] * (blocks - 1)
    named = [(f"block{i}", ResidualBlock(width, outputs)) for i, width in enumerate(widths)]
    return nn.Sequential(OrderedDict(named))
