from http.client import IncompleteRead

import pytest

from gaussrep.data.config import DownloadConfig
from gaussrep.data.torchvision_sets import open_verified
from gaussrep.errors import DataError


class Opener:
    """Stands for a class of torchvision's."""

    def __init__(self, error=None):
        self.error = error
        self.calls = []

    def __call__(self, root, **arguments):
        self.calls.append((root, arguments))
        if self.error:
            raise self.error
        return "opened"


@pytest.mark.parametrize("download", [False, True])
@pytest.mark.usefixtures("unchecked")
def test_what_is_asked_for_is_passed_on(tmp_path, download):
    opener = Opener()
    config = DownloadConfig(root=tmp_path, download=download)
    assert open_verified(opener, "Set", "set", config, train=True) == "opened"
    assert opener.calls == [(tmp_path, {"download": download, "train": True})]


def test_a_missing_set_says_how_to_get_it(tmp_path):
    opener = Opener(RuntimeError("Dataset not found or corrupted."))
    with pytest.raises(DataError) as caught:
        open_verified(opener, "Set", "set", DownloadConfig(root=tmp_path))
    assert str(caught.value) == (
        f"{tmp_path}: Set is missing or damaged; wanted its folder set in this folder; "
        "data.download=true downloads it."
    )


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError("no route to host\nat all"), "no route to host"),
        (RuntimeError("File not found or corrupted."), "File not found or corrupted"),
        (IncompleteRead(b""), r"IncompleteRead\(0 bytes read\)"),
    ],
)
def test_a_failed_download_says_why(tmp_path, error, reason):
    config = DownloadConfig(root=tmp_path, download=True)
    with pytest.raises(DataError, match=f"Set cannot be downloaded to this folder: {reason}\\.$"):
        open_verified(Opener(error), "Set", "set", config)
