"""Sparse convolutions by spconv, with the same kernels."""

from typing import Any
from weakref import WeakKeyDictionary

import torch
from jaxtyping import Float, Int32
from torch import Tensor, nn

from gaussrep.errors import CapabilityError, UnavailableError
from gaussrep_gaussiancross.sparse.backend import SparseSpace, finish
from gaussrep_gaussiancross.sparse.conv import SparseConv
from gaussrep_gaussiancross.sparse.kernel_map import Grid

ROOM = 96
"""Free cells beyond the last voxel, so that halving drops none (SpUNet's)."""


CPU_THREADS = 1
"""Threads that spconv gets on the CPU: with two, 2.3.8 now and then adds rows up wrongly there, by
as much as the features themselves, and differently in every call (measured)."""


class Spconv:
    """The modules of spconv, one for each kernel of a network.

    Args:
        cpu_threads: Threads that it gets on the CPU.

    Raises:
        UnavailableError: If spconv does not import.
    """

    def __init__(self, cpu_threads: int = CPU_THREADS) -> None:
        self.cpu_threads = cpu_threads
        try:
            import spconv.pytorch as library
        except Exception as error:  # an extension that does not fit raises whatever it likes
            raise UnavailableError(
                f"engine is 'spconv', which does not import here ({error}); pip install spconv "
                "(on CUDA spconv-cu126 or the like), or use engine='auto'."
            ) from error
        self.library: Any = library
        self._modules: WeakKeyDictionary[SparseConv, Any] = WeakKeyDictionary()

    def module(self, kind: str, conv: SparseConv, key: str) -> Any:
        """The module of a kernel, which shares its weight.

        Args:
            kind: Name of the class.
            conv: The kernel.
            key: Name of the index table.

        Returns:
            The module.
        """
        if conv not in self._modules:
            stride = {"stride": 2} if kind == "SparseConv3d" else {}
            make = getattr(self.library, kind)
            made = make(conv.inputs, conv.outputs, conv.size, bias=False, indice_key=key, **stride)
            self._modules[conv] = made
        module = self._modules[conv]
        module.weight = conv.weight
        return module


class SpconvSpace(SparseSpace):
    """See `SparseSpace`; on the CPU without gradients.

    Args:
        grid: Occupied voxels of level 0.
        scenes: Number of scenes.
        spconv: spconv's modules.
    """

    def __init__(self, grid: Grid, scenes: int, spconv: Spconv) -> None:
        self._spconv = spconv
        indices = torch.cat([grid.scene[:, None], grid.coords], 1).int()
        shape = [side + ROOM for side in grid.coords.amax(0).tolist()]
        nothing = torch.empty(grid.count, 0, device=indices.device)
        self._levels = {0: spconv.library.SparseConvTensor(nothing, indices, shape, scenes)}

    def indices(self, level: int) -> Int32[Tensor, "rows 4"]:
        """Scene and position of the rows of a level, in spconv's order."""
        return self._levels[level].indices

    def same(
        self,
        x: Float[Tensor, "rows c"],
        conv: SparseConv,
        norm: nn.BatchNorm1d,
        level: int,
        added: Float[Tensor, "rows d"] | None = None,
    ) -> Float[Tensor, "rows d"]:
        """See `SparseSpace.same`."""
        found = self._run("SubMConv3d", conv, f"same{level}-{conv.size}", x, level)
        return finish(found.features, norm, added)

    def down(
        self, x: Float[Tensor, "rows c"], conv: SparseConv, norm: nn.BatchNorm1d, level: int
    ) -> Float[Tensor, "fewer d"]:
        """See `SparseSpace.down`."""
        found = self._run("SparseConv3d", conv, f"down{level}", x, level)
        self._levels[level + 1] = found
        return finish(found.features, norm, None)

    def up(
        self, x: Float[Tensor, "rows c"], conv: SparseConv, norm: nn.BatchNorm1d, level: int
    ) -> Float[Tensor, "more d"]:
        """See `SparseSpace.up`."""
        found = self._run("SparseInverseConv3d", conv, f"down{level - 1}", x, level)
        return finish(found.features, norm, None)

    def _run(self, kind: str, conv: SparseConv, key: str, x: Tensor, level: int) -> Any:
        wants_gradient = torch.is_grad_enabled() and (x.requires_grad or conv.weight.requires_grad)
        if x.device.type == "cpu" and wants_gradient:
            raise CapabilityError(
                "spconv has no gradients on the CPU; use engine='auto', or torch.no_grad()."
            )
        module = self._spconv.module(kind, conv, key)
        given = torch.get_num_threads()
        torch.set_num_threads(self._spconv.cpu_threads if x.device.type == "cpu" else given)
        try:
            return module(self._levels[level].replace_feature(x))
        finally:
            torch.set_num_threads(given)
