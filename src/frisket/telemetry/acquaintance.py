"""What earlier polls of a device taught, so that the next asks little and asks it gently. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from frisket.drivers.base import Pin
from frisket.proto.snmp.wire.oid import Oid
from frisket.proto.snmp.wire.values import Value
from frisket.telemetry.sample import Sample

V1, V2C, V3, IPP = "SNMPv1", "SNMPv2c", "SNMPv3", "IPP"
# Of each new answer a quarter counts, as TCP weighs round trips (RFC 6298 takes an eighth; polls
# are minutes apart, so that the memory must be shorter).
_WEIGHT: Final = 0.25
_LONGEST_TEXT: Final = 255


@lru_cache(maxsize=16_384, typed=True)
def shared(value: Value) -> Value:
    """Return one object for equal values: devices of a model say mostly the same."""
    return value


@dataclass(frozen=True, slots=True)
class Clock:
    """An SNMPv3 engine's clock: it had booted so often, and stood at `time` when ours read `at`.

    `at` is seconds of a clock that does not jump and is of this process only.
    """

    boots: int
    time: int
    at: float


@dataclass(frozen=True, slots=True)
class Outline:
    """What variables a device has, and which of them move; devices of a model share it.

    `moving` are asked again, `places` says where these stand in `oids`. The variable that follows
    each of `before` is the one of `moving` at the same place, or nothing of the column in `ends`
    at the same place from the end, for as long as tables have the rows they had. The last `alerts`
    of `moving` are the table of alerts, whose rows come and go.
    """

    oids: tuple[Oid, ...]
    moving: tuple[Oid, ...]
    places: tuple[int, ...]
    before: tuple[Oid, ...]
    ends: tuple[Oid, ...]
    alerts: int
    alert_columns: tuple[Oid, ...]


@dataclass(frozen=True, slots=True)
class Remembered:
    """The last reading: the value of every variable of the outline, and the sample.

    `full` is when all of them were last read, `uptime` the device's own clock then (hundredths of
    a second): a device that has restarted since is read in full.
    """

    outline: Outline
    values: tuple[Value, ...]
    full: datetime
    uptime: int
    sample: Sample

    def varbinds(self) -> dict[Oid, Value]:
        """Return the variables."""
        return dict(zip(self.outline.oids, self.values, strict=True))


@dataclass(frozen=True, slots=True)
class Acquaintance:
    """What is known of one device from earlier polls; a new one knows nothing.

    Every poll takes one and gives the next, which whoever polls keeps. `via` is the version that
    answers, `latency` the seconds in which it does, `context` the SNMPv3 context of the printer,
    `met` when it last answered, `woken` when a poll last woke it or may have, and `silences` how
    many polls in a row it has been silent since. `door` is where its IPP is; one that answers
    nothing else (`via` is IPP) was `sought` by SNMP in vain.
    """

    via: str = ""
    latency: float = 0.0
    pin: Pin = field(default_factory=Pin)
    context: str = ""
    met: datetime | None = None
    woken: datetime | None = None
    silences: int = 0
    door: str = ""
    sought: datetime | None = None
    clock: Clock | None = field(default=None, repr=False)
    remembered: Remembered | None = field(default=None, repr=False)

    def timed(self, waited: float) -> float:
        """Return the latency with one more answer's time taken in."""
        return self.latency + _WEIGHT * (waited - self.latency) if self.latency else waited

    def durable(self) -> dict[str, Any]:
        """Return what is worth keeping over a restart, as JSON takes it; never a secret."""
        return {
            "via": self.via,
            "latency": round(self.latency, 4),
            "engine": self.pin.engine,
            "serial": self.pin.serial,
            "context": self.context,
            "silences": self.silences,
            "door": self.door,
            **{
                name: moment.isoformat()
                for name in ("met", "woken", "sought")
                if (moment := getattr(self, name)) is not None
            },
        }


def revived(kept: Mapping[str, Any]) -> Acquaintance:
    """Return the acquaintance that `durable` gave; what is not as it was written is left out."""
    latency, silences = kept.get("latency"), kept.get("silences")
    return Acquaintance(
        via=_text(kept, "via") if _text(kept, "via") in {V1, V2C, V3, IPP} else "",
        latency=float(latency) if isinstance(latency, int | float) and 0 < latency < 100 else 0.0,
        pin=Pin(_text(kept, "engine"), _text(kept, "serial")),
        context=_text(kept, "context"),
        met=_moment(kept, "met"),
        woken=_moment(kept, "woken"),
        door=_text(kept, "door"),
        sought=_moment(kept, "sought"),
        silences=silences if isinstance(silences, int) and silences >= 0 else 0,
    )


def _text(kept: Mapping[str, Any], name: str) -> str:
    found = kept.get(name)
    return found if isinstance(found, str) and len(found) <= _LONGEST_TEXT else ""


def _moment(kept: Mapping[str, Any], name: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(_text(kept, name))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
