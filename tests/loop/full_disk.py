"""A virtual device whose disk is full for a while; a program, because the limit is a process's.

    python -m tests.loop.full_disk FOLDER

Prints what happened as JSON.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
from pathlib import Path
from typing import Any

from tests.lab import make_device, running_device
from tests.loop.test_mfd_bad_input import reads_http, reads_snmp
from tests.loop.test_mfd_lockout import by_ftp, by_remote_ui, by_webdav

from frisket.errors import FrisketError
from frisket.mfd.device import Device
from frisket.model.reading import Value

SETTINGS: dict[str, Value] = {
    "webdav.server.enabled": True,
    "webdav.server.authentication": "basic",
    "ftp.print.authentication": True,
    "ftp.print.user": "a",
    "ftp.print.password": "b",
}
NO_MORE = 64  # octets that a file may have


def limit(octets: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (octets, resource.RLIM_INFINITY))


async def send_job(device: Device) -> None:
    reader, writer = await asyncio.open_connection(device.address, 9100)
    writer.write(b"%!PS\nshowpage\n" * 2000)
    writer.write_eof()
    async with asyncio.timeout(10):
        await reader.read()
    writer.close()
    await device.jobs.settled()


async def main(folder: Path) -> dict[str, Any]:
    said: dict[str, Any] = {}
    async with running_device(settings=SETTINGS, folder=folder) as (device, host):
        device.jobs.pace = 0
        device.store.set("lpd.enabled", False, "test", "lab")
        limit(NO_MORE)
        for name, change in (
            ("set", lambda: device.store.set("raw.enabled", False, "test", "lab")),
            ("policy", lambda: device.policy.apply(device.store, ["SP-10"], {}, "test")),
        ):
            try:
                change()
            except FrisketError as fault:
                said[name] = str(fault)
        said["kept"] = device.store["raw.enabled"]
        said["ticked"] = device.policy.items
        doors = (by_remote_ui, by_webdav, by_ftp)
        said["entered"] = [await door(device, "Administrator", "wrong") for door in doors]
        await send_job(device)
        await host.reboot("test")
        said["up"] = [bool(await reads_http(device)), bool(await reads_snmp(device))]
        limit(resource.RLIM_INFINITY)
        device.store.set("mdns.ipv4.enabled", False, "test", "lab")
        await host.settled()
        said["faults"] = dict(host.faults)
        said["counts"] = dict(device.journal.counts)
    again = make_device(settings=SETTINGS, folder=folder)
    said["remembered"] = [again.store[f"{name}.enabled"] for name in ("lpd", "raw", "mdns.ipv4")]
    said["journal"] = dict(again.journal.counts)
    return said


if __name__ == "__main__":
    result = asyncio.run(main(Path(sys.argv[1])))
    sys.stdout.write(json.dumps(result))
