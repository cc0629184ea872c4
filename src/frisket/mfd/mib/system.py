"""The system and snmp groups (RFC 3418), and the engine's own group (RFC 3411)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from frisket.errors import SettingRefused
from frisket.mfd.mib.model import Model
from frisket.mfd.mib.tree import Row, View, Write, number, scalars, text
from frisket.mfd.store import Locked
from frisket.proto.snmp.wire import (
    Counter32,
    ErrorStatus,
    Integer,
    ObjectIdentifier,
    OctetString,
    Oid,
    TimeTicks,
    Value,
    parse_oid,
)

SYSTEM: Final = (1, 3, 6, 1, 2, 1, 1)
SNMP: Final = (1, 3, 6, 1, 2, 1, 11)
ENGINE: Final = (1, 3, 6, 1, 6, 3, 10, 2, 1)

TRAPS: Final = "snmp.authentication-traps.enabled"

# Application and end-to-end, internet, and data link: what a host that prints is (RFC 3418).
_SERVICES: Final = 72


def rows(model: Model) -> Iterator[Row]:
    """Yield the groups of one model."""
    yield from scalars(
        SYSTEM,
        {
            1: text(f"{model.vendor} {model.product} /P"),
            2: ObjectIdentifier(parse_oid(model.object_id)),
            3: lambda view: TimeTicks(view.uptime),
            4: lambda view: text(str(view.device.reported("device.contact"))),
            5: lambda view: text(view.device.name),
            6: lambda view: text(str(view.device.reported("device.location"))),
            7: number(_SERVICES),
        },
    )
    yield from scalars(
        SNMP,
        {
            1: lambda view: Counter32(view.memory.requests & 0xFFFF_FFFF),
            2: lambda view: Counter32(view.memory.requests & 0xFFFF_FFFF),
            3: Counter32(0),
            4: lambda view: Counter32(view.memory.bad_communities & 0xFFFF_FFFF),
            5: Counter32(0),
            6: Counter32(0),
            30: lambda view: number(1 if view.device.reported(TRAPS) else 2),
        },
    )
    yield from scalars(
        ENGINE,
        {
            1: lambda view: OctetString(view.memory.engine_id),
            2: lambda view: number(view.memory.boots),
            3: lambda view: number(view.uptime // 100),
            4: number(65_507),
        },
    )


def setting_write(key: str) -> Write:
    """Return the way to write the text of a setting through the store."""

    def check(view: View, value: Value) -> ErrorStatus:
        if not isinstance(value, OctetString):
            return ErrorStatus.WRONG_TYPE
        try:
            view.device.store.check(key, value.decode(), "snmp")
        except Locked as fault:
            view.memory.last_refusal = str(fault)
            return ErrorStatus.INCONSISTENT_VALUE
        except (SettingRefused, UnicodeDecodeError) as fault:
            view.memory.last_refusal = str(fault)
            return ErrorStatus.WRONG_VALUE
        return ErrorStatus.NO_ERROR

    def do(view: View, value: Value) -> Callable[[], None]:
        if not isinstance(value, OctetString):
            raise SettingRefused(f"{key} is a text")
        store, actor = view.device.store, view.rights.actor
        before = store[key]
        store.set(key, value.decode(), actor, "snmp")
        return lambda: void(store.set(key, before, actor, "snmp"))

    return Write(check, do)


def switch_write(key: str) -> Write:
    """Return the way to write a switch, on(1) or off(2), through the store."""

    def check(view: View, value: Value) -> ErrorStatus:
        if not isinstance(value, Integer):
            return ErrorStatus.WRONG_TYPE
        if value not in {1, 2}:
            return ErrorStatus.WRONG_VALUE
        try:
            view.device.store.check(key, value == 1, "snmp")
        except SettingRefused as fault:
            view.memory.last_refusal = str(fault)
            return ErrorStatus.INCONSISTENT_VALUE
        return ErrorStatus.NO_ERROR

    def do(view: View, value: Value) -> Callable[[], None]:
        store, actor = view.device.store, view.rights.actor
        before = store[key]
        store.set(key, value == 1, actor, "snmp")
        return lambda: void(store.set(key, before, actor, "snmp"))

    return Write(check, do)


def void(_: object) -> None:
    """Drop a result that nobody asks for."""


def writes(model: Model) -> Iterator[tuple[Oid, Write]]:
    """Yield what a manager with write access may set: contact, name, place, and traps."""
    keys = {setting.key for setting in model.settings}
    named = ((4, "device.contact"), (5, "network.host-name"), (6, "device.location"))
    for column, key in named:
        if key in keys:
            yield (*SYSTEM, column, 0), setting_write(key)
    if TRAPS in keys:
        yield (*SNMP, 30, 0), switch_write(TRAPS)
