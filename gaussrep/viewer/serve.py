"""Serving the page."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from threading import Event

import viser

from gaussrep.viewer.page import Page
from gaussrep.viewer.source import Source


def serve(source: Source, host: str, port: int, renderer: str) -> None:
    """Serve a page until Ctrl-C.

    Args:
        source: What it shows.
        host: Address to listen on.
        port: Where to listen; the next free one where it is taken.
        renderer: The one that is chosen at first.
    """
    with opened(source, host, port, renderer) as server:
        url = f"http://{host}:{server.get_port()}"
        print(f"{source.name}: {url} (Ctrl-C ends it)", flush=True)
        try:
            Event().wait()
        except KeyboardInterrupt:
            print()


@contextmanager
def opened(source: Source, host: str, port: int, renderer: str) -> Iterator[viser.ViserServer]:
    """Serve a page as long as the context lasts.

    Args:
        source: What it shows.
        host: Address to listen on.
        port: Where to listen; the next free one where it is taken.
        renderer: The one that is chosen at first.

    Yields:
        viser's server.
    """
    warnings.filterwarnings("ignore", r"Queued a \w+ on a closed connection")  # a browser left
    with _quiet():
        server = viser.ViserServer(host=host, port=port, label="gaussrep", verbose=False)
    server.gui.configure_theme(show_logo=False, show_share_button=False, control_width="medium")
    pages: dict[int, Page] = {}

    def arrive(client: viser.ClientHandle) -> None:
        pages[client.client_id] = Page(client, source, renderer)

    def leave(client: viser.ClientHandle) -> None:
        if (page := pages.pop(client.client_id, None)) is not None:
            page.close()

    server.on_client_connect(arrive)
    server.on_client_disconnect(leave)
    try:
        yield server
    finally:
        for page in list(pages.values()):
            page.close()
        with _quiet():
            server.stop()


def _quiet() -> redirect_stdout[io.StringIO]:
    """Keep what viser prints off the terminal."""
    return redirect_stdout(io.StringIO())
