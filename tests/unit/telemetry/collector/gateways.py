"""A gateway by the letter of docs/reference/collector-protocol.md, small enough to be believed.

It is what the collector's tests are judged by: it shares the codecs with the product, but none of
the gateway's storing and applying.
"""

from __future__ import annotations

import asyncio
import json
import random
import ssl
import sys
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from msgspec import convert
from msgspec.structs import astuple

from frisket.errors import WireError
from frisket.net.web import Answer
from frisket.telemetry.authority import (
    Authority,
    issue,
    new_authority,
    open_authority,
    server_files,
)
from frisket.telemetry.batch import Kind as Told
from frisket.telemetry.batch import Record, decode
from frisket.telemetry.enrolment import Token, make_token, read_ask
from frisket.telemetry.envelope import (
    SIGNATURE_HEADER,
    Kind,
    Untrusted,
    open_envelope,
    read_sender,
    sign_reply,
    verify,
)


@dataclass
class Gateway:
    """One gateway with one site. `fail` are statuses to answer with before it works."""

    site: str = "here"
    authority: Authority = field(default_factory=lambda: new_authority(datetime.now(UTC)))
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    records: dict[str, list[Record]] = field(default_factory=lambda: defaultdict(list))
    orders: dict[str, Any] = field(default_factory=lambda: {"version": 1})
    renew_after: int = 400_000
    full: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    fail: list[int] = field(default_factory=list)
    requests: list[tuple[str, bytes]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)  # of requests over TLS
    tokens: set[str] = field(default_factory=set)
    used: dict[str, Any] = field(default_factory=dict)  # tokens, and whose key they enrolled
    collectors: int = 0
    forget_signature: bool = False
    journal: Path | None = None  # where records stand that are kept, for a process that is killed
    deaf: float = 0.0  # how often the connection is cut instead of an answer

    def token(self) -> Token:
        token = make_token(self.authority.identifier)
        self.tokens.add(token.public)
        return token

    def handle(self, path: str, body: bytes) -> Answer:
        """Answer one request."""
        self.requests.append((path, body))
        if self.fail:
            return Answer(self.fail.pop(0), {"retry-after": "1"}, b"{}")
        try:
            said = self._said(path.removeprefix("/").removeprefix("gateway/v1/"), body)
        except Untrusted as fault:
            return Answer(401, {}, json.dumps({"error": str(fault.why)}).encode())
        except WireError as fault:
            return Answer(400, {}, json.dumps({"error": str(fault)}).encode())
        if isinstance(said, Answer):
            return said
        octets = json.dumps(said).encode()
        signature = sign_reply(self.authority.key, body, octets)
        headers = {} if self.forget_signature else {SIGNATURE_HEADER.lower(): signature}
        return Answer(200, headers, octets)

    def _said(self, path: str, body: bytes) -> dict[str, Any] | Answer:
        if path == "enrol":
            asked = read_ask(body)
            key = x509.load_pem_x509_csr(asked.csr.encode()).public_key()
            if asked.token not in self.tokens or self.used.get(asked.token, key) != key:
                return Answer(403, {}, b'{"error": "token"}')
            if asked.site != self.site:
                return Answer(403, {}, b'{"error": "site"}')
            if asked.token not in self.used:  # else its answer was lost
                self.used[asked.token] = key
                self.collectors += 1
            return self._certified(asked.csr, f"c{self.collectors}")
        envelope = open_envelope(body)
        sender = read_sender(envelope.certificate, self.authority.certificate)
        kind = {"batches": Kind.BATCH, "orders": Kind.ORDERS, "renew": Kind.RENEW}[path]
        audience = self.authority.identifier
        verify(envelope, sender, kind=kind, audience=audience, now=self.now, grace=path == "renew")
        if path == "renew":
            return self._certified(envelope.body.decode(), sender.collector)
        if path == "orders":
            return self.orders
        return self.take(sender.collector, envelope.body)

    def _certified(self, request: str, collector: str) -> dict[str, Any]:
        certificate, _ = issue(self.authority, request, collector, self.site, self.now)
        pem = x509.load_der_x509_certificate(certificate).public_bytes(Encoding.PEM).decode()
        return {
            "collector": collector,
            "gateway": self.authority.identifier,
            "certificate": pem,
            "authority": self.authority.pem,
            "renew_after": self.renew_after,
        }

    def take(self, collector: str, body: bytes) -> dict[str, Any]:
        """Take a batch: what follows on what is there is kept, the rest is known or too early."""
        batch = decode(body)
        assert batch.collector == collector
        kept = self.records[batch.spool]
        known = kept[-1].seq if kept else 0
        if batch.oldest > known + 1:
            known = batch.oldest - 1  # what is missing below will never come
        for record in batch.records:
            if record.seq == known + 1:
                kept.append(record)
                known = record.seq
                if self.journal:
                    with self.journal.open("ab", buffering=0) as file:
                        file.write(json.dumps([batch.spool, astuple(record)]).encode() + b"\n")
        return {"acknowledged": known, "full": self.full, "refused": self.refused}

    def recall(self, journal: Path) -> None:
        """Take up what an earlier process has kept; a torn last line was never acknowledged."""
        self.journal = journal
        rows = journal.read_bytes().split(b"\n") if journal.exists() else []
        journal.write_bytes(b"".join(row + b"\n" for row in rows[:-1]))
        for row in rows[:-1]:
            spool, told = json.loads(row)
            self.records[spool].append(convert(told, Record))

    def all(self) -> list[Record]:
        return [record for spool in self.records.values() for record in spool]

    def told(self, kind: Told) -> list[Record]:
        return [record for record in self.all() if record.kind is kind]

    def later(self, **time: float) -> None:
        self.now += timedelta(**time)


