"""A device every text of which is an attack, audited by the command line into every format."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import ssl
import sys
import unicodedata
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from lxml import etree  # type: ignore[import-untyped]
from tests.lab import own_address
from tests.loop.identity import server_context
from tests.loop.personas.snmp import ENGINE, named
from tests.loop.test_ipp_loop import IPP, respond
from tests.unit.proto.snmp.agent import Agent

from frisket.net.listen import listen_udp
from frisket.proto.http.wire import Request, ServerSide
from frisket.proto.ipp.values import Attribute, Group
from frisket.proto.ipp.wire import decode, encode
from frisket.proto.snmp.wire import OctetString
from frisket.proto.snmp.wire.usm import Engine

MARK = "mArK"
# What each attack would look like if it came through.
ATTACK = f"=HYPERLINK(1){MARK}<script>alert(1)</script>\x1b[31m\x9b31m\u202egpj\u2066\0\u200b[bold]"
OCTETS = ATTACK.encode()
# What a line of HTTP or of a greeting can carry.
LINE = ATTACK.replace("\0", "").encode()
FORMATS = ("json", "jsonl", "csv", "html", "sarif", "cklb", "junit", "table")


def _page(request: Request) -> bytes:
    body = b"<title>" + LINE.replace(b"<", b"&lt;") + b"</title><p>read me, read me, read me"
    head = b"HTTP/1.1 200 OK\r\nServer: CANON HTTP Server " + LINE + b"\r\n"
    return head + b"Set-Cookie: " + LINE + b"=1\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def _print(request: Request) -> bytes:
    message = decode(respond(request).body)

    def spoilt(attribute: Attribute) -> Attribute:
        if not attribute.name.startswith("printer-"):
            return attribute
        return Attribute.of(attribute.name, attribute.values[0].tag, ATTACK)

    groups = tuple(Group(g.tag, tuple(map(spoilt, g.attributes))) for g in message.groups)
    body = encode(type(message)(message.version, message.code, message.request_id, groups))
    kind = f"{IPP[0][0]}: {IPP[0][1]}".encode()
    return b"HTTP/1.1 200 OK\r\n%b\r\nContent-Length: %d\r\n\r\n" % (kind, len(body)) + body


def _web(answer: Any) -> Any:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        side = ServerSide()
        while data := await reader.read(65536):
            side.receive(data)
            request = side.request()
            if request is not None:
                writer.write(answer(request))
                break
        writer.close()

    return handle


def _greeting(*lines: bytes) -> Any:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for line in lines:
            writer.write(line)
            await writer.drain()
            if not await reader.readline():
                break
        writer.close()

    return handle


@asynccontextmanager
async def attacker(address: str, folder: Path) -> AsyncIterator[None]:
    """Run the device at standard ports of `address`."""
    mib = {o: OctetString(OCTETS) if isinstance(v, OctetString) else v for o, v in named().items()}
    agent = Agent(mib, engine=Engine(ENGINE, 3, 1000))
    plan: dict[int, tuple[Any, ssl.SSLContext | None]] = {
        80: (_web(_page), None),
        443: (_web(_page), server_context(folder)),
        631: (_web(_print), None),
        21: (_greeting(b"220 " + LINE + b"\r\n", *[b"500 " + LINE + b"\r\n"] * 5), None),
        25: (_greeting(b"220 " + LINE + b"\r\n", *[b"500 " + LINE + b"\r\n"] * 5), None),
        5900: (_greeting(b"RFB 003.008\n\0\0\0\0\x40" + LINE[:64].ljust(64)), None),
    }
    async with AsyncExitStack() as stack:
        for port, (handle, context) in plan.items():
            server = await asyncio.start_server(handle, address, port, ssl=context)
            stack.callback(server.close)
        udp = listen_udp(address, 161, lambda data, _: next(iter(agent(data)), None))
        stack.callback(udp.close)
        ssdp = b"HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\nSERVER: " + LINE + b"\r\n\r\n"
        found = listen_udp(address, 1900, lambda _, __: ssdp)
        stack.callback(found.close)
        yield


async def frisket(*words: str) -> tuple[int, bytes, bytes]:
    """Run the command line beside the device."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "frisket.cli", *words),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "160"},
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out, err


def hidden(text: str) -> set[str]:
    """Return the characters that do not show themselves."""
    bad = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    return {hex(ord(c)) for c in text if c not in "\r\n" and unicodedata.category(c) in bad}


def strings(document: Any) -> Iterator[str]:
    """Yield every string of a JSON document."""
    match document:
        case str():
            yield document
        case list():
            for part in document:
                yield from strings(part)
        case dict():
            yield from document
            for part in document.values():
                yield from strings(part)


class Page(HTMLParser):
    """Collects scripts and text as a browser would."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts: list[str] = []
        self.script = False
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.script = tag == "script"

    def handle_endtag(self, tag: str) -> None:
        self.script = False

    def handle_data(self, data: str) -> None:
        if self.script:
            self.scripts.append(data)
        else:
            self.text += data


def check(name: str, text: str) -> None:
    """Judge one report."""
    assert MARK in text, f"{name} does not show what the device said"
    assert not hidden(text), name
    if name == "html":
        page = Page()
        page.feed(text)
        assert MARK in page.text
        assert not any("alert(1)" in script or MARK in script for script in page.scripts)
    if name == "junit":
        assert etree.fromstring(text.encode()).xpath("not(//script)")
    if name == "csv":
        cells = (c for row in csv.reader(io.StringIO(text, newline="")) for c in row)
        assert not [c for c in cells if c.lstrip()[:1] in set("=+-@")]
    if name in {"json", "sarif", "cklb"}:
        assert not hidden("".join(strings(json.loads(text))))
    if name == "jsonl":
        lines: Iterable[Any] = map(json.loads, text.splitlines())
        assert not hidden("".join(s for line in lines for s in strings(line)))


async def test_no_attack_leaves_an_audit(tmp_path: Path) -> None:
    with own_address() as (address, shift):
        if shift:
            pytest.skip("standard ports need rights that this user lacks")
        async with attacker(address, tmp_path):
            files = {name: tmp_path / f"report.{name}" for name in FORMATS}
            record = str(tmp_path / "records")
            common = ("--patience", "1", "--pace", "0", "--exit-zero", "--verbose")
            code, out, err = await frisket("audit", address, *common, "--record", record)
            assert code == 0, err
            check("table", out.decode())
            assert not hidden(err.decode())
            seen = await frisket("discover", address, "--patience", "1", "--pace", "0")
            check("discover", seen[1].decode())
    (capture,) = (tmp_path / "records").iterdir()
    assert "bug" not in capture.read_text("utf-8")
    for name, path in files.items():
        again = ("--exit-zero", "--verbose", "--format", name, "--output", str(path))
        code, _, err = await frisket("audit", "--readings", str(capture), *again)
        assert code == 0, err
        check(name, path.read_text("utf-8"))
