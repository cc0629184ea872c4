"""Delivering one document to one destination, by the client that its kind asks for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from frisket.errors import UsageError
from frisket.mfd.address_book import Address, AddressKind
from frisket.mfd.auditlog import LogKind
from frisket.mfd.device import Device
from frisket.mfd.outside import ftp, smb, webdav
from frisket.mfd.outside.attempt import attempt
from frisket.mfd.outside.limits import check_limit
from frisket.mfd.outside.mail import Attachment, Mail, send_mail

Put = Callable[[Device, Address, str, bytes], Awaitable[None]]

_SERVERS: Mapping[str, Put] = {
    "smb": smb.put,
    "ftp": ftp.put,
    "http": webdav.put,
    "https": webdav.put,
}


@dataclass(frozen=True, slots=True)
class Parcel:
    """A document on its way out: file name, MIME type, octets."""

    name: str
    kind: str
    octets: bytes


async def deliver(
    device: Device, to: Address, parcel: Parcel, actor: str, operation: str = "Send"
) -> None:
    """Send a document and log it: OK, or NG with the reason.

    Raises `OutsideFault` (a limit, a login, a server's no), `TlsFailed` (a refused certificate),
    `LinkError`, `UsageError` (no server, a destination that makes no sense).
    """
    where = f"{to.kind.value} {to.name or to.destination}: {parcel.name}"
    with attempt(device, LogKind.TRANSMISSION, actor, operation, where) as note:
        check_limit(device, to)
        to = device.remembered.fill(to, actor, device.store)
        await _client(device, to, parcel)
        device.remembered.keep(to, actor, device.store)
        note.detail += f", {len(parcel.octets)} octets"


async def _client(device: Device, to: Address, parcel: Parcel) -> None:
    if to.kind in {AddressKind.EMAIL, AddressKind.IFAX}:
        attachment = Attachment(parcel.name, parcel.kind, parcel.octets)
        text = f"Sent by {device.name} ({device.personality.model})."
        await send_mail(device, Mail(to.destination, "Attached Image", text, (attachment,)))
        return
    if to.kind is AddressKind.FILE:
        url = to.destination
        if url.startswith("\\\\"):
            url = "smb://" + url.lstrip("\\").replace("\\", "/")
        scheme = url.partition(":")[0].lower()
        await _SERVERS[scheme](device, to, parcel.name, parcel.octets)
        return
    raise UsageError("this virtual device has no telephone line")
