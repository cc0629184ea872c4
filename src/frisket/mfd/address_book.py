"""The address book of a virtual device; kept in a ledger, exported as LDIF."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
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

    def take(self, addresses: Iterable[Address]) -> int:
        """Register many destinations, or none where they are too many; return how many.

        A destination without a password keeps the one that is registered for the same place.
        """
        new = {address.name: self._with_password(address) for address in addresses}
        if len(new.keys() | self._entries.keys()) > _MOST:
            raise SettingRefused(f"the address book holds {_MOST} destinations")
        self._ledger.append(*(asdict(address) for address in new.values()))
        self._entries |= new
        return len(new)

    def _with_password(self, address: Address) -> Address:
        known = self._entries.get(address.name)
        same = known is not None and replace(known, password="") == address
        return known if same and known is not None else address

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


_LARGEST = 2 << 20
_LINE = re.compile(r"([A-Za-z][A-Za-z0-9;-]{0,63}):(:?) *(.*)")


def _fields(record: str) -> dict[str, str]:
    """Return an LDIF record's attributes, the first value of each. Raises `SettingRefused`."""
    fields: dict[str, str] = {}
    for line in record.split("\n"):
        if not line or line.startswith("#"):
            continue
        found = _LINE.fullmatch(line)
        if not found:
            raise SettingRefused(f"no LDIF: {line[:40]!r}")
        value = found[3]
        if found[2]:
            try:
                value = base64.b64decode(value, validate=True).decode()
            except ValueError as fault:
                raise SettingRefused(f"{found[1]} is no base64 text") from fault
        fields.setdefault(found[1].lower(), value)
    return fields


def read_ldif(text: str) -> tuple[Address, ...]:
    """Read what `AddressBook.ldif` writes (RFC 2849). Raises `SettingRefused`, naming the entry."""
    if len(text) > _LARGEST:
        raise SettingRefused("the file is larger than 2 MB")
    # RFC 2849: a line that begins with a space continues the one before.
    unfolded = re.sub(r"\n ", "", text.replace("\r\n", "\n"))
    addresses: list[Address] = []
    for record in re.split(r"\n\s*\n", unfolded):
        fields = _fields(record)
        if "cn" not in fields:
            continue
        try:
            kind = AddressKind(fields.get("protocol", ""))
        except ValueError as fault:
            raise SettingRefused(f"{fields['cn'][:40]!r} is of no known type") from fault
        address = Address(
            fields["cn"],
            kind,
            fields.get("destination", ""),
            fields.get("username", ""),
            fields.get("pwd", ""),
        )
        addresses.append(check_address(address))
    if not addresses:
        raise SettingRefused("the file holds no destination")
    return tuple(addresses)


def _attribute(name: str, value: str) -> str:
    """Return one LDIF line; base64 where RFC 2849 asks for it (SAFE-STRING)."""
    plain = value.isascii() and value[:1] not in {" ", ":", "<"} and not value.endswith(" ")
    if plain:
        return f"{name}: {value}"
    return f"{name}:: {base64.b64encode(value.encode()).decode()}"
