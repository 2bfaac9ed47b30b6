"""Matrix products of sparse convolution in plain torch: any device, any floating dtype."""

from collections.abc import Iterator

from jaxtyping import Float
from torch import Tensor

from gaussrep_gaussiancross.sparse.kernel_map import KernelMap


def multiply(
    x: Float[Tensor, "rows columns"],
    weight: Float[Tensor, "d k c"],
    kernel_map: KernelMap,
    transposed: bool,
) -> Float[Tensor, "rows_out columns_out"]:
    """Gather rows, multiply them by the offset's matrix, and scatter-add them.

    Args:
        x: Input rows.
        weight: One matrix per offset; if `transposed`, [C, K, D].
        kernel_map: Pairs of input and output rows of each offset.
        transposed: Whether to multiply by the transposed matrices, as the gradient needs.

    Returns:
        Output rows.
    """
    out = x.new_zeros(kernel_map.output_count, weight.shape[2 if transposed else 0])
    for offset, inputs, outputs in _lists(kernel_map):
        matrix = weight[:, offset] if transposed else weight[:, offset].mT
        if len(inputs) == kernel_map.input_count == kernel_map.output_count:
            out += x @ matrix
        else:
            product = x.index_select(0, inputs) @ matrix
            out.index_add_(0, outputs, product.to(out.dtype))
    return out


def weight_gradient(
    x: Float[Tensor, "inputs c"], grad_output: Float[Tensor, "outputs d"], kernel_map: KernelMap
) -> Float[Tensor, "d k c"]:
    """Compute the gradient of `multiply` with respect to its weight.

    Args:
        x: Input rows.
        grad_output: Gradient with respect to the output rows.
        kernel_map: Pairs of input and output rows of each offset.

    Returns:
        The gradient, one matrix per offset.
    """
    gradient = x.new_zeros(grad_output.shape[1], kernel_map.offsets, x.shape[1])
    for offset, inputs, outputs in _lists(kernel_map):
        rows = grad_output.index_select(0, outputs)
        gradient[:, offset] = rows.mT @ x.index_select(0, inputs)
    return gradient


def _lists(kernel_map: KernelMap) -> Iterator[tuple[int, Tensor, Tensor]]:
    bounds = zip(kernel_map.starts, kernel_map.starts[1:], strict=False)
    for offset, (start, end) in enumerate(bounds):
        if end > start:
            yield offset, kernel_map.inputs[start:end], kernel_map.outputs[start:end]
