"""Noise, floods and half conversations on the TCP ports of the small services."""

from __future__ import annotations

import asyncio
import random

import pytest
from tests.lab import running_device

from frisket.mfd.device import Device
from frisket.model.reading import Value

ON: dict[str, Value] = {
    "smb.server.enabled": True,
    "sip.intranet.enabled": True,
    "smtp.receive.enabled": True,
    "smtp.receive.tls": "on",
    "wsd.enabled": True,
    "webdav.server.enabled": True,
    "dedicated-port.enabled": True,
    "tls.minimum-version": "TLSv1.2",
}
DOORS = {
    "smb": (445, 139),
    "sip": (5060, 5061),
    "smtp": (25,),
    "wsd": (60000,),
    "http": (80,),
    "dedicated": (9007,),
}
CASES = [(name, port) for name, ports in DOORS.items() for port in ports]
OPENINGS = {
    "noise": b"",
    "frame": b"\0\0\xff\xf0",
    "sip": b"OPTIONS sip:a SIP/2.0\r\nContent-Length: 60000\r\n",
    "mail": b"EHLO a\r\nSTARTTLS\r\nMAIL FROM:<a>\r\n",
    "web": b"PUT /webdav/a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\n",
}


async def pour(device: Device, port: int, data: bytes) -> None:
    """Send data whether or not the device wants it, hear what it says, and leave."""
    reader, writer = await asyncio.open_connection(device.address, device.port(port))
    try:
        writer.write(data)
        await asyncio.wait_for(writer.drain(), 5)
        while await asyncio.wait_for(reader.read(65536), 0.3):
            pass
    except (OSError, TimeoutError):
        # Cut off, or left waiting for more: both are fine.
        pass
    finally:
        writer.transport.abort()


@pytest.mark.parametrize("opening", OPENINGS)
@pytest.mark.parametrize(("name", "port"), CASES)
async def test_it_stays_up(name: str, port: int, opening: str) -> None:
    noise = random.Random(opening).randbytes(200_000)
    async with running_device(settings=ON, services=[name]) as (device, host):
        for tail in (noise, b"A" * 300_000, b"\r\n" * 50_000):
            await pour(device, port, OPENINGS[opening] + tail)
        _, writer = await asyncio.open_connection(device.address, device.port(port))
        writer.close()
        assert not host.faults
        assert not device.journal.counts["bugs"], list(device.journal.entries)
        assert not device.journal.counts["failed_logins"]


# Before the handshake of 5061 is over there is no connection to cut: it ends by its time limit.
@pytest.mark.parametrize(("name", "port"), [case for case in CASES if case[1] != 5061])
async def test_who_waits_is_cut_off_with_the_setting(name: str, port: int) -> None:
    async with running_device(settings=ON, services=[name]) as (device, host):
        reader, writer = await asyncio.open_connection(device.address, device.port(port))
        await asyncio.sleep(0)
        await host.reboot("test")
        try:
            while await asyncio.wait_for(reader.read(4096), 5):
                pass
        except ConnectionResetError:
            pass
        writer.close()
