"""Runs a fleet of virtual devices in one process, with a control socket beside them."""

from __future__ import annotations

import asyncio
import gc
import io
import json
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from frisket.audit.load import Content
from frisket.errors import FrisketError, LinkError, UsageError
from frisket.mfd.device import Plan, Surroundings, build_device
from frisket.mfd.errands import ERRANDS, Errand
from frisket.mfd.host import Host
from frisket.mfd.panel.engine import aged, look
from frisket.mfd.panel.paint import draw
from frisket.mfd.panel.words import press_all
from frisket.model.reading import Value
from frisket.net.control import serve_control

Answer = dict[str, Any]


@dataclass(slots=True)
class Lab:
    """A running fleet. `stop` is set when it is to end."""

    hosts: dict[str, Host] = field(default_factory=dict)
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    async def start(self, plans: Sequence[Plan], content: Content, folder: Path | None) -> None:
        """Start every planned device; a port that cannot be opened is listed, not fatal.

        Raises `LinkError` where an address is mostly taken: then nothing is left open.
        """
        for plan in plans:
            own = folder / plan.serial if folder else None
            device = build_device(plan, Surroundings(content=content, folder=own))
            host = Host(device)
            await host.start()
            self.hosts[plan.address] = host
            try:
                host.check_address()
            except LinkError:
                await self.end()
                raise
        # What was built stays for good: keep the collector from walking it again and again.
        gc.collect()
        gc.freeze()

    async def end(self) -> None:
        """Close every device."""
        for host in self.hosts.values():
            await host.stop()

    def host(self, address: object) -> Host:
        """Return the device at an address, or raise `UsageError`."""
        if address not in self.hosts:
            raise UsageError(f"no virtual device at {str(address)[:60]!r}")
        return self.hosts[str(address)]


def describe(host: Host) -> Answer:
    """Return a device's line of the inventory."""
    device = host.device
    return {
        "address": device.address,
        "name": device.name,
        "model": device.personality.model,
        "serial": device.plan.serial,
        "state": device.plan.state,
        "ports": host.ports(),
        "shift": device.plan.shift,
        "faults": dict(host.faults),
    }


def truth(host: Host) -> Mapping[str, Value]:
    """Return every key's real value, whatever the device says."""
    store = host.device.store
    return {key: store.effective(key) for key in store.keys()}  # noqa: SIM118 - not a dict


async def _list(lab: Lab, _: Answer) -> Answer:
    return {"devices": [describe(host) for host in lab.hosts.values()]}


async def _truth(lab: Lab, request: Answer) -> Answer:
    return {"values": truth(lab.host(request.get("address")))}


async def _set(lab: Lab, request: Answer) -> Answer:
    host = lab.host(request.get("address"))
    catalog = host.device.content.catalog
    pairs = {key: catalog[key].parse(text) for key, text in request.get("values", {}).items()}
    for key, value in pairs.items():
        host.device.store.check(key, value, "lab")
    changed = [
        key for key, value in pairs.items() if host.device.store.set(key, value, "lab", "lab")
    ]
    await host.settled()
    return {"changed": changed}


async def _journal(lab: Lab, request: Answer) -> Answer:
    return dict(lab.host(request.get("address")).device.journal.summary())


async def _reboot(lab: Lab, request: Answer) -> Answer:
    host = lab.host(request.get("address"))
    await host.reboot("lab")
    return {"rebooted": host.device.address}


async def _sleep(lab: Lab, request: Answer) -> Answer:
    host = lab.host(request.get("address"))
    host.device.power.sleep()
    return {"asleep": host.device.address}


async def _press(lab: Lab, request: Answer) -> Answer:
    host = lab.host(request.get("address"))
    keys = [str(key) for key in request.get("keys", ())]
    screen = press_all(host.device, keys)
    await host.settled()
    return {"screen": screen, "message": host.device.glass.state.notice}


async def _screen(lab: Lab, request: Answer) -> Answer:
    device = lab.host(request.get("address")).device
    view = look(aged(device.glass.state, device), device)
    picture = io.BytesIO()
    draw(view).save(picture, "PNG")
    return {"screen": view.name, "png": b64encode(picture.getvalue()).decode("ascii")}


async def _down(lab: Lab, _: Answer) -> Answer:
    lab.stop.set()
    return {"stopping": len(lab.hosts)}


def _errand(work: Errand) -> Callable[[Lab, Answer], Awaitable[Answer]]:
    async def command(lab: Lab, request: Answer) -> Answer:
        return await work(lab.host(request.get("address")).device, request)

    return command


COMMANDS: Mapping[str, Callable[[Lab, Answer], Awaitable[Answer]]] = {
    **{name: _errand(work) for name, work in ERRANDS.items()},
    "list": _list,
    "truth": _truth,
    "set": _set,
    "journal": _journal,
    "press": _press,
    "screen": _screen,
    "reboot": _reboot,
    "sleep": _sleep,
    "down": _down,
}


async def answer(lab: Lab, request: Answer) -> Answer:
    """Carry out one control request; a refusal is an answer with `error`."""
    command = COMMANDS.get(str(request.get("command")))
    if command is None:
        return {"error": f"unknown command {str(request.get('command'))[:40]!r}"}
    try:
        return await command(lab, request)
    except FrisketError as fault:
        return {"error": str(fault), "hint": fault.hint}


async def run_lab(
    plans: Sequence[Plan],
    content: Content,
    folder: Path | None,
    control: Path | None,
    ready: Callable[[Lab], None],
) -> None:
    """Start the fleet, call `ready`, serve the control socket until told to stop."""
    lab = Lab()
    await lab.start(plans, content, folder)

    async def reply(line: bytes) -> bytes:
        try:
            request = json.loads(line)
        except ValueError:
            return b'{"error": "not JSON"}'
        return json.dumps(await answer(lab, request)).encode()

    server = await serve_control(control, reply) if control else None
    ready(lab)
    try:
        await lab.stop.wait()
    finally:
        if server is not None:
            server.close()
        await lab.end()
