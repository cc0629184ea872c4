"""`frisket mfd`: one virtual MFD in the foreground."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from frisket.audit.load import load_content
from frisket.cli.support.shown import print_table, say
from frisket.errors import FrisketError, UsageError
from frisket.mfd.device import Device, Plan, Surroundings, build_device
from frisket.mfd.host import Host
from frisket.mfd.personality import load_personalities, personality
from frisket.net.listen import is_address, is_loopback, may_bind_low_ports

app = App(name="mfd", help="Run one virtual MFD, to practise on.")

_SHIFT = 20_000


async def _serve(device: Device) -> None:
    host = Host(device)
    await host.start()
    try:
        host.check_address()
    except FrisketError:
        await host.stop()
        raise
    rows = [[name, str(port)] for name, port in host.ports().items()]
    print_table(["service", "port"], rows)
    sys.stdout.flush()
    for where, why in host.faults.items():
        say(f"not served: {where}: {why}")
    say(f"{device.personality.model} is up at {device.address}; end it with Ctrl-C")
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await stop.wait()
    await host.stop()


@app.default
def mfd(
    *,
    personality_name: Annotated[str, Parameter(name="--personality")] = "iradv-c5535",
    address: str = "127.0.1.1",
    state_dir: Path | None = None,
    serial: str = "VMF00001",
    expose: bool = False,
    list_personalities: Annotated[bool, Parameter(name="--list")] = False,
) -> int:
    """Run one virtual MFD until interrupted.

    It is a practice device: weak by design from its factory settings, so it listens on this
    machine only, unless told otherwise.

    Parameters
    ----------
    personality_name
        The model; see --list.
    address
        Where it listens.
    state_dir
        Keep its settings, logs and jobs here; without it everything is forgotten at the end.
    serial
        Its serial number.
    expose
        Allow an address that others can reach.
    list_personalities
        List the models and stop.
    """
    if list_personalities:
        rows = [[name, p.model, p.about] for name, p in load_personalities().items()]
        print_table(["personality", "model", "about"], rows)
        return 0
    if not is_address(address):
        raise UsageError(f"{address[:60]!r} is no IP address", hint="such as 127.0.1.1")
    if not is_loopback(address):
        if not expose:
            hint = "add --expose if the network around it is yours and closed"
            raise UsageError(f"{address} is not on this machine only", hint=hint)
        say(f"warning: a deliberately weak virtual printer is reachable at {address}")
    shift = 0 if may_bind_low_ports() else _SHIFT
    if shift:
        say(f"no rights for ports below 1024: they are moved up by {shift}")
    plan = Plan(
        address=address, serial=serial, personality=personality(personality_name), shift=shift
    )
    around = Surroundings(content=load_content(), folder=state_dir)
    asyncio.run(_serve(build_device(plan, around)))
    return 0
