"""Takes out of a capture everything that says whose device it is. Pure.

What is kept is listed, never what is taken out: words of printing, the device's vendor, model and
firmware, short numbers. Of anything else only the shape is left; serial numbers, names and places
become the same pseudonym wherever they stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from frisket.catalog.load import content, read_toml
from frisket.model.target import Identity
from frisket.probe.snmp_identity import SYS_LOCATION, SYS_NAME
from frisket.proto.ipp.names import GroupTag, ValueTag
from frisket.proto.ipp.values import Attribute, Collection, Group, Localized, Message, Value
from frisket.proto.snmp.wire.oid import Oid, parse_oid
from frisket.proto.snmp.wire.values import IpAddress, OctetString, Opaque
from frisket.proto.snmp.wire.values import Value as Variable

SYS_CONTACT: Final = parse_oid("1.3.6.1.2.1.1.4.0")
DOCUMENTATION: Final = IpAddress(bytes((192, 0, 2, 1)))  # RFC 5737
_JOINTS: Final = "/-._ :"
_SHORT: Final = 3  # digits and letters of a known secret that is too short to be looked for
_ADDRESSES: Final = re.compile(
    r"\b\d{1,3}(?:\.\d{1,3}){3}\b"
    r"|\b[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}\b"
    r"|\b(?:[0-9A-Fa-f]{1,4}:){2,7}[0-9A-Fa-f]{1,4}\b"
    r"|[0-9A-Fa-f]{0,4}::[0-9A-Fa-f:]*"
)
_LONG_NUMBER: Final = re.compile(r"\+?\d(?:[ ()./-]{0,2}\d){4,}")
_WORD: Final = re.compile(r"[^\W_]+")
_PIECE: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_SIZE: Final = re.compile(r"\d{1,4}x\d{1,4}(?:mm|in)?")


@cache
def load_words() -> frozenset[str]:
    """Return the words that may stay. Raises `ContentError`."""
    return frozenset(read_toml(content("poll_scrub", "words.toml"))["words"].casefold().split())


def shape(text: str) -> str:
    """Return only the shape of a text: its letters and digits are gone."""
    return "".join(
        "0"
        if letter.isdigit()
        else "x"
        if letter.isalnum()
        else letter
        if letter in _JOINTS
        else " "
        for letter in text
    )


@dataclass(slots=True)
class Scrubber:
    """Scrubs one capture. `secrets` are texts that must go, each with its pseudonym."""

    identity: Identity = field(default_factory=Identity)
    secrets: dict[str, str] = field(default_factory=dict)
    _allowed: frozenset[str] = frozenset()
    _words: frozenset[str] = field(default_factory=load_words)

    def __post_init__(self) -> None:
        own = f"{self.identity.vendor} {self.identity.model} {self.identity.firmware}"
        self._allowed = frozenset(word.casefold() for word in _WORD.findall(own))

    def learn(self, kind: str, texts: Iterable[str]) -> None:
        """Remember texts that must go; each becomes `kind` and a number."""
        for text in texts:
            known = text.strip().strip("\0")
            if known and known.casefold() not in self.secrets:
                number = 1 + sum(name.startswith(kind) for name in self.secrets.values())
                self.secrets[known.casefold()] = f"{kind}{number}"

    def text(self, text: str) -> str:
        """Return a text of which nothing is left but what may stay."""
        parts: list[tuple[str, bool]] = [(text, False)]
        # The longest first: a name may be part of another.
        for secret in sorted(self.secrets, key=len, reverse=True):
            if len(secret) <= _SHORT:
                continue
            pseudonym = self.secrets[secret]
            split: list[tuple[str, bool]] = []
            for part, done in parts:
                pieces = [part] if done else re.split(re.escape(secret), part, flags=re.IGNORECASE)
                for place, piece in enumerate(pieces):
                    split += ([(pseudonym, True)] if place else []) + [(piece, done)]
            parts = split
        return "".join(part if done else self._plain(part) for part, done in parts)

    def _plain(self, text: str) -> str:
        text = _ADDRESSES.sub(lambda found: shape(found[0]), text)
        text = _LONG_NUMBER.sub(self._number, text)
        return _WORD.sub(self._word, text)

    def _number(self, found: re.Match[str]) -> str:
        # Model and firmware may look like a telephone's number: `4545 60.08`.
        own = all(part.casefold() in self._allowed for part in _WORD.findall(found[0]))
        return found[0] if own else shape(found[0])

    def _word(self, found: re.Match[str]) -> str:
        word = found[0]
        known = word.casefold()
        if known in self._words or known in self._allowed or _SIZE.fullmatch(known):
            return word
        if word.isdigit():
            return word if len(word) <= 2 else "0" * len(word)
        pieces = _PIECE.findall(word)
        if "".join(pieces) == word and all(piece.casefold() in self._words for piece in pieces):
            return word
        return shape(word)

    def variable(self, oid: Oid, value: Variable, *, binary: bool) -> Variable:
        """Return a variable's value scrubbed; octets that are no text stay only if `binary`."""
        if isinstance(value, IpAddress):
            return DOCUMENTATION
        if isinstance(value, Opaque):
            return Opaque(bytes(len(value)))
        if not isinstance(value, OctetString) or binary:
            return value
        try:
            text = bytes(value).rstrip(b"\0").decode()
        except UnicodeDecodeError:
            return OctetString(bytes(len(value)))
        if any(letter < " " for letter in text):
            return OctetString(bytes(len(value)))
        if oid in (SYS_NAME, SYS_LOCATION, SYS_CONTACT):
            return OctetString(self.secrets.get(text.strip().casefold(), shape(text)).encode())
        if (whole := self.secrets.get(text.strip().casefold())) is not None:
            return OctetString(whole.encode())
        return OctetString(self.text(text).encode())

    def message(self, message: Message, kept: Iterable[str]) -> Message:
        """Return an IPP answer with the attributes of `kept` only, scrubbed; no URI stays."""
        wanted = frozenset(kept)
        groups = tuple(
            Group(
                group.tag,
                tuple(
                    Attribute(one.name, tuple(self._value(value) for value in one.values))
                    for one in group.attributes
                    if one.name in wanted
                ),
            )
            for group in message.groups
            if group.tag == GroupTag.PRINTER
        )
        return Message(message.version, message.code, 1, groups)

    def _value(self, value: Value) -> Value:
        data = value.data
        if value.tag == ValueTag.URI:
            return Value(value.tag, "")
        if isinstance(data, str):
            whole = self.secrets.get(data.strip().casefold())
            return Value(value.tag, whole if whole is not None else self.text(data))
        if isinstance(data, Localized):
            return Value(value.tag, Localized(self.text(data.text), "en"))
        if isinstance(data, bytes):
            return Value(value.tag, self.text(data.decode("utf-8", "replace")).encode())
        if isinstance(data, Collection):
            members = (self._attribute(member) for member in data.members)
            return Value(value.tag, Collection(tuple(members)))
        return value

    def _attribute(self, one: Attribute) -> Attribute:
        return Attribute(self.text(one.name), tuple(self._value(value) for value in one.values))


def scrub_variables(
    varbinds: Mapping[Oid, Variable], scrubber: Scrubber, binary: frozenset[Oid]
) -> dict[Oid, Variable]:
    """Return variables scrubbed; those that spell a text in their own name are left out."""
    return {
        oid: scrubber.variable(oid, value, binary=oid in binary)
        for oid, value in sorted(varbinds.items())
        if not _spells(oid)
    }


def _spells(oid: Oid) -> bool:
    """Say whether arcs in a row are letters, or an address: an index may be a user's name."""
    run = 0
    for arc in oid[10:]:
        run = run + 1 if 32 <= arc <= 126 or arc > 255 else 0
        if run >= 4:
            return True
    return False
