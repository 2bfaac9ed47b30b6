"""The arithmetic of sparse convolution in plain torch: any device, any floating dtype."""

from collections.abc import Iterator

from jaxtyping import Float
from torch import Tensor

from gaussrep_gaussiancross.sparse.kernel_map import Pairs


def multiply(
    x: Float[Tensor, "rows columns"], weight: Float[Tensor, "d k c"], pairs: Pairs, transposed: bool
) -> Float[Tensor, "found columns_out"]:
    """Gather rows, multiply them by the offset's matrix, and add them up.

    Args:
        x: Input rows.
        weight: One matrix per offset; where `transposed`, [C, K, D].
        pairs: Who meets whom.
        transposed: Whether the matrices are taken from the other side, as the gradient wants it.

    Returns:
        Output rows.
    """
    out = x.new_zeros(pairs.output_count, weight.shape[2 if transposed else 0])
    for offset, inputs, outputs in _lists(pairs):
        matrix = weight[:, offset] if transposed else weight[:, offset].mT
        if len(inputs) == pairs.input_count == pairs.output_count:
            out += x @ matrix
        else:
            product = x.index_select(0, inputs) @ matrix
            out.index_add_(0, outputs, product.to(out.dtype))
    return out


def weight_gradient(
    x: Float[Tensor, "inputs c"], slope: Float[Tensor, "outputs d"], pairs: Pairs
) -> Float[Tensor, "d k c"]:
    """Gradient to the weight of `multiply`.

    Args:
        x: Input rows.
        slope: Gradient to the output rows.
        pairs: Who meets whom.

    Returns:
        Gradient, one matrix per offset.
    """
    gradient = x.new_zeros(slope.shape[1], pairs.offsets, x.shape[1])
    for offset, inputs, outputs in _lists(pairs):
        gradient[:, offset] = slope.index_select(0, outputs).mT @ x.index_select(0, inputs)
    return gradient


def _lists(pairs: Pairs) -> Iterator[tuple[int, Tensor, Tensor]]:
    for offset, (start, end) in enumerate(zip(pairs.starts, pairs.starts[1:], strict=False)):
        if end > start:
            yield offset, pairs.inputs[start:end], pairs.outputs[start:end]
