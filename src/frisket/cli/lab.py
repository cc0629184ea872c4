"""`frisket lab`: a fleet of virtual devices to try everything on."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import subprocess
import sys
import time
from base64 import b64decode
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from frisket.audit.load import load_content
from frisket.catalog.setting import show
from frisket.cli.support.errands import add_errands
from frisket.cli.support.labs import ask, fresh_folder, lab_folder, remove_folder, sockets
from frisket.cli.support.progress import progress
from frisket.cli.support.shown import TableOrJson, print_json, print_table, say
from frisket.errors import FrisketError, UsageError
from frisket.mfd.fleet import plan_fleet
from frisket.mfd.lab import Lab, run_lab
from frisket.net.listen import may_bind_low_ports

app = App(name="lab", help="Run a fleet of virtual devices to try everything on.")

add_errands(app)

State = Literal["factory", "small-office", "enterprise", "mixed"]
Folder = Annotated[Path | None, Parameter(name="--state-dir")]

# Sockets that one full device may hold, and how far ports move for want of rights.
_SOCKETS = 19
_SHIFT = 20_000
_START_SECONDS = 300.0


def _shards(devices: int) -> int:
    """Return how many processes the open-file limit asks for."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    room = max(1, (min(hard, 1_000_000) - 200) // _SOCKETS)
    return -(-devices // room)


@app.command
def up(
    *,
    devices: int = 8,
    state: State = "mixed",
    seed: int = 1,
    state_dir: Folder = None,
    quiet: Annotated[bool, Parameter(alias="-q")] = False,
) -> int:
    """Start the fleet in the background; returns when every device answers.

    Parameters
    ----------
    devices
        How many.
    state
        How they are set up: as from the factory, by a baseline, or mixed with some spoiled.
    seed
        The same number gives the same fleet.
    state_dir
        Where the lab keeps its state.
    quiet
        Print nothing.
    """
    folder = lab_folder(state_dir)
    if sockets(folder):
        raise UsageError("a lab is already running here", hint="end it with: frisket lab down")
    plan_fleet(devices, state, seed, load_content())
    fresh_folder(folder)
    shards = _shards(devices)
    running = [
        subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [
                *(sys.executable, "-m", "frisket.cli", "lab", "run", "--state-dir", str(folder)),
                *("--devices", str(devices), "--state", state, "--seed", str(seed)),
                *("--shard", str(shard), "--shards", str(shards)),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=(folder / f"lab-{shard}.log").open("wb"),
            start_new_session=True,
        )
        for shard in range(shards)
    ]
    _wait_until_up(folder, running, devices, quiet=quiet)
    if not quiet:
        say(f"{devices} virtual devices are up; see: frisket lab list")
    return 0


def _reason(log: str) -> str:
    """Return what a process said last, without the hint below it."""
    lines = [line for line in log.splitlines() if line and not line.startswith("  ")]
    return lines[-1].removeprefix("frisket: ") if lines else "no reason was given"


def _wait_until_up(
    folder: Path, running: list[subprocess.Popen[bytes]], devices: int, *, quiet: bool
) -> None:
    deadline = time.monotonic() + _START_SECONDS
    with progress("starting devices", devices, quiet=quiet) as tick:
        while len(list(folder.glob("ready-*"))) < len(running):
            dead = [n for n, process in enumerate(running) if process.poll() is not None]
            if dead or time.monotonic() > deadline:
                for process in running:
                    process.terminate()
                log = (folder / f"lab-{dead[0] if dead else 0}.log").read_text(errors="replace")
                reason = _reason(log)
                remove_folder(folder)
                raise FrisketError(f"the lab did not start: {reason}")
            time.sleep(0.05)
        tick(devices)


@app.command(show=False)
def run(
    *,
    devices: int,
    state: State,
    seed: int,
    state_dir: Annotated[Path, Parameter(name="--state-dir")],
    shard: int = 0,
    shards: int = 1,
) -> int:
    """Serve the fleet, or one part of it, in the foreground."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    content = load_content()
    shift = 0 if may_bind_low_ports() else _SHIFT
    plans = plan_fleet(devices, state, seed, content, shift)[shard::shards]

    def ready(_: Lab) -> None:
        (state_dir / f"ready-{shard}").touch()

    control = state_dir / f"control-{shard}.sock"
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run_lab(plans, content, state_dir / "devices", control, ready))
    control.unlink(missing_ok=True)
    return 0


@app.command(name="list")
def list_devices(
    *,
    format: Annotated[TableOrJson, Parameter(alias="-f")] = "table",  # noqa: A002
    state_dir: Folder = None,
) -> int:
    """List the devices with their addresses and ports."""
    answer = ask(lab_folder(state_dir), {"command": "list"})
    if format == "json":
        print_json(answer)
        return 0
    rows = [
        [
            device["address"],
            device["name"],
            device["model"],
            device["serial"],
            device["state"],
            " ".join(f"{name}:{port}" for name, port in device["ports"].items()),
        ]
        for device in answer["devices"]
    ]
    print_table(["address", "name", "model", "serial", "state", "ports"], rows)
    for device in answer["devices"]:
        for where, why in device["faults"].items():
            say(f"{device['address']}: {where}: {why}")
    return 0


@app.command
def truth(
    address: str,
    *,
    format: Annotated[TableOrJson, Parameter(alias="-f")] = "table",  # noqa: A002
    state_dir: Folder = None,
) -> int:
    """Show every setting's real value, straight from the device's store."""
    answer = ask(lab_folder(state_dir), {"command": "truth", "address": address})
    if format == "json":
        print_json(answer)
    else:
        rows = [
            [key, show(tuple(value) if isinstance(value, list) else value)]
            for key, value in answer["values"].items()
        ]
        print_table(["key", "value"], rows)
    return 0


@app.command(name="set")
def set_values(address: str, *pairs: str, state_dir: Folder = None) -> int:
    """Set keys as someone at the panel would: KEY=VALUE."""
    values = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise UsageError(f"{pair[:60]!r} is not KEY=VALUE")
        values[key] = value
    request = {"command": "set", "address": address, "values": values}
    changed = ask(lab_folder(state_dir), request)["changed"]
    say(f"{address}: {', '.join(changed) if changed else 'nothing'} changed")
    return 0


@app.command
def journal(
    address: str,
    *,
    format: Annotated[TableOrJson, Parameter(alias="-f")] = "table",  # noqa: A002
    state_dir: Folder = None,
) -> int:
    """Show what really happened to a device: sheets, print-port bytes, logins, writes, wakes."""
    answer = ask(lab_folder(state_dir), {"command": "journal", "address": address})
    if format == "json":
        print_json(answer)
    else:
        print_table(["what", "count"], [[k, str(v)] for k, v in answer["counts"].items()])
        entries = [[e["at"], e["what"], e["about"]] for e in answer["entries"][-20:]]
        if entries:
            print_table(["when", "what", "about"], entries)
    return 0


@app.command
def press(address: str, *keys: str, state_dir: Folder = None) -> int:
    """Press keys on a device's panel; prints the name of the screen that is shown then.

    Parameters
    ----------
    address
        The device.
    keys
        start, stop, id, counter, reset, sleep, home, enter, X,Y to touch a place, or type:TEXT.
    state_dir
        Where the lab keeps its state.
    """
    if not keys:
        raise UsageError("no key was named")
    request = {"command": "press", "address": address, "keys": list(keys)}
    answer = ask(lab_folder(state_dir), request)
    if answer["message"]:
        say(f"{address}: {answer['message']}")
    sys.stdout.write(f"{answer['screen']}\n")
    return 0


@app.command
def screen(
    address: str, *, out: Annotated[Path, Parameter(alias="-o")], state_dir: Folder = None
) -> int:
    """Save what a device's panel shows as a PNG picture.

    Parameters
    ----------
    address
        The device.
    out
        The file to write.
    state_dir
        Where the lab keeps its state.
    """
    answer = ask(lab_folder(state_dir), {"command": "screen", "address": address})
    try:
        out.write_bytes(b64decode(answer["png"]))
    except OSError as fault:
        raise UsageError(f"{out} cannot be written: {fault.strerror}") from fault
    return 0


@app.command
def reboot(address: str, *, state_dir: Folder = None) -> int:
    """Restart a device; settings that wait for it take effect."""
    ask(lab_folder(state_dir), {"command": "reboot", "address": address})
    return 0


@app.command
def down(*, state_dir: Folder = None) -> int:
    """Stop the fleet and leave nothing behind."""
    folder = lab_folder(state_dir)
    found = sockets(folder)
    for path in found:
        # A lab that has crashed leaves its socket; its folder goes all the same.
        with contextlib.suppress(FrisketError):
            ask(folder, {"command": "down"})
        deadline = time.monotonic() + 30
        while path.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
            if not _alive(folder):
                break
    remove_folder(folder)
    say("the lab is down" if found else "no lab was running")
    return 0


def _alive(folder: Path) -> bool:
    try:
        ask(folder, {"command": "list"})
    except FrisketError:
        return False
    return True
