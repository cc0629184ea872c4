"""What a device shows to whoever asks it on the network: services, and its certificate. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from frisket.catalog.load import Catalog
from frisket.model.reading import Known, Readings, Witness

SOON: Final = 30  # days before the end in which a certificate is to be renewed
_ON: Final = ".enabled"
_FACTS: Final = (
    ("certificate.self-signed", "Signed by itself"),
    ("certificate.key-bits", "Strength of its key, in bits of RSA"),
    ("certificate.signature-hash", "Hash of its signature"),
    ("certificate.weak-key", "Known weakness of its key"),
    ("certificate.shared", "Its key is used by other devices too"),
    ("tls.versions", "TLS versions that are accepted"),
    ("tls.weak-ciphers", "Weak ciphers that are accepted"),
)


@dataclass(frozen=True, slots=True)
class Service:
    """One service as the network saw it: on or off, and what showed that."""

    key: str
    label: str
    on: bool
    seen: str


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate that a device showed: its last day, how many are left, and what is known.

    `facts` are label, value in words, and what showed it.
    """

    ends: datetime
    days: int
    seen: str
    facts: tuple[tuple[str, str, str], ...] = ()

    @property
    def state(self) -> str:
        """Return `expired`, `soon` or `valid`."""
        return "expired" if self.days < 0 else "soon" if self.days < SOON else "valid"


def services(readings: Readings, catalog: Catalog) -> list[Service]:
    """Return every service that the network was asked about, those that are on first."""
    found = []
    for key in readings:
        said = [one for one in _network(readings, key) if isinstance(one.value, bool)]
        if not said or not key.endswith(_ON) or key not in catalog:
            continue
        # Several probes may have seen it: one that was answered counts.
        on = any(one.value for one in said)
        seen = dict.fromkeys(one.detail for one in said if one.value == on and one.detail)
        found.append(Service(key, catalog[key].label.strip("<>"), on, "; ".join(seen)))
    return sorted(found, key=lambda one: (not one.on, one.label))


def certificate(readings: Readings, now: datetime) -> Certificate | None:
    """Return the certificate that the network was shown, None where there was none.

    Of several the worst one counts, as in the audit. Days are counted from now on.
    """
    left = next(iter(_network(readings, "certificate.days-left")), None)
    if left is None or not isinstance(left.value, int):
        return None
    ends = left.when + timedelta(days=left.value)
    facts = tuple(
        (label, _plain(said.value), said.detail)
        for key, label in _FACTS
        for said in _network(readings, key)
    )
    return Certificate(ends, (ends - now).days, left.detail, facts)


def _network(readings: Readings, key: str) -> Iterable[Known]:
    return (one for one in readings.known(key) if one.witness is Witness.NETWORK)


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(str(one) for one in value) or "none"
    return str(value) or "none"
