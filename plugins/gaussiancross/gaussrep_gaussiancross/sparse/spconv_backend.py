"""Sparse convolutions by spconv, with the same kernels."""

from typing import Any
from weakref import WeakKeyDictionary

import torch
from jaxtyping import Float, Int32
from torch import Tensor, nn

from gaussrep.errors import CapabilityError, UnavailableError
from gaussrep_gaussiancross.sparse.backend import SparseBackend, epilogue
from gaussrep_gaussiancross.sparse.conv import SparseConv
from gaussrep_gaussiancross.sparse.kernel_map import Grid

SHAPE_MARGIN = 96
"""Free cells beyond the last voxel, so that downsampling drops none (SpUNet's)."""

CPU_THREADS = 1
"""Threads of spconv on the CPU. With two, version 2.3.8 sometimes sums rows wrongly, by as much as
the features themselves and differently in every call (measured)."""


class SpconvModules:
    """The modules of spconv, one per kernel of a network.

    Args:
        cpu_threads: Threads of spconv on the CPU.

    Raises:
        UnavailableError: If spconv does not import.
    """

    def __init__(self, cpu_threads: int = CPU_THREADS) -> None:
        self.cpu_threads = cpu_threads
        try:
            import spconv.pytorch as library
        except Exception as error:  # a mismatched extension may raise any exception
            raise UnavailableError(
                f"engine is 'spconv', which does not import here ({error}); pip install spconv "
                "(on CUDA spconv-cu126 or the like), or use engine='auto'."
            ) from error
        self.library: Any = library
        self._modules: WeakKeyDictionary[SparseConv, Any] = WeakKeyDictionary()

    def module(self, kind: str, conv: SparseConv, key: str) -> Any:
        """Return the spconv module of a kernel, which shares the kernel's weight.

        Args:
            kind: Name of spconv's class.
            conv: The kernel.
            key: Name of the kernel map.

        Returns:
            The module.
        """
        if conv not in self._modules:
            stride = {"stride": 2} if kind == "SparseConv3d" else {}
            module_class = getattr(self.library, kind)
            self._modules[conv] = module_class(
                conv.inputs, conv.outputs, conv.size, bias=False, indice_key=key, **stride
            )
        module = self._modules[conv]
        module.weight = conv.weight
        return module


class SpconvBackend(SparseBackend):
    """Compute sparse convolutions with spconv; on the CPU without gradients.

    Args:
        grid: Occupied voxels of level 0.
        scenes: Number of scenes.
        modules: The modules of spconv.
    """

    def __init__(self, grid: Grid, scenes: int, modules: SpconvModules) -> None:
        self._modules = modules
        indices = torch.cat([grid.scene[:, None], grid.coords], 1).int()
        shape = [side + SHAPE_MARGIN for side in grid.coords.amax(0).tolist()]
        empty = torch.empty(grid.count, 0, device=indices.device)
        self._levels = {0: modules.library.SparseConvTensor(empty, indices, shape, scenes)}

    def indices(self, level: int) -> Int32[Tensor, "rows 4"]:
        """Return scene and position of the rows of a level.

        Args:
            level: Number of the level.

        Returns:
            Scene, x, y and z of each row, in spconv's order.
        """
        return self._levels[level].indices

    def submanifold(
        self,
        x: Float[Tensor, "rows c"],
        conv: SparseConv,
        norm: nn.BatchNorm1d,
        level: int,
        residual: Float[Tensor, "rows d"] | None = None,
    ) -> Float[Tensor, "rows d"]:
        """See `SparseBackend.submanifold`."""
        found = self._run("SubMConv3d", conv, f"submanifold{level}-{conv.size}", x, level)
        return epilogue(found.features, norm, residual)

    def downsample(
        self, x: Float[Tensor, "rows c"], conv: SparseConv, norm: nn.BatchNorm1d, level: int
    ) -> Float[Tensor, "fewer d"]:
        """See `SparseBackend.downsample`."""
        found = self._run("SparseConv3d", conv, f"down{level}", x, level)
        self._levels[level + 1] = found
        return epilogue(found.features, norm, None)

    def upsample(
        self, x: Float[Tensor, "rows c"], conv: SparseConv, norm: nn.BatchNorm1d, level: int
    ) -> Float[Tensor, "more d"]:
        """See `SparseBackend.upsample`."""
        found = self._run("SparseInverseConv3d", conv, f"down{level - 1}", x, level)
        return epilogue(found.features, norm, None)

    def _run(self, kind: str, conv: SparseConv, key: str, x: Tensor, level: int) -> Any:
        needs_gradient = torch.is_grad_enabled() and (x.requires_grad or conv.weight.requires_grad)
        if x.device.type == "cpu" and needs_gradient:
            raise CapabilityError(
                "spconv has no gradients on the CPU; use engine='auto', or torch.no_grad()."
            )
        module = self._modules.module(kind, conv, key)
        threads = torch.get_num_threads()
        cpu_threads = self._modules.cpu_threads
        torch.set_num_threads(cpu_threads if x.device.type == "cpu" else threads)
        try:
            return module(self._levels[level].replace_feature(x))
        finally:
            torch.set_num_threads(threads)
