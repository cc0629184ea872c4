"""Sending files by WebDAV: one PUT (RFC 4918, RFC 9110), with Basic or Digest login when asked.

Redirects are not followed: a server may not say where a document goes.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
import ssl
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

import h11

from frisket.errors import Silent, UsageError
from frisket.mfd.address_book import Address
from frisket.mfd.device import Device
from frisket.mfd.outside.attempt import OutsideFault
from frisket.mfd.outside.server import Server, read_server
from frisket.mfd.outside.trust import client_context
from frisket.net.blocking import SECONDS, STEP
from frisket.net.call import call

_LARGEST_ANSWER = 1 << 18
_FIELD = re.compile(r'([a-z]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))', re.IGNORECASE)
_HASHES = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}


def read_challenge(header: str) -> tuple[str, dict[str, str]]:
    """Return scheme (lower case) and fields of one WWW-Authenticate challenge."""
    scheme, _, rest = header.strip().partition(" ")
    fields = {
        name.lower(): re.sub(r"\\(.)", r"\1", quoted) or plain
        for name, quoted, plain in _FIELD.findall(rest[:4096])
    }
    return scheme.lower(), fields


@dataclass(frozen=True, slots=True)
class Login:
    """A user and the password; `nonce` is the client's own random text for Digest."""

    user: str
    password: str = field(repr=False)
    nonce: str = ""


def digest_answer(fields: Mapping[str, str], login: Login, method: str, target: str) -> str:
    """Return the Authorization field for a Digest challenge (RFC 7616).

    Raises `OutsideFault` for an algorithm or a protection that the device does not have.
    """
    algorithm = fields.get("algorithm", "MD5").upper()
    offered = [each.strip() for each in fields.get("qop", "").split(",") if each.strip()]
    if algorithm not in _HASHES or (offered and "auth" not in offered):
        raise OutsideFault("the server asks for a login that the device does not know")
    realm, theirs = fields.get("realm", ""), fields.get("nonce", "")

    def digest(text: str) -> str:
        return _HASHES[algorithm](text.encode()).hexdigest()

    first, second = digest(f"{login.user}:{realm}:{login.password}"), digest(f"{method}:{target}")
    if offered:
        response = digest(f"{first}:{theirs}:00000001:{login.nonce}:auth:{second}")
    else:
        response = digest(f"{first}:{theirs}:{second}")  # RFC 2069
    parts = [
        f'username="{_quoted(login.user)}"',
        f'realm="{_quoted(realm)}"',
        f'nonce="{_quoted(theirs)}"',
        f'uri="{target}"',
        f"algorithm={algorithm}",
        f'response="{response}"',
    ]
    if offered:
        parts += ["qop=auth", "nc=00000001", f'cnonce="{login.nonce}"']
    if "opaque" in fields:
        parts.append(f'opaque="{_quoted(fields["opaque"])}"')
    return "Digest " + ", ".join(parts)


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _authorization(challenges: list[str], to: Address, target: str) -> str:
    """Return the answer to the strongest challenge that the device knows."""
    known = dict(map(read_challenge, challenges))
    if "digest" in known:
        login = Login(to.user, to.password, secrets.token_hex(16))
        return digest_answer(known["digest"], login, "PUT", target)
    if "basic" in known:
        return "Basic " + b64encode(f"{to.user}:{to.password}".encode()).decode()
    raise OutsideFault("the server asks for a login that the device does not know")


async def _request(
    server: Server, context: ssl.SSLContext | None, head: h11.Request, octets: bytes
) -> tuple[int, list[str]]:
    """Send one request; return status and challenges."""
    async with call(server.host, server.port, context) as (reader, writer):
        machine = h11.Connection(h11.CLIENT, max_incomplete_event_size=1 << 16)
        try:
            for part in (head, h11.Data(data=octets), h11.EndOfMessage()):
                writer.write(machine.send(part) or b"")
            received = 0
            while True:
                event = machine.next_event()
                if isinstance(event, h11.Response):
                    challenges = [
                        value.decode("latin-1")
                        for name, value in event.headers
                        if name == b"www-authenticate"
                    ]
                    return event.status_code, challenges
                if event is h11.NEED_DATA:
                    async with asyncio.timeout(STEP):
                        data = await reader.read(1 << 16)
                    received += len(data)
                    machine.receive_data(data)
                if received > _LARGEST_ANSWER or isinstance(event, h11.ConnectionClosed):
                    raise OutsideFault("the WebDAV server gave no answer")
        except h11.ProtocolError as fault:
            raise OutsideFault("the WebDAV server does not speak HTTP") from fault


async def put(device: Device, to: Address, name: str, octets: bytes) -> None:
    """Store a file. Raises `UsageError`, `OutsideFault`, `TlsFailed`, `LinkError`."""
    secure = to.destination.lower().startswith("https:")
    server = read_server(to.destination, 443 if secure else 80, "WebDAV server")
    context = None
    if secure:
        context = client_context(
            device,
            verify=device.store.on("webdav.client.verify"),
            verify_name=device.store.on("webdav.client.verify-cn"),
        )
    folder = quote(server.path.rstrip("/"))
    target = "/" + "/".join(filter(None, (folder, quote(name))))
    headers = [("Host", str(server)), ("Content-Length", str(len(octets)))]
    headers += [("User-Agent", "Virtual-MFD"), ("Connection", "close")]
    try:
        async with asyncio.timeout(SECONDS):
            status, challenges = await _request(server, context, _head(target, headers), octets)
            if status == 401 and challenges and to.user:
                login = ("Authorization", _authorization(challenges[:4], to, target))
                head = _head(target, [*headers, login])
                status, _ = await _request(server, context, head, octets)
    except TimeoutError:
        raise Silent(f"WebDAV server {server} took longer than {SECONDS:.0f} s") from None
    except h11.LocalProtocolError as fault:
        raise UsageError("this is no WebDAV destination") from fault
    if status not in {200, 201, 204}:
        raise OutsideFault(f"the WebDAV server answered {status}")


def _head(target: str, headers: list[tuple[str, str]]) -> h11.Request:
    return h11.Request(method="PUT", target=target, headers=headers)
