"""Programs that speak to a console's interface with a token."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

from tests.web import Web

from frisket.console.auth.tokens import make_token
from frisket.fleet.inventory import Sighting, take_in
from frisket.fleet.roles import Grant, Permission, Role
from frisket.model.target import Identity
from frisket.net.serve_asgi import Serving, free_port, serve_asgi
from frisket.store.inventory import Inventory


def token(
    web: Web,
    name: str,
    grants: Sequence[Grant | Role],
    scopes: Iterable[Permission],
    life: timedelta = timedelta(days=1),
) -> dict[str, str]:
    """Return the header of a new token of an account, which is made where it is missing."""
    services, account = web.console.services, web.account(name, grants)
    secret = make_token(
        services.database, account, f"token of {name}", scopes, now=web.clock(), life=life
    )
    return {"authorization": f"Bearer {secret}"}


def device(web: Web, site: int, address: str, **who: str) -> int:
    """Return the number of a device that was taken into a site's inventory."""
    met = Sighting(address, Identity(**who))
    inventory = Inventory(web.console.services.database)
    return take_in(inventory, site, met, web.clock()).device_id


@contextmanager
def over_http(web: Web) -> Iterator[str]:
    """Serve a console on a loopback port until the block ends; gives where."""
    port = free_port("127.0.0.1")
    running: list[Serving] = []
    up = threading.Event()

    def ready(serving: Serving) -> None:
        running.append(serving)
        up.set()

    def serve() -> None:
        stopping = web.console.services.bus.close
        serve_asgi(web.console.app, "127.0.0.1", port, ready=ready, stopping=stopping)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        assert up.wait(20)
        yield f"http://127.0.0.1:{port}"
    finally:
        for serving in running:
            serving.stop()
        thread.join()
