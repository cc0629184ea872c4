"""The address book of a virtual device; kept in a ledger, exported as LDIF."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum

from frisket.errors import SettingRefused
from frisket.ledger import Ledger

_MOST = 1600  # destinations that one-touch and address lists hold together


class AddressKind(StrEnum):
    """Where a destination lies."""

    EMAIL = "E-Mail"
    FAX = "Fax"
    IFAX = "I-Fax"
    FILE = "File"


@dataclass(frozen=True, slots=True)
class Address:
    """One destination. `user` and `password` are for a file server."""

    name: str
    kind: AddressKind
    destination: str
    user: str = ""
    password: str = ""


_FORMS = {
    AddressKind.EMAIL: r"[^\s@]{1,64}@[^\s@]{1,190}",
    AddressKind.IFAX: r"[^\s@]{1,64}@[^\s@]{1,190}",
    AddressKind.FAX: r"[0-9*#+ -]{1,40}",
    AddressKind.FILE: r"(\\\\|ftp://|https?://|smb://)[^\s]{1,240}",
}


def check_address(address: Address) -> Address:
    """Return the address, or raise `SettingRefused` saying what is wrong with it."""
    texts = (address.name, address.destination, address.user, address.password)
    if not address.name or any(len(t) > 255 or re.search(r"[\x00-\x1f\x7f]", t) for t in texts):
        raise SettingRefused("an address has a name, and no text of it has over 255 characters")
    if not re.fullmatch(_FORMS[address.kind], address.destination):
        raise SettingRefused(f"this is no {address.kind} destination")
    return address


class AddressBook:
    """Destinations by name."""

    __slots__ = ("_entries", "_ledger")

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._entries: dict[str, Address] = {}
        for record in ledger.read():
            if record.get("removed"):
                self._entries.pop(record["name"], None)
            else:
                row = {**record, "kind": AddressKind(record["kind"])}
                self._entries[record["name"]] = Address(**row)

    def __iter__(self) -> Iterator[Address]:
        return iter(sorted(self._entries.values(), key=lambda address: address.name.lower()))

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def put(self, address: Address) -> None:
        """Register a destination or change it. Raises `SettingRefused`."""
        check_address(address)
        if address.name not in self._entries and len(self._entries) >= _MOST:
            raise SettingRefused(f"the address book holds {_MOST} destinations")
        self._ledger.append(asdict(address))
        self._entries[address.name] = address

    def remove(self, name: str) -> None:
        """Delete a destination. Raises `SettingRefused` where there is none."""
        if name not in self._entries:
            raise SettingRefused("no such destination")
        self._ledger.append({"name": name, "removed": True})
        del self._entries[name]

    def clear(self) -> None:
        """Delete all destinations."""
        self._ledger.replace(())
        self._entries.clear()

    def ldif(self, *, passwords: bool) -> str:
        """Return the book as LDIF (RFC 2849); passwords only where the setting allows them."""
        lines = ["version: 1", ""]
        for number, address in enumerate(self, start=1):
            lines += [f"dn: cn={number}", "objectClass: top", f"subdbid: {number}"]
            lines.append(_attribute("cn", address.name))
            lines.append(_attribute("protocol", address.kind.value))
            lines.append(_attribute("destination", address.destination))
            if address.user:
                lines.append(_attribute("username", address.user))
            if address.password and passwords:
                lines.append(_attribute("pwd", address.password))
            lines.append("")
        return "\n".join(lines)


def _attribute(name: str, value: str) -> str:
    """Return one LDIF line; base64 where RFC 2849 asks for it (SAFE-STRING)."""
    plain = value.isascii() and value[:1] not in {" ", ":", "<"} and not value.endswith(" ")
    if plain:
        return f"{name}: {value}"
    return f"{name}:: {base64.b64encode(value.encode()).decode()}"
