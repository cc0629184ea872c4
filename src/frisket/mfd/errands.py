"""What a person at a device can ask of the outside: control requests of the lab."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from typing import Any

from frisket.errors import UsageError
from frisket.mfd.device import Device
from frisket.mfd.outside.clock import set_clock
from frisket.mfd.outside.directory import look_up
from frisket.mfd.outside.pop import fetch
from frisket.mfd.outside.scan import Encryption, scan_and_send
from frisket.mfd.outside.trust import trust

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


ERRANDS: Mapping[str, Errand] = {
    "send": _send,
    "fetch": _fetch,
    "lookup": _look_up,
    "clock": _clock,
    "trust": _trust,
}
