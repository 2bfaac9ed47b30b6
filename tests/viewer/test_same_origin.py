"""What the viewer's server answers."""
# ruff: noqa: E402

import urllib.error
import urllib.request

import pytest

import gaussrep as gr
from gaussrep.errors import UnavailableError
from gaussrep.fitting.synthetic import known_scene

viser = pytest.importorskip("viser", reason="needs viser, the extra viewer")

from websockets.datastructures import Headers
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from gaussrep.viewer.same_origin import is_own_page, own_pages_only
from gaussrep.viewer.serve import running_server
from gaussrep.viewer.sources import make_view_source


@pytest.mark.parametrize(
    ("host", "origin", "own"),
    [
        ("127.0.0.1:8080", None, True),
        ("localhost:8080", "http://localhost:8080", True),
        ("[::1]:8080", "http://[::1]:8080", True),
        ("192.168.1.7:8080", "http://192.168.1.7:8080", True),
        ("scene.localhost", "https://scene.localhost", True),
        ("127.0.0.1:8080", "https://evil.example", False),
        ("127.0.0.1:8080", "http://127.0.0.1:9000", False),
        ("127.0.0.1:8080", "null", False),
        ("evil.example:8080", None, False),
        ("evil.example:8080", "http://evil.example:8080", False),
        ("127.0.0.1.evil.example", None, False),
        ("[::1", None, False),
        ("", None, False),
    ],
)
def test_only_the_own_page_is_answered(host, origin, own):
    headers = Headers({"Host": host} | ({} if origin is None else {"Origin": origin}))
    assert is_own_page(headers, "127.0.0.1") == own


def test_the_name_that_the_server_listens_on_is_its_own():
    assert is_own_page(Headers({"Host": "workstation:8080"}), "workstation")
    twice = Headers([("Host", "127.0.0.1"), ("Origin", "http://127.0.0.1"), ("Origin", "null")])
    assert not is_own_page(twice, "127.0.0.1")


def test_a_viser_that_cannot_be_guarded_is_refused():
    with pytest.raises(UnavailableError, match="pages from elsewhere"), own_pages_only("127.0.0.1"):
        pass


@pytest.fixture
def address(tmp_path):
    gr.save(known_scene(), tmp_path / "scene.ply")
    source = make_view_source(tmp_path / "scene.ply")
    with running_server(source, "127.0.0.1", 8237, "cpu") as server:
        yield f"127.0.0.1:{server.get_port()}"


def test_a_foreign_page_gets_neither_the_page_nor_the_scene(address):
    with urllib.request.urlopen(f"http://{address}/") as answer:
        assert answer.status == 200
    for headers in ({"Host": "evil.example"}, {"Origin": "https://evil.example"}):
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(urllib.request.Request(f"http://{address}/", headers=headers))
    with pytest.raises(InvalidStatus, match="403"):
        connect(f"ws://{address}", origin="https://evil.example")
    own = {"origin": f"http://{address}", "subprotocols": [f"viser-v{viser.__version__}"]}
    with connect(f"ws://{address}", **own) as socket:
        assert socket.recv(timeout=300)