@dataclass
class Wire:
    """A carrier without a network. `cut`: an error to raise; `lost`: answers that get lost."""

    gateway: Gateway
    cut: Exception | None = None
    lost: list[Exception] = field(default_factory=list)

    async def post(self, path: str, body: bytes, kind: str, *, timeout: float = 60.0) -> Answer:
        if self.cut:
            raise self.cut
        answer = self.gateway.handle(path, body)
        if self.lost:
            raise self.lost.pop(0)
        return answer

    async def close(self) -> None:
        return


async def _converse(
    gateway: Gateway, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, most: int
) -> None:
    try:
        for _ in range(most):
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            fields = dict(line.lower().split(": ", 1) for line in head[1:] if line)
            body = await reader.readexactly(int(fields.get("content-length", "0")))
            gateway.headers.append(fields)
            answer = gateway.handle(head[0].split()[1], body)
            if random.random() < gateway.deaf:
                return
            lines = [f"HTTP/1.1 {answer.status} X", f"Content-Length: {len(answer.body)}"]
            lines += [f"{name}: {value}" for name, value in answer.headers.items()]
            writer.write("\r\n".join([*lines, "", ""]).encode() + answer.body)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
        return
    finally:
        writer.transport.abort()


@asynccontextmanager
async def serve(
    gateway: Gateway, folder: Path, *, port: int = 0, most: int = 1000
) -> AsyncIterator[int]:
    """Serve a gateway over TLS; give its port. `most`: requests on one connection."""
    pem = server_files(gateway.authority, folder, ["localhost", "127.0.0.1"], gateway.now)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _converse(gateway, reader, writer, most)

    server = await asyncio.start_server(handler, "127.0.0.1", port, ssl=context, limit=1 << 23)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


async def main(folder: Path, port: int, deaf: float) -> None:
    """Serve until killed; the folder keeps authority, tokens, orders and records."""
    now = datetime.now(UTC)
    gateway = Gateway(authority=open_authority(folder, now), deaf=deaf)
    gateway.recall(folder / "journal")
    gateway.tokens = set((folder / "tokens").read_text().split())
    gateway.orders = json.loads((folder / "orders").read_text())
    async with serve(gateway, folder, port=port):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
