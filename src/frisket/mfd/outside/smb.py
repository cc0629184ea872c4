"""Sending files to a Windows share by SMB 2 and 3, as <Specify SMB Client Version> allows.

Messages are signed. SMB 1 is not spoken: a device told to use nothing else says so and sends
nothing.
"""

from __future__ import annotations

import struct
import uuid
from dataclasses import dataclass

from smbprotocol.connection import Connection, Dialects  # type: ignore[import-untyped]
from smbprotocol.exceptions import SMBException  # type: ignore[import-untyped]
from smbprotocol.open import (  # type: ignore[import-untyped]
    CreateDisposition,
    CreateOptions,
    FileAttributes,
    FilePipePrinterAccessMask,
    ImpersonationLevel,
    Open,
    ShareAccess,
)
from smbprotocol.session import Session  # type: ignore[import-untyped]
from smbprotocol.tree import TreeConnect  # type: ignore[import-untyped]
from spnego.exceptions import SpnegoError

from frisket.errors import LinkError, UsageError
from frisket.mfd.address_book import Address
from frisket.mfd.device import Device
from frisket.mfd.outside.attempt import OutsideFault
from frisket.mfd.outside.server import Server, read_server
from frisket.net.blocking import STEP, Lifeline, in_thread

_PORT = 445
_CHUNK = 1 << 16


class _Cut:
    """Cuts an SMB connection where a socket would be shut down."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def shutdown(self, _: int) -> None:
        self._connection.transport.close()


def dialect_for(versions: tuple[str, ...]) -> int | None:
    """Return the one dialect to offer, None for all of SMB 2 and 3. Raises `OutsideFault`."""
    if "3.0" in versions:
        return None
    if "2.0" in versions:
        return int(Dialects.SMB_2_1_0)
    raise OutsideFault("<Specify SMB Client Version> allows no version that this device can speak")


def _connect(server: Server, versions: tuple[str, ...], line: Lifeline) -> Connection:
    connection = Connection(uuid.uuid4(), server.host, server.port, require_signing=True)
    line.hold(_Cut(connection))
    try:
        connection.connect(dialect=dialect_for(versions), timeout=STEP)
    except ValueError as fault:
        # The library wraps the operating system's error in one without a number.
        raise LinkError(str(fault)[:120]) from fault
    if "2.0" not in versions and connection.dialect < Dialects.SMB_3_0_0:
        connection.disconnect(close=False)
        raise OutsideFault("the SMB server speaks no version 3, and the device no other")
    return connection


@dataclass(frozen=True, slots=True)
class _Errand:
    """What is stored where, and in which versions of SMB."""

    server: Server
    to: Address
    name: str
    octets: bytes
    versions: tuple[str, ...]


def _store(errand: _Errand, line: Lifeline) -> None:
    server, to = errand.server, errand.to
    share, *folders = [part for part in server.path.split("/") if part]
    try:
        connection = _connect(server, errand.versions, line)
        try:
            # Negotiation would try Kerberos first, and ask the resolver for a realm.
            session = Session(
                connection, to.user, to.password, require_encryption=False, auth_protocol="ntlm"
            )
            session.connect()
            tree = TreeConnect(session, rf"\\{server.host}\{share}")
            tree.connect()
            _write(tree, "\\".join([*folders, errand.name]), errand.octets)
        finally:
            connection.disconnect(timeout=STEP)
    except SpnegoError as fault:
        raise OutsideFault(f"the SMB login failed: {str(fault)[:100]}") from fault
    except SMBException as fault:
        raise OutsideFault(f"the SMB server refused: {str(fault)[:120]}") from fault
    except (struct.error, ValueError, KeyError, IndexError, TypeError) as fault:
        # What the library makes of a server that does not keep to the protocol.
        raise OutsideFault(f"the SMB server cannot be understood: {fault!r:.80}") from fault


def _write(tree: TreeConnect, path: str, octets: bytes) -> None:
    file = Open(tree, path)
    file.create(
        ImpersonationLevel.Impersonation,
        FilePipePrinterAccessMask.GENERIC_WRITE,
        FileAttributes.FILE_ATTRIBUTE_NORMAL,
        ShareAccess.FILE_SHARE_READ,
        CreateDisposition.FILE_OVERWRITE_IF,
        CreateOptions.FILE_NON_DIRECTORY_FILE,
    )
    try:
        for start in range(0, len(octets), _CHUNK):
            file.write(octets[start : start + _CHUNK], start)
    finally:
        file.close(get_attributes=False)


async def put(device: Device, to: Address, name: str, octets: bytes) -> None:
    """Store a file on a share. Raises `UsageError`, `OutsideFault`, `LinkError`."""
    place = to.destination
    if place.startswith("\\\\"):
        place = "smb://" + place.lstrip("\\").replace("\\", "/")
    server = read_server(place, _PORT, "SMB server")
    if not server.path.strip("/"):
        raise UsageError("an SMB destination names a share")
    versions = device.store.effective("smb.client.versions")
    assert isinstance(versions, tuple)
    errand = _Errand(server, to, name, octets, versions)
    await in_thread(lambda line: _store(errand, line), f"SMB server {server}")
