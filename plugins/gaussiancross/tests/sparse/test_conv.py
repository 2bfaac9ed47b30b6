import subprocess
import sys

import pytest
import torch
from torch.nn.functional import conv3d, conv_transpose3d

from gaussrep.errors import CapabilityError, ShapeError
from gaussrep_gaussiancross.sparse.conv import convolve, kernels_for
from gaussrep_gaussiancross.sparse.kernel_map import KernelMap, downsample, submanifold_map

SIDE = 4
PLAIN_OR_NOT = pytest.mark.parametrize("pure_torch", [True, False])


def table(grid, kind):
    if isinstance(kind, int):
        return submanifold_map(grid, kind)
    kernel_map = downsample(grid).kernel_map
    return kernel_map if kind == "down" else kernel_map.transposed


def kernel(kind, inputs, outputs, dtype=torch.float32):
    size = kind if isinstance(kind, int) else 2
    return torch.randn(outputs, size, size, size, inputs, dtype=dtype)


@pytest.fixture
def full(make_grid):
    return make_grid(side=SIDE, share=1.1, scenes=1)


def dense(x, side):
    return x.reshape(1, side, side, side, -1).permute(0, 4, 1, 2, 3)


def rows(volume):
    return volume.permute(0, 2, 3, 4, 1).reshape(-1, volume.shape[1])


@PLAIN_OR_NOT
@pytest.mark.parametrize("size", [3, 5])
def test_on_a_full_grid_it_is_a_dense_convolution(full, size, pure_torch):
    x, weight = torch.randn(SIDE**3, 5), kernel(size, 5, 7)
    out = convolve(x, weight, table(full, size), pure_torch=pure_torch)
    wanted = conv3d(dense(x, SIDE), weight.permute(0, 4, 1, 2, 3), padding=size // 2)
    torch.testing.assert_close(out, rows(wanted), rtol=1e-4, atol=1e-4)


@PLAIN_OR_NOT
def test_on_a_full_grid_down_and_up_are_strided_convolutions(full, pure_torch):
    x, weight = torch.randn(SIDE**3, 5), kernel("down", 5, 7)
    small = convolve(x, weight, table(full, "down"), pure_torch=pure_torch)
    wanted = conv3d(dense(x, SIDE), weight.permute(0, 4, 1, 2, 3), stride=2)
    torch.testing.assert_close(small, rows(wanted), rtol=1e-4, atol=1e-4)
    back = kernel("up", 7, 5)
    large = convolve(small, back, table(full, "up"), pure_torch=pure_torch)
    spread = conv_transpose3d(dense(small, SIDE // 2), back.permute(4, 0, 1, 2, 3), stride=2)
    torch.testing.assert_close(large, rows(spread), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("kind", [1, 3, "down", "up"])
def test_gradients_are_those_of_differences(make_grid, kind):
    kernel_map = table(make_grid(side=4, share=0.2), kind)
    x = torch.randn(kernel_map.input_count, 2, dtype=torch.float64, requires_grad=True)
    weight = kernel(kind, 2, 3, torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(lambda *given: convolve(*given, kernel_map), (x, weight))
    loss = convolve(x, weight, kernel_map).square().sum()
    with pytest.raises(CapabilityError, match="first derivatives only; leave out create_graph"):
        torch.autograd.grad(loss, x, create_graph=True)


@pytest.mark.parametrize(("inputs", "outputs"), [(6, 32), (17, 50), (48, 96), (80, 64), (130, 16)])
@pytest.mark.parametrize("kind", [3, "down", "up"])
def test_kernels_agree_with_double_precision(make_grid, kind, inputs, outputs):
    kernel_map = table(make_grid(side=8), kind)
    given = torch.randn(kernel_map.input_count, inputs), kernel(kind, inputs, outputs)
    slope = torch.randn(kernel_map.output_count, outputs)
    results = []
    for dtype in (torch.float32, torch.float64):
        x, weight = (tensor.to(dtype, copy=True).requires_grad_() for tensor in given)
        out = convolve(x, weight, kernel_map)
        out.backward(slope.to(dtype))
        results.append([out, x.grad, weight.grad])
    for actual, wanted in zip(*results, strict=True):
        torch.testing.assert_close(actual.double(), wanted, rtol=1e-4, atol=1e-3)


def test_results_are_the_same_bits_with_any_number_of_threads(make_grid):
    kernel_map = table(make_grid(side=12), 3)
    x, weight = torch.randn(kernel_map.input_count, 48), kernel(3, 48, 48)
    given, found = torch.get_num_threads(), []
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            found.append(gradients(x, weight, kernel_map))
    finally:
        torch.set_num_threads(given)
    assert all(torch.equal(a, b) for run in found[1:] for a, b in zip(run, found[0], strict=True))


def gradients(x, weight, kernel_map):
    leaves = x.clone().requires_grad_(), weight.clone().requires_grad_()
    out = convolve(*leaves, kernel_map)
    return [out, *torch.autograd.grad(out.square().sum(), leaves)]


@PLAIN_OR_NOT
def test_rows_without_pairs_are_zero(pure_torch):
    rows = torch.tensor([2], dtype=torch.int32)
    kernel_map = KernelMap(rows, rows, (0, 1, *[1] * 7), 3, 4)
    out = convolve(torch.ones(3, 2), torch.ones(1, 2, 2, 2, 2), kernel_map, pure_torch=pure_torch)
    assert out.tolist() == [[0.0], [0.0], [2.0], [0.0]]


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("change", ["rows", "channels", "size"])
def test_what_does_not_belong_together_is_refused(make_grid, change):
    kernel_map = table(make_grid(), 3)
    count = kernel_map.input_count - (change == "rows")
    weight = kernel(5 if change == "size" else 3, 3 if change == "channels" else 2, 4)
    wanted = "27 offsets" if change == "size" else "x has shape"
    with pytest.raises(ShapeError, match=wanted):
        convolve(torch.zeros(count, 2), weight, kernel_map)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_other_dtypes_go_to_torch(dtype):
    assert kernels_for(torch.zeros(1, dtype=dtype)) is None
    assert kernels_for(torch.zeros(1)) is not None


def test_without_numba_torch_does_it():
    program = (
        "import sys; sys.modules['numba'] = None\n"
        "import torch\n"
        "from gaussrep_gaussiancross.sparse.conv import kernels_for\n"
        "print(kernels_for(torch.zeros(1)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "None"
    assert "Numba does not import" in done.stderr
