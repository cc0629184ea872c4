"""The demo's console: a data folder that knows the virtual fleet, served beside it."""

from __future__ import annotations

import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from frisket.cli.support.session import now
from frisket.errors import FrisketError
from frisket.model.target import Identity, Target

SITE = "Virtual fleet"
_PATIENCE = 40.0


def fill(folder: Path, targets: Sequence[Target]) -> None:
    """Make a data folder whose one site is the virtual fleet, audited and polled by schedule."""
    from frisket.console.build import open_data
    from frisket.fleet.inventory import Sighting, take_in
    from frisket.fleet.schedule import Task
    from frisket.store.inventory import Inventory
    from frisket.store.schedules import Schedules

    database = open_data(folder)
    try:
        inventory, schedules = Inventory(database), Schedules(database)
        scope = [f"{target.address}/32" for target in targets]
        site = inventory.add_site(SITE, scope, now())
        limits = {"packets_per_second": 0, "parallel": 20}
        inventory.change_site(site, {"limits": limits})
        for target in targets:
            met = take_in(inventory, site, Sighting(target.address, Identity()), now())
            ports = {str(k): v for k, v in target.ports.items() if k != v}
            inventory.change_device(met.device_id, {"ports": ports})
            inventory.change_state([met.device_id], "managed")
        baselines = ["small-office", "enterprise"]
        schedules.save(site, Task.AUDIT, {"every": 3600, "baselines": baselines})
        schedules.save(site, Task.POLL, {"every": 300})
    finally:
        database.close()


def start(folder: Path, port: int) -> subprocess.Popen[str]:
    """Start the console of a data folder; its link for the first account goes to the terminal.

    Raises `FrisketError` where it does not answer in time.
    """
    command = [sys.executable, "-m", "frisket.cli", "serve", "--data", str(folder)]
    server = subprocess.Popen([*command, "--port", str(port)], text=True)  # noqa: S603 - ours
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2):
                return server
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    server.terminate()
    raise FrisketError("the console does not start; what it said stands above")


def stop(server: subprocess.Popen[str]) -> None:
    """End the console and wait for it."""
    server.terminate()
    try:
        server.wait(20)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
