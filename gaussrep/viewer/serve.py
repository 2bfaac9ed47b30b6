"""The server of the viewer."""

import io
import socket
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from threading import Event

import viser

from gaussrep.errors import ConfigError
from gaussrep.viewer.same_origin import own_pages_only
from gaussrep.viewer.session import ClientSession
from gaussrep.viewer.sources import ViewSource


def serve(source: ViewSource, host: str, port: int, renderer: str) -> None:
    """Serve a source until Ctrl-C.

    Args:
        source: Source of the scenes.
        host: Address to listen on.
        port: Port to listen on, or the next free one.
        renderer: Name of the renderer that is selected at first.
    """
    with running_server(source, host, port, renderer) as server:
        url = f"http://{host}:{server.get_port()}"
        try:
            print(f"{source.name}: {url} (Ctrl-C stops it)", flush=True)
            Event().wait()
        except KeyboardInterrupt:
            print()


@contextmanager
def running_server(
    source: ViewSource, host: str, port: int, renderer: str
) -> Iterator[viser.ViserServer]:
    """Serve a source within a context.

    Args:
        source: Source of the scenes.
        host: Address to listen on.
        port: Port to listen on, or the next free one.
        renderer: Name of the renderer that is selected at first.

    Yields:
        viser's server.

    Raises:
        ConfigError: If the address is none of this machine.
    """
    _require_own_address(host)
    warnings.filterwarnings("ignore", r"Queued a \w+ on a closed connection")  # a browser left
    with _quiet(), own_pages_only(host):
        server = viser.ViserServer(host=host, port=port, label="gaussrep", verbose=False)
    server.gui.configure_theme(show_logo=False, show_share_button=False, control_width="medium")
    sessions: dict[int, ClientSession] = {}

    def connect(client: viser.ClientHandle) -> None:
        sessions[client.client_id] = ClientSession(client, source, renderer)

    def disconnect(client: viser.ClientHandle) -> None:
        if (session := sessions.pop(client.client_id, None)) is not None:
            session.close()

    server.on_client_connect(connect)
    server.on_client_disconnect(disconnect)
    try:
        yield server
    finally:
        for session in list(sessions.values()):
            session.close()
        with _quiet():
            server.stop()


def _require_own_address(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, 0), family=family).close()
    except OSError as error:
        raise ConfigError(
            f"--host is {host}, which is not an address of this machine; use 127.0.0.1, or 0.0.0.0 "
            "to listen on all."
        ) from error


def _quiet() -> redirect_stdout[io.StringIO]:
    """Suppress viser's own messages."""
    return redirect_stdout(io.StringIO())
