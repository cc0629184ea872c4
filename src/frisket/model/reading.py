"""What a witness says about a key: `Known` or `Unread`; never missing, never guessed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

Value = bool | int | str | tuple[str, ...]


class Witness(StrEnum):
    """Who can say what a key's value is."""

    NETWORK = "network"
    DEVICE = "device"
    PERSON = "person"


class Why(StrEnum):
    """Why a key was not read."""

    NOT_ASKED = "nothing that was asked reads it"
    REFUSED = "connection refused"
    FILTERED = "no answer to the connection attempt"
    UNREACHABLE = "host unreachable"
    RESET = "connection cut"
    SILENT = "no answer in time"
    TLS = "TLS handshake failed"
    BUDGET = "budget of the visit spent"
    GUARDED = "sending there could print"
    GARBLED = "the answer is not the protocol"
    UNSUPPORTED = "the device does not offer it"
    CREDENTIAL = "needs a credential"
    EXPIRED = "the attestation has expired"
    BUG = "a fault in Frisket"


@dataclass(frozen=True, slots=True)
class Known:
    """A value: who saw it, when (aware UTC), by which means; `detail` is the evidence."""

    value: Value
    witness: Witness
    when: datetime
    via: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Unread:
    """A key that was asked for and not learnt, and why."""

    why: Why
    via: str = ""
    detail: str = ""


Reading = Known | Unread


class Readings(Mapping[str, tuple[Reading, ...]]):
    """What all witnesses say: key -> readings, in the order they came. Immutable; `|` joins."""

    __slots__ = ("_by_key",)

    def __init__(self, by_key: Mapping[str, Iterable[Reading]] | None = None) -> None:
        self._by_key = {key: tuple(values) for key, values in (by_key or {}).items()}

    @classmethod
    def single(cls, values: Mapping[str, Reading]) -> Readings:
        """Build from one reading a key."""
        return cls({key: (reading,) for key, reading in values.items()})

    def __getitem__(self, key: str) -> tuple[Reading, ...]:
        return self._by_key[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_key)

    def __len__(self) -> int:
        return len(self._by_key)

    def __or__(self, other: Readings) -> Readings:
        """Join two sets of readings; a key's readings are concatenated."""
        joined = dict(self._by_key)
        for key, values in other.items():
            joined[key] = joined.get(key, ()) + values
        return Readings(joined)

    def __repr__(self) -> str:
        return f"Readings({self._by_key!r})"

    def known(self, key: str) -> tuple[Known, ...]:
        """Return what is known of `key`, one reading a witness statement; empty if nothing."""
        return tuple(r for r in self._by_key.get(key, ()) if isinstance(r, Known))

    def unread(self, key: str) -> tuple[Unread, ...]:
        """Return why `key` was not learnt, where it was asked."""
        return tuple(r for r in self._by_key.get(key, ()) if isinstance(r, Unread))
