import pytest
from huggingface_hub import constants

from gaussrep.encoders import hub, hub_downloads
from gaussrep.errors import UntrustedError
from gaussrep.trust import trusting


@pytest.fixture(autouse=True)
def trusted():
    """The names that the tests use."""
    with trusting(["vit"]):
        yield


@pytest.fixture
def unreachable(monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(hub, "_answers", lambda address: False)


@pytest.mark.usefixtures("unreachable")
def test_without_a_network_the_client_works_offline_and_fails_in_one_sentence():
    with hub_downloads("vit"):
        assert constants.HF_HUB_OFFLINE
    with (
        pytest.raises(ConnectionError, match="does not answer, and its cache"),
        hub_downloads("vit"),
    ):
        raise OSError("five retries")
    assert not constants.HF_HUB_OFFLINE


def test_with_a_network_errors_stay(monkeypatch):
    monkeypatch.setattr(hub, "_answers", lambda address: address == constants.ENDPOINT)
    with pytest.raises(KeyError), hub_downloads("vit"):
        raise KeyError("of the client")


@pytest.mark.usefixtures("unreachable")
def test_a_folder_asks_no_hub():
    with hub_downloads("local-dir:weights"):
        assert not constants.HF_HUB_OFFLINE


def test_nothing_answers_at_a_closed_port():
    assert not hub._answers("http://127.0.0.1:1")


def test_what_nobody_trusted_is_not_downloaded(monkeypatch):
    monkeypatch.setattr(hub, "_answers", lambda address: pytest.fail("the hub was asked"))
    match = r"vit_base is downloaded from .* add --trust vit_base"
    with pytest.raises(UntrustedError, match=match), hub_downloads("vit_base"):
        pytest.fail("it was downloaded")
