import pytest
import torch

from gaussrep.fitting.calibration import Calibration, rigid_motion


def test_at_first_nothing_is_corrected(ring):
    found = Calibration(2.0)(ring)
    torch.testing.assert_close(found.viewmats, ring.viewmats)
    torch.testing.assert_close(found.Ks, ring.Ks)


def test_corrections_are_those_computed_by_hand(ring):
    calibration = Calibration(2.0)
    with torch.no_grad():
        calibration.zoom[:] = torch.tensor([1.5, 0.5]).log()
        calibration.shift[:] = torch.tensor([0.25, -0.125])
        calibration.turn[:] = torch.tensor([0, 0, torch.pi / 2])
        calibration.offset[:] = torch.tensor([0.0, 0, 0.5])
    cameras = ring.replace(height=32)
    found = calibration(cameras)
    fx, cx = ring.Ks[0, 0, 0], ring.Ks[0, 0, 2]
    expected = torch.tensor([[1.5 * fx, 0, cx + 4], [0, 0.5 * fx, cx - 4], [0, 0, 1]])
    torch.testing.assert_close(found.Ks[3], expected)
    mounting = torch.tensor([[0.0, -1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 1], [0, 0, 0, 1]])
    torch.testing.assert_close(found.viewmats[3], mounting @ ring.viewmats[3])
    assert calibration.facts()["zoom"] == pytest.approx([1.5, 0.5])
    assert calibration.facts()["offset"] == pytest.approx([0, 0, 1.0])


TURNS = [
    (0.0, 0.0, 0.0),
    (1e-4, -2e-4, 3e-5),
    (0.02, 0.01, -0.03),
    (1.0, -0.5, 0.7),
    (3.0, 0.2, 0.4),
]


def _skew(turn):
    x, y, z = turn.unbind(-1)
    zero = torch.zeros_like(x)
    return torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], -1).unflatten(-1, (3, 3))


def test_rotations_and_their_gradients_are_those_of_the_exponential():
    turn = torch.tensor(TURNS, dtype=torch.float64, requires_grad=True)
    weights = torch.randn(5, 3, 3, dtype=torch.float64)
    wanted = torch.linalg.matrix_exp(_skew(turn))
    motion = rigid_motion(turn, torch.arange(15.0).double().view(5, 3))
    torch.testing.assert_close(motion[:, :3, :3], wanted, rtol=1e-12, atol=1e-12)
    assert motion[:, :3, 3].tolist() == torch.arange(15.0).view(5, 3).tolist()
    assert (motion[:, 3] == torch.tensor([0, 0, 0, 1])).all()
    (found,) = torch.autograd.grad((motion[:, :3, :3] * weights).sum(), turn)
    (expected,) = torch.autograd.grad((wanted * weights).sum(), turn)
    torch.testing.assert_close(found, expected, rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("turn", TURNS[2:])
def test_gradients_of_a_calibration_are_finite_differences(ring, turn):
    calibration = Calibration(2.0).double()
    with torch.no_grad():
        calibration.turn[:] = torch.tensor(turn)
        calibration.zoom[:] = torch.tensor([0.2, -0.1])
        calibration.shift[:] = torch.tensor([0.05, 0.1])
        calibration.offset[:] = torch.tensor([0.3, -0.2, 0.1])
    inputs = [ring.viewmats.double(), ring.Ks.double(), *calibration.parameters()]
    inputs = [each.detach().requires_grad_() for each in inputs]

    def correct(viewmats, Ks, *parameters):
        names = [name for name, _ in calibration.named_parameters()]
        found = torch.func.functional_call(
            calibration,
            dict(zip(names, parameters, strict=True)),
            (ring.replace(viewmats=viewmats, Ks=Ks),),
        )
        return found.viewmats, found.Ks

    assert torch.autograd.gradcheck(correct, inputs)
