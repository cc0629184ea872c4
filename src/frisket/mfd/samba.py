"""A real Samba as a device's SMB server: started with the setting, ended with it.

Samba needs accounts of the operating system, so there is one: the user who runs the device, whom
SMB clients know as Administrator (with <Use SMB Authentication>) or as a guest.
"""

from __future__ import annotations

import asyncio
import getpass
import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from frisket.errors import BudgetSpent, LinkError
from frisket.mfd.device import Device
from frisket.mfd.users import ADMINISTRATOR
from frisket.model.target import Target
from frisket.net.budget import Budget, Limits
from frisket.net.dial import SocketDialer

SHARE = "share"
_PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
_SPELT = {
    "SMB1": "NT1",
    "SMB2.0.2": "SMB2_02",
    "SMB2.1": "SMB2_10",
    "SMB3.0": "SMB3_00",
    "SMB3.0.2": "SMB3_02",
    "SMB3.1.1": "SMB3_11",
}
_START_SECONDS = 20.0
_END_SECONDS = 3.0


def configure(
    device: Device, folder: Path, ports: Sequence[int], dialects: Sequence[str], owner: str
) -> str:
    """Return smb.conf for the device; `owner` is the account that files belong to."""
    store = device.store
    signed = "mandatory" if store.on("smb.server.require-signature") else "auto"
    encrypted = "required" if store.on("smb.server.require-encryption") else "default"
    asked = store.on("smb.server.authentication")
    settings = {
        # Without a mask Samba takes an address only as the operating system lists it.
        "interfaces": f"{device.address}/8",
        "bind interfaces only": "yes",
        "smb ports": " ".join(map(str, ports)),
        "disable netbios": "yes",
        "netbios name": device.plan.serial[:15],
        "server string": f"{device.personality.model}, virtual",
        "server min protocol": _SPELT[dialects[0]],
        "server max protocol": _SPELT[dialects[-1]],
        "server signing": signed,
        "smb encrypt": encrypted,
        "map to guest": "Never" if asked else "Bad User",
        "guest account": owner,
        "username map": str(folder / "users.map"),
        "passdb backend": f"smbpasswd:{folder / 'smbpasswd'}",
        "load printers": "no",
        "disable spoolss": "yes",
        "log file": str(folder / "log"),
        "max log size": "1000",
        "ncalrpc dir": str(folder / "rpc"),
    }
    for name in ("private dir", "lock directory", "state directory", "cache directory"):
        settings[name] = str(folder)
    settings["pid directory"] = str(folder)
    share = {
        "path": str(folder / SHARE),
        "read only": "no",
        "guest ok": "no" if asked else "yes",
        "force user": owner,
    }
    return "\n".join(
        f"[{section}]\n" + "".join(f"  {key} = {value}\n" for key, value in rows.items())
        for section, rows in (("global", settings), (SHARE, share))
    )


@dataclass(frozen=True, slots=True)
class Samba:
    """A running smbd; it leads a process group of its own, which ends with it."""

    process: subprocess.Popen[bytes]

    def close(self) -> None:
        """End smbd and the processes of its connections."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, number)
                self.process.wait(_END_SECONDS)
            except ProcessLookupError:
                self.process.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:
                continue
            break
        if self.process.stdin is not None:
            self.process.stdin.close()


def _find(program: str) -> str:
    found = shutil.which(program, path=_PATH)
    if found is None:
        raise LinkError(f"{program} is not installed", hint="apt-get install samba")
    return found


async def _register(folder: Path, owner: str, password: str) -> None:
    """Give the one account the Administrator's password."""
    process = await asyncio.create_subprocess_exec(
        *(_find("pdbedit"), "-s", str(folder / "smb.conf"), "-a", "-t", "-u", owner),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate(f"{password}\n{password}\n".encode())
    if process.returncode:
        raise LinkError(f"Samba took no password: {said.decode(errors='replace')[-200:].strip()}")


async def start_samba(device: Device, ports: Sequence[int], dialects: Sequence[str]) -> Samba:
    """Run smbd on the device's address and wait until it listens. Raises `LinkError`."""
    if not dialects:
        raise LinkError("this model has no SMB dialect that these settings allow")
    program = _find("smbd")
    # smbd puts sockets into its folder, and their names may have 108 octets only.
    folder = device.spool() / "samba"
    (folder / SHARE).mkdir(mode=0o700, parents=True, exist_ok=True)
    owner = getpass.getuser()
    settings = folder / "smb.conf"
    settings.write_text(configure(device, folder, ports, dialects, owner), encoding="utf-8")
    (folder / "users.map").write_text(f"{owner} = {ADMINISTRATOR}\n", encoding="utf-8")
    if device.store.on("smb.server.authentication"):
        await _register(folder, owner, device.store.text("admin.password"))
    # A pipe as standard input: smbd ends by itself when this process does, however it ends.
    process = subprocess.Popen(  # noqa: S603, ASYNC220 - found above; nothing is waited for
        [program, "-F", "--no-process-group", "-s", str(settings)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    samba = Samba(process)
    try:
        await _listening(device, ports[0], process)
    except BaseException:
        samba.close()
        raise
    return samba


async def _listening(device: Device, port: int, process: subprocess.Popen[bytes]) -> None:
    limits = Limits(packets_per_second=0, seconds=_START_SECONDS)
    dialer = SocketDialer(Target(device.address), Budget(limits))
    while process.poll() is None:
        try:
            (await dialer.tcp(port, 1.0)).close()
        except BudgetSpent:
            raise LinkError(f"smbd did not listen within {_START_SECONDS:.0f} s") from None
        except LinkError:
            await asyncio.sleep(0.05)
        else:
            return
    raise LinkError("smbd ended", hint=f"see {device.spool() / 'samba' / 'log'}")
