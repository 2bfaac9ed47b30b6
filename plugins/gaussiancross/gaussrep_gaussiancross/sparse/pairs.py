"""Pairs: which input row meets which output row at each offset of a kernel."""

from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Int32
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Pairs:
    """The index table of a sparse convolution, one list of pairs per offset of the kernel.

    Output row `outputs[i]` gets input row `inputs[i]` times the offset's matrix. Within a list both
    rows rise strictly, so that blocks of rows are found by bisection, and memory is read in order.

    Args:
        inputs: Input rows, the lists one after the other.
        outputs: Output rows.
        starts: Where each list begins, and at the end the number of pairs; K + 1 numbers.
        input_count: Number of input rows.
        output_count: Number of output rows.
    """

    inputs: Int32[Tensor, " pairs"]
    outputs: Int32[Tensor, " pairs"]
    starts: tuple[int, ...]
    input_count: int
    output_count: int

    @classmethod
    def join(
        cls, lists: list[tuple[Tensor, Tensor]], input_count: int, output_count: int
    ) -> "Pairs":
        """Build the table from one list of input and one of output rows per offset."""
        sizes = torch.tensor([0, *(len(inputs) for inputs, _ in lists)])
        inputs, outputs = (torch.cat(rows).int() for rows in zip(*lists, strict=True))
        return cls(inputs, outputs, tuple(sizes.cumsum(0).tolist()), input_count, output_count)

    @property
    def offsets(self) -> int:
        """Number of offsets of the kernel, K."""
        return len(self.starts) - 1

    @cached_property
    def swapped(self) -> "Pairs":
        """The table of the transposed convolution."""
        return Pairs(self.outputs, self.inputs, self.starts, self.output_count, self.input_count)
