"""NetBox in step: against a small stand-in written from NetBox's REST documentation, no NetBox.

It pages, wants its token, and changes custom fields by PATCH as that documentation says; what a
real NetBox does beside that is not proved here.
"""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.peers.pki import authority as make_authority

from frisket.cli.netbox import netbox as netbox_command
from frisket.fleet.inventory import Sighting, take_in
from frisket.fleet.netbox import NetBox, NetBoxFault, read_devices, sync
from frisket.model.target import Identity
from frisket.net.web import Web, own_trust
from frisket.store.database import Database, open_database
from frisket.store.devicelist import DeviceList
from frisket.store.inventory import Inventory

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
TOKEN = "0123456789abcdef0123456789abcdef01234567"
BEARER = "nbt_jmEaR2a9bQGn.c9ikyDRw46SMH8JeUrBURGKDuNw8imW15nGkFxoE"  # of NetBox 4.5 and later


def row(number: int, site: str | None = "HQ", **more: Any) -> dict[str, Any]:
    """Return a device as NetBox writes it."""
    return {
        "id": number,
        "url": f"https://evil.example/api/dcim/devices/{number}/",
        "name": f"printer-{number}",
        "device_type": {"id": 1, "model": "iR-ADV C5535", "manufacturer": {"name": "Canon"}},
        "site": None if site is None else {"id": 1, "name": site, "slug": "hq"},
        "serial": f"ABC{number:05}",
        "primary_ip": {"id": 7, "address": f"10.0.{number // 250}.{number % 250 + 1}/24"},
        "tags": [{"slug": "printer"}],
        "custom_fields": {"frisket_serial": None, "frisket_firmware": None},
        **more,
    }


@dataclass
class StandIn:
    """What is kept, and what was asked."""

    rows: list[dict[str, Any]]
    asked: list[str] = field(default_factory=list)

    def answer(self, method: str, path: str, body: bytes, token: str) -> tuple[int, Any]:
        self.asked.append(f"{method} {path}")
        if token not in {f"Token {TOKEN}", f"Bearer {BEARER}"}:
            return 403, {"detail": "Invalid token"}
        parts = urlsplit(path)
        if method == "GET" and parts.path == "/api/dcim/devices/":
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            mine = [r for r in self.rows if {"slug": query["tag"]} in r["tags"]]
            start, size = int(query["offset"]), min(int(query["limit"]), 50)
            end = start + size
            more = "https://evil.example/next" if end < len(mine) else None
            return 200, {"count": len(mine), "next": more, "results": mine[start:end]}
        if method == "PATCH":
            number = int(parts.path.split("/")[4])
            found = next(r for r in self.rows if r["id"] == number)
            found["custom_fields"] |= json.loads(body)["custom_fields"]
            return 200, found
        return 405, {"detail": "not allowed"}


@contextmanager
def served(stand_in: StandIn, folder: Path) -> Iterator[tuple[str, Path]]:
    """Serve it by TLS on loopback; gives where, and the authority's file."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _all(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            token = self.headers.get("authorization", "")
            status, said = stand_in.answer(self.command, self.path, body, token)
            octets = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(octets)))
            self.end_headers()
            self.wfile.write(octets)

        do_GET = do_PATCH = do_POST = do_PUT = do_DELETE = _all  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    authority = make_authority("stand-in")
    key, certificate = authority.issue(folder, "127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    trusted = folder / "ca.pem"
    trusted.write_bytes(authority.pem)
    try:
        yield f"https://127.0.0.1:{server.server_address[1]}", trusted
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    (tmp_path / "data").mkdir()
    opened = open_database(f"sqlite:///{tmp_path / 'data' / 'frisket.db'}")
    opened.upgrade()
    yield opened
    opened.close()


async def test_devices_are_taken_once_and_told_once(database: Database, tmp_path: Path) -> None:
    inventory = Inventory(database)
    site = inventory.add_site("HQ", ["10.0.0.0/16"], NOW)
    own = Identity("Canon", "its own word", "ABC00001", firmware="60.08")
    known = take_in(inventory, site, Sighting("10.9.9.9", own), NOW).device_id
    rows = [row(n) for n in range(1, 121)]
    rows += [row(200, "New place"), row(201, None), row(202, tags=[])]
    stand_in = StandIn(rows)
    with served(stand_in, tmp_path) as (url, authority):
        web = Web(url, own_trust(authority.read_text()))
        box = NetBox(web, TOKEN)
        first = await sync(box, inventory, "printer", NOW)
        told = [one for one in stand_in.asked if one.startswith("PATCH")]
        again = await sync(NetBox(web, BEARER), inventory, "printer", NOW)
        with pytest.raises(NetBoxFault, match="403"):
            await sync(NetBox(web, "other"), inventory, "printer", NOW)
        await web.close()
    assert (first.seen, first.taken, first.sites) == (122, 120, 1)
    assert len(first.skipped) == 1
    assert (again.taken, again.sites, again.told) == (0, 0, 0)
    assert len(told) == first.told == 121
    assert rows[0]["custom_fields"] == {"frisket_serial": "ABC00001", "frisket_firmware": "60.08"}
    kept = inventory.device(known)
    assert kept is not None
    assert (kept.model, kept.address) == ("its own word", "10.9.9.9")
    made = inventory.site("New place")
    assert made is not None
    assert made.scope == ()
    methods = {one.split()[0] for one in stand_in.asked}
    assert methods == {"GET", "PATCH"}
    assert inventory.count() == 121


def test_the_command_line_syncs(
    database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = tmp_path / "token"
    secret.write_text(f"{TOKEN}\n", encoding="ascii")
    with served(StandIn([row(1)]), tmp_path) as (url, authority):
        data = tmp_path / "data"
        assert netbox_command(url, data=data, token_file=secret, authority=authority) == 0
    assert "1 new here" in capsys.readouterr().err
    assert len(list(DeviceList(database).values("model"))) == 1


@given(st.binary(max_size=200))
def test_whatever_answers_is_read_or_refused(body: bytes) -> None:
    try:
        read_devices(body)
    except NetBoxFault:
        return
    raise AssertionError("random octets are no page")


@pytest.mark.parametrize(
    "page",
    [
        [],
        {"results": [], "nxt": None},
        {"results": [[]], "next": None},
        {"results": [{"id": "x"}], "next": None},
        {"results": [{"id": float("inf")}], "next": None},
        {"results": 7, "next": None},
    ],
)
def test_what_is_no_page_is_refused(page: object) -> None:
    with pytest.raises(NetBoxFault):
        read_devices(json.dumps(page).encode())
