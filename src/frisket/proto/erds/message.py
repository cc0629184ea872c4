"""What an eRDS message says: the device's report and the gateway's answer, as values.

The operations have the names that Canon's service manuals give them; Canon's own message schemas
are not public, so the form is ours (docs/reference/erds.md). There is no field that could carry a
document, its name, or the name of a person.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

PATH: Final = "/erds/v1"
CONTENT_TYPE: Final = "application/json"
SIGNATURE: Final = "erds-signature"  # the HTTP field: base64 of the Ed25519 signature of the body
MOST_OCTETS: Final = 250_000  # imageWARE Remote: about 250 kB a package
HOURS: Final = 16  # imageWARE Remote: counters every 16 hours


class Operation(StrEnum):
    """What a message is for."""

    COMMUNICATION_TEST = "communicationTest"
    CLICK_COUNT = "postGlobalClickCount"
    SERVICE_COUNTER = "postServiceModeCounter"
    MODE_COUNTER = "postModeCounter"
    FIRMWARE = "postFirmwareInfo"
    ALERT = "postAlert"
    JAM = "postJamLog"
    SERVICE_CALL = "postServiceCallLog"
    ALARM = "postAlarmLog"
    SERVICE_MENU = "postServiceModeMenu"


class AlertKind(StrEnum):
    """What an alert is about; nothing else can be said in one."""

    TONER_LOW = "toner-low"
    TONER_OUT = "toner-out"
    WASTE_NEARLY_FULL = "waste-nearly-full"
    WASTE_FULL = "waste-full"
    DOOR_OPEN = "door-open"
    JAM = "jam"
    SERVICE_CALL = "service-call"
    ALARM = "alarm"


class LevelState(StrEnum):
    """What a device knows of a supply: -2 and -3 of RFC 3805 are states, never amounts."""

    MEASURED = "measured"
    SOME = "some"
    UNKNOWN = "unknown"


class Result(StrEnum):
    """What the gateway made of a message."""

    ACCEPTED = "accepted"
    REPEATED = "repeated"  # it had this one already: as good as accepted
    UNREGISTERED = "unregistered"  # not signed by the key registered for this serial, if any
    REFUSED = "refused"  # the registration code is wrong, used up, too old, or another device's
    STALE = "stale"  # its number is far behind: an old message replayed
    MALFORMED = "malformed"
    BUSY = "busy"  # come back after `retry_after` seconds


STATUS: Final[Mapping[Result, int]] = {
    Result.ACCEPTED: 200,
    Result.REPEATED: 200,
    Result.UNREGISTERED: 401,
    Result.REFUSED: 403,
    Result.STALE: 409,
    Result.MALFORMED: 400,
    Result.BUSY: 503,
}


@dataclass(frozen=True, slots=True)
class Meter:
    """A counter by Canon's number."""

    number: int
    value: int


@dataclass(frozen=True, slots=True)
class SupplyLevel:
    """How much is left of a supply, in percent; None unless measured."""

    name: str
    kind: str
    color: str
    state: LevelState
    percent: int | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """Something began (`active`) or ended; `part` is the tray, toner or door."""

    kind: AlertKind
    active: bool
    at: datetime
    part: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """A jam, service call or alarm; `total` is counter 101 then, `slot` the feeding slot."""

    code: str
    subcode: str
    at: datetime
    total: int
    slot: str = ""
    paper: str = ""


@dataclass(frozen=True, slots=True)
class Firmware:
    """The version of one part's program."""

    part: str
    version: str


@dataclass(frozen=True, slots=True)
class MenuItem:
    """A setting of service mode: a switch, number or choice. Texts and secrets are never sent."""

    key: str
    value: bool | int | str


@dataclass(frozen=True, slots=True)
class Registration:
    """A device's public key (32 octets), and the one-time code that lets it be registered."""

    key: bytes
    code: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """One message of a device.

    `sequence` numbers the messages under one device key, from 1; a message sent again keeps its
    number. `at` is when it was made and `sent` when this copy was sent, both by the device's clock
    (UTC, whole seconds), so that a wrong clock can be allowed for.
    """

    operation: Operation
    serial: str
    model: str
    sequence: int
    at: datetime
    sent: datetime
    registration: Registration | None = None
    counters: tuple[Meter, ...] = ()
    supplies: tuple[SupplyLevel, ...] = ()
    alerts: tuple[Alert, ...] = ()
    faults: tuple[Fault, ...] = ()
    firmware: tuple[Firmware, ...] = ()
    menu: tuple[MenuItem, ...] = ()


@dataclass(frozen=True, slots=True)
class Schedule:
    """When the gateway wants counters: every so many hours; `start` is the UTC minute of the day.

    A `start` of None begins with the communication test itself.
    """

    hours: int = HOURS
    start: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the gateway says. To a communication test it adds what it wants.

    `schedule`, the `operations` it takes, and the alerts it does not want (`muted`).
    """

    result: Result
    reason: str = ""
    retry_after: int = 0
    schedule: Schedule | None = None
    operations: tuple[Operation, ...] = ()
    muted: tuple[AlertKind, ...] = ()

    @property
    def taken(self) -> bool:
        """Say whether the message need not be sent again."""
        return self.result in {Result.ACCEPTED, Result.REPEATED}


# Which sections a message of each operation may have; the service-mode counter goes along with
# every event, as the service manuals say.
SECTIONS: Final[Mapping[Operation, frozenset[str]]] = {
    Operation.COMMUNICATION_TEST: frozenset({"registration"}),
    Operation.CLICK_COUNT: frozenset({"counters", "supplies"}),
    Operation.SERVICE_COUNTER: frozenset({"counters"}),
    Operation.MODE_COUNTER: frozenset({"counters"}),
    Operation.FIRMWARE: frozenset({"firmware"}),
    Operation.ALERT: frozenset({"alerts", "counters", "supplies"}),
    Operation.JAM: frozenset({"faults", "counters"}),
    Operation.SERVICE_CALL: frozenset({"faults", "counters"}),
    Operation.ALARM: frozenset({"faults", "counters"}),
    Operation.SERVICE_MENU: frozenset({"menu"}),
}
