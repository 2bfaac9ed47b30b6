import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from gaussrep import quaternions

component = st.floats(-1, 1, allow_nan=False)
quaternion = st.tuples(component, component, component, component).filter(
    lambda q: np.linalg.norm(q) > 1e-3
)


def to_scipy(q):
    return Rotation.from_quat(q, scalar_first=True)


@given(quaternion)
def test_matrix_agrees_with_scipy(q):
    matrix = quaternions.to_matrix(torch.tensor(q, dtype=torch.float64))
    np.testing.assert_allclose(matrix.numpy(), to_scipy(q).as_matrix(), atol=1e-12)


@given(quaternion)
def test_from_matrix_gives_the_rotation_back(q):
    matrix = torch.tensor(to_scipy(q).as_matrix())
    back = quaternions.from_matrix(matrix)
    assert back.norm().item() == pytest.approx(1, abs=1e-12)
    np.testing.assert_allclose(quaternions.to_matrix(back).numpy(), matrix.numpy(), atol=1e-12)


@given(quaternion, quaternion)
def test_product_agrees_with_scipy(left, right):
    product = quaternions.multiply(
        torch.tensor(left, dtype=torch.float64), torch.tensor(right, dtype=torch.float64)
    )
    expected = (to_scipy(left) * to_scipy(right)).as_matrix()
    np.testing.assert_allclose(quaternions.to_matrix(product).numpy(), expected, atol=1e-9)


def test_half_turns_have_no_blind_spot():
    for axis in torch.eye(3, dtype=torch.float64):
        half_turn = 2 * torch.outer(axis, axis) - torch.eye(3, dtype=torch.float64)
        quat = quaternions.from_matrix(half_turn)
        torch.testing.assert_close(quat.abs(), torch.cat([axis.new_zeros(1), axis]))


def test_gradients():
    torch.manual_seed(0)
    quats = torch.randn(3, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(quaternions.to_matrix, quats)
    assert torch.autograd.gradcheck(
        lambda q: quaternions.from_matrix(quaternions.to_matrix(q)), quats
    )
