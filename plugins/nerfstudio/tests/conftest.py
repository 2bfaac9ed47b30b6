import pytest

from gaussrep.fitting import synthetic_capture
from gaussrep.fitting.transforms import write_transforms

SIZE, VIEWS = 48, 12


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        yield


@pytest.fixture(scope="session")
def balls(tmp_path_factory):
    """A small scene whose Gaussians are known, as a folder with transforms.json."""
    folder = tmp_path_factory.mktemp("balls")
    capture = synthetic_capture(hold_out_every=VIEWS + 1, views=VIEWS, size=SIZE)
    write_transforms(capture.train, folder, hold_out_every=4)
    return folder
