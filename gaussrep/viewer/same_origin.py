"""Refusal of requests that come from other web pages than the viewer's own.

Every page that is open in a browser may send requests to a server on the same machine. A page from
elsewhere carries its own address in `Origin`; one whose name was rebound to this machine carries
that name in `Host`.
"""

import http
import ipaddress
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import websockets.asyncio.server
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from gaussrep.errors import UnavailableError

REFUSAL = b"gaussrep view answers its own page only; open the address that it printed.\n"


def is_own_page(headers: Headers, host: str) -> bool:
    """Check that a request was sent by the viewer's own page, or by no page.

    Args:
        headers: Headers of the request.
        host: Address that the server listens on.

    Returns:
        Whether `Host` is an IP address, this machine or `host`, and `Origin`, if there is one, is
        the same.
    """
    hosts, origins = headers.get_all("Host"), headers.get_all("Origin")
    if len(hosts) != 1 or len(origins) > 1 or not _is_this_machine(hosts[0], host):
        return False
    return all(urlsplit(origin).netloc.lower() == hosts[0].lower() for origin in origins)


def _is_this_machine(address: str, host: str) -> bool:
    try:
        name = (urlsplit(f"//{address}").hostname or "").rstrip(".")
    except ValueError:
        return False
    try:
        ipaddress.ip_address(name)
    except ValueError:
        own = {"localhost", host.lower(), socket.gethostname().lower(), socket.getfqdn().lower()}
        return name in own or name.endswith(".localhost")
    return True  # a name can be rebound to this machine, an IP address cannot


@contextmanager
def own_pages_only(host: str) -> Iterator[None]:
    """Let the servers that viser starts in the body answer their own pages only.

    viser passes neither `origins` nor a check of its own to websockets, so the function that starts
    the server is replaced while viser calls it.

    Args:
        host: Address that the server listens on.

    Yields:
        Nothing.

    Raises:
        UnavailableError: No server was started this way, so that it would be open to all pages.
    """
    module: Any = websockets.asyncio.server
    serve, guarded = module.serve, []

    def guarded_serve(*args: Any, process_request: Any = None, **settings: Any) -> Any:
        guarded.append(True)
        return serve(*args, process_request=_checked(process_request, host), **settings)

    module.serve = guarded_serve
    try:
        yield
    finally:
        module.serve = serve
    if not guarded:
        raise UnavailableError(
            "this version of viser starts its server in another way, so that pages from elsewhere "
            'could read the scene; install another: pip install "viser==1.1.*"'
        )


def _checked(
    process_request: Callable[[Any, Request], Any] | None, host: str
) -> Callable[[Any, Request], Any]:
    def check(connection: Any, request: Request) -> Any:
        if not is_own_page(request.headers, host):
            headers = Headers({"Content-Type": "text/plain", "Content-Length": str(len(REFUSAL))})
            return Response(http.HTTPStatus.FORBIDDEN, "Forbidden", headers, REFUSAL)
        return None if process_request is None else process_request(connection, request)

    return check
