"""Destinations, and <Limit New Destination>: only what the address book holds (guide SP-42)."""

from __future__ import annotations

from frisket.errors import UsageError
from frisket.mfd.address_book import Address, AddressKind
from frisket.mfd.device import Device
from frisket.mfd.outside.attempt import OutsideFault

_KEYS = {
    AddressKind.EMAIL: "send.limit-new.email",
    AddressKind.IFAX: "send.limit-new.ifax",
    AddressKind.FAX: "send.limit-new.fax",
    AddressKind.FILE: "send.limit-new.file",
}
_SCHEMES = {
    "mailto": AddressKind.EMAIL,
    "ifax": AddressKind.IFAX,
    "smb": AddressKind.FILE,
    "ftp": AddressKind.FILE,
    "http": AddressKind.FILE,
    "https": AddressKind.FILE,
}


def read_destination(device: Device, text: str) -> Address:
    r"""Read a destination: a name of the address book, `mailto:`, `ifax:`, or a file server's URL.

    `smb://user:password@host/share/folder`, `ftp://…`, `http(s)://…`, or `\\host\share\folder`.
    A typed destination is looked for in the book, whose entry then gives user and password. Raises
    `UsageError`.
    """
    for known in device.addresses:
        if known.name == text:
            return known
    if text.startswith("\\\\"):
        text = "smb://" + text.lstrip("\\").replace("\\", "/")
    scheme, colon, rest = text.partition(":")
    kind = _SCHEMES.get(scheme.lower())
    if not colon or kind is None or len(text) > 400:
        raise UsageError(
            f"{text[:60]!r} is no destination",
            hint="a name of the address book, mailto:, ifax:, smb:, ftp:, http: or https:",
        )
    if kind is not AddressKind.FILE:
        return _same(device, Address("", kind, rest))
    user, password, plain = _take_credentials(text)
    return _same(device, Address("", kind, plain, user, password))


def _take_credentials(url: str) -> tuple[str, str, str]:
    """Return user, password and the URL without them."""
    scheme, _, rest = url.partition("://")
    place, slash, path = rest.partition("/")
    login, at, host = place.rpartition("@")
    user, _, password = login.partition(":")
    return (user, password, f"{scheme}://{host}{slash}{path}") if at else ("", "", url)


def _normal(destination: str) -> str:
    if destination.startswith("\\\\"):
        destination = "smb://" + destination.lstrip("\\").replace("\\", "/")
    return destination.rstrip("/").casefold()


def _same(device: Device, typed: Address) -> Address:
    for known in device.addresses:
        if known.kind is typed.kind and _normal(known.destination) == _normal(typed.destination):
            return known
    return typed


def is_limited(device: Device, to: Address) -> bool:
    """Say whether a destination is new while new ones of its kind are limited."""
    return device.store.on(_KEYS[to.kind]) and to not in set(device.addresses)


def check_limit(device: Device, to: Address) -> None:
    """Raise `OutsideFault` where a destination is new and new ones of its kind are limited."""
    if is_limited(device, to):
        raise OutsideFault(
            f"new {to.kind.value} destinations are restricted",
            hint="register it in the address book first",
        )
