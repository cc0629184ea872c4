"""Sending files by FTP (RFC 959), passive mode. The device's FTP client knows no TLS."""

from __future__ import annotations

import ftplib
import io

from frisket.errors import UsageError
from frisket.mfd.address_book import Address
from frisket.mfd.device import Device
from frisket.mfd.outside.attempt import OutsideFault
from frisket.mfd.outside.server import Server, read_server
from frisket.net.blocking import STEP, Bounded, Lifeline, in_thread

_PORT = 21
_REPLIES = 1 << 16


def _store(server: Server, to: Address, name: str, octets: bytes, line: Lifeline) -> None:
    try:
        with ftplib.FTP(timeout=STEP) as client:  # noqa: S321
            client.connect(server.host, server.port)
            line.hold(client.sock)
            assert client.file is not None
            client.file = Bounded(client.file, _REPLIES)  # type: ignore[assignment]
            client.login(to.user or "anonymous", to.password)
            for folder in filter(None, server.path.split("/")):
                client.cwd(folder)
            client.storbinary(f"STOR {name}", io.BytesIO(octets))
    except ftplib.error_perm as fault:
        raise OutsideFault(f"the FTP server said {str(fault)[:100]}") from fault
    except (ftplib.Error, UnicodeError) as fault:
        raise OutsideFault(f"FTP: {str(fault)[:100]}") from fault


async def put(device: Device, to: Address, name: str, octets: bytes) -> None:
    """Store a file. Raises `UsageError`, `OutsideFault`, `LinkError`."""
    del device  # no setting of the device governs its FTP client
    server = read_server(to.destination, _PORT, "FTP server")
    if any(ord(c) < 32 for c in server.path):
        raise UsageError("this is no folder")
    await in_thread(lambda line: _store(server, to, name, octets, line), f"FTP server {server}")
