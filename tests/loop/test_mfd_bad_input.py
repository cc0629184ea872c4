"""Noise on every open port of a device at once: it answers afterwards as before."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
from pathlib import Path
from typing import Any

import pytest
from tests.lab import running_device

from frisket.mfd.device import Device
from frisket.mfd.host import Host
from frisket.mfd.service import BACKGROUND
from frisket.model.reading import Value

OPEN: dict[str, Value] = {
    "remote-ui.tls.enabled": True,
    "remote-operation.enabled": True,
    "remote-operation.password": "12345678",
    "webdav.server.enabled": True,
    "webdav.server.tls": True,
    "smb.server.enabled": True,
    "smtp.receive.enabled": True,
    "sip.intranet.enabled": True,
    "bmlinks.enabled": True,
    "snmp.v3.enabled": True,
}
SYSTEM_NAME = bytes.fromhex(
    "302602010004067075626c6963a01902012a020100020100300e300c06082b060102010101000500"
)
PATIENCE = 1.5
HELLO = bytes.fromhex("1603010200010001fc0303") + bytes(40)
LINES = [
    b"",
    b"\0" * 2048,
    b"A" * 300_000,
    b"A" * 70_000 + b"\r\n",
    b"\r\n" * 2000,
    b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
    b"POST /ipp HTTP/1.1\r\nContent-Type: application/ipp\r\nContent-Length: -9\r\n\r\n\x02\0",
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffff\r\n\x02\0",
    b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n%%%%%",
    b"PROPFIND /webdav/ HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n<a><b><c>",
    b"GET /../../../../etc/passwd HTTP/1.0\r\n\r\n",
    b"USER " + b"%n" * 5000 + b"\r\nPASS \xff\xfe\r\nSTOR ../../../x\r\n",
    b"EHLO " + b"x" * 5000 + b"\r\nMAIL FROM:<" + b"a" * 5000 + b">\r\n",
    b"\x02" + b"../../../etc/passwd" * 30 + b"\n\x02999999999999999999 dfA1\n",
    b"\x1b%-12345X@PJL INFO " + b"Z" * 40_000,
    b"\x03\0\0\x16\x11\xe0" + b"\xff" * 300,
    b"\0\0\xff\xff\xffSMB" + b"\xff" * 4000,
    b"\0\0\0\x90\xfeSMB\x40\0" + b"\xff" * 136,
    b"RFB 003.003\n\x01" + b"\xff" * 4000,
    b"OPTIONS sip:a SIP/2.0\r\nContent-Length: -1\r\n" + b"Via: x\r\n" * 3000 + b"\r\n",
    b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'bb'>]><a>&b;</a>",
    b"M-SEARCH * HTTP/1.1\r\n" + b"ST: ssdp:all\r\n" * 2000,
    HELLO,
    HELLO[:7],
]


def noise(source: random.Random) -> list[bytes]:
    """Return the known nasty pieces and as many random ones."""
    return LINES + [source.randbytes(source.choice([1, 7, 64, 1400, 9000])) for _ in range(20)]


async def shout(address: str, port: int, data: bytes) -> None:
    """Send one piece on a connection of its own and take whatever comes back."""
    with contextlib.suppress(OSError, TimeoutError):
        reader, writer = await asyncio.open_connection(address, port)
        try:
            async with asyncio.timeout(PATIENCE):
                writer.write(data)
                await writer.drain()
                while await reader.read(65536):
                    pass
        finally:
            # No farewell: a reset, in the middle of whatever it was.
            writer.transport.abort()


async def flood(address: str, port: int, transport: str, source: random.Random) -> None:
    if transport == "udp":
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            for data in noise(source):
                with contextlib.suppress(OSError):
                    sock.sendto(data[:60_000], (address, port))
                await asyncio.sleep(0)
        return
    gate = asyncio.Semaphore(6)

    async def one(data: bytes) -> None:
        async with gate:
            await shout(address, port, data)

    await asyncio.gather(*(one(data) for data in noise(source)))


async def reads_snmp(device: Device) -> bytes:
    """Ask for sysDescr by version 1, as any monitor does."""
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        sock.connect((device.address, device.port(161)))
        for _ in range(5):
            await loop.sock_sendall(sock, SYSTEM_NAME)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(2):
                    return await loop.sock_recv(sock, 65535)
    return b""


async def reads_http(device: Device) -> bytes:
    """Ask for the Remote UI."""
    reader, writer = await asyncio.open_connection(device.address, 8000)
    writer.write(b"GET / HTTP/1.1\r\nHost: device\r\nConnection: close\r\n\r\n")
    async with asyncio.timeout(20):
        answer = await reader.read(200)
    writer.close()
    return answer


def open_ports(host: Host) -> list[tuple[int, str]]:
    """Return every port that the settings ask for."""
    device = host.device
    wanted = {port for service in host.services for port in service.ports(device)} - {BACKGROUND}
    return sorted({(device.port(port.number), port.transport) for port in wanted})


@pytest.mark.parametrize("seed", range(2))
async def test_noise_on_every_port_at_once(seed: int, tmp_path: Path) -> None:
    stumbles: list[dict[str, Any]] = []
    loop = asyncio.get_running_loop()
    async with running_device(settings=OPEN, folder=tmp_path / "device") as (device, host):
        device.jobs.pace = 0
        before = {key: device.store[key] for key in device.store.keys()}  # noqa: SIM118
        loop.set_exception_handler(lambda _, context: stumbles.append(context))
        ports = open_ports(host)
        assert len(ports) >= 20
        async with asyncio.timeout(90):
            await asyncio.gather(
                *(flood(device.address, *port, random.Random(seed)) for port in ports)
            )
            await device.jobs.settled()
            assert b"Canon iR-ADV" in await reads_snmp(device)
            assert (await reads_http(device)).startswith(b"HTTP/1.1 ")
        assert device.journal.counts["bugs"] == 0, [
            entry for entry in device.journal.entries if entry["what"] == "bugs"
        ]
        assert {key: device.store[key] for key in before} == before
        assert device.journal.counts["writes"] == 0
        assert not host.faults
        assert not list(tmp_path.rglob("passwd"))
    assert not stumbles
