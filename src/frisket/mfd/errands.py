"""What a person at a device can do and ask of the outside: control requests of the lab."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from typing import Any

from frisket.errors import UsageError
from frisket.mfd.device import Device
from frisket.mfd.erds.talk import com_log, communication_test
from frisket.mfd.outside.clock import set_clock
from frisket.mfd.outside.directory import look_up
from frisket.mfd.outside.pop import fetch
from frisket.mfd.outside.scan import Encryption, scan_and_send
from frisket.mfd.outside.trust import trust
from frisket.mfd.troubles import TroubleKind

Answer = dict[str, Any]
Errand = Callable[[Device, Answer], Awaitable[Answer]]
_ACTOR = "lab"


async def _send(device: Device, request: Answer) -> Answer:
    encryption = None
    if password := str(request.get("encrypt") or ""):
        encryption = Encryption(password, str(request.get("permission") or ""))
    pages = request.get("pages", 1)
    if not isinstance(pages, int):
        raise UsageError("pages is a number")
    to = str(request.get("to", ""))
    return {"octets": await scan_and_send(device, to, pages, _ACTOR, encryption)}


async def _fetch(device: Device, _: Answer) -> Answer:
    return asdict(await fetch(device, _ACTOR))


async def _look_up(device: Device, request: Answer) -> Answer:
    found = await look_up(device, str(request.get("name", "")), _ACTOR)
    return {"people": [asdict(person) for person in found]}


async def _clock(device: Device, _: Answer) -> Answer:
    return {"moved": await set_clock(device, _ACTOR)}


async def _trust(device: Device, request: Answer) -> Answer:
    return {"trusted": list(trust(device, str(request.get("pem", "")).encode(), _ACTOR))}


async def _com_test(device: Device, _: Answer) -> Answer:
    answer = await communication_test(device, _ACTOR)
    hours = answer.schedule.hours if answer.schedule else None
    return {"result": answer.result.value, "hours": hours}


async def _com_log(device: Device, _: Answer) -> Answer:
    return {"log": [asdict(contact) for contact in com_log(device)]}


async def _trouble(device: Device, request: Answer) -> Answer:
    try:
        kind = TroubleKind(str(request.get("kind", "")))
    except ValueError:
        known = ", ".join(TroubleKind)
        raise UsageError("no such trouble", hint=f"known: {known}") from None
    if request.get("cleared"):
        return {"cleared": device.troubles.clear(kind)}
    slot, paper = str(request.get("slot", "")), str(request.get("paper", ""))
    trouble = device.troubles.happen(kind, str(request.get("code", "")), slot=slot, paper=paper)
    return {"kind": kind.value, "code": trouble.code, "at": trouble.at}


async def _toner(device: Device, request: Answer) -> Answer:
    number, level = request.get("number"), request.get("level")
    supplies = device.personality.supplies
    if not isinstance(number, int) or not 1 <= number <= len(supplies):
        raise UsageError(f"the device has supplies 1 to {len(supplies)}")
    supply = supplies[number - 1]
    most = supply.capacity if supply.capacity > 0 else 100
    if not isinstance(level, int) or not -3 <= level <= most:
        hint = "-2: not known, -3: some is left"
        raise UsageError(f"a level is a number from -3 to {most}", hint=hint)
    device.levels.put_supply(number - 1, level)
    return {"name": supply.name, "level": level}


ERRANDS: Mapping[str, Errand] = {
    "send": _send,
    "fetch": _fetch,
    "lookup": _look_up,
    "clock": _clock,
    "trust": _trust,
    "com-test": _com_test,
    "com-log": _com_log,
    "trouble": _trouble,
    "toner": _toner,
}
