"""Keeps a device's open ports equal to what its settings say."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from frisket.errors import FrisketError, LinkError
from frisket.mfd.auditlog import LogKind
from frisket.mfd.device import Device
from frisket.mfd.filter import admits
from frisket.mfd.service import BACKGROUND, Open, Port, Service, find_services

RESTART_SECONDS = 0.5  # what a requested restart leaves for the present answer


@dataclass(slots=True)
class Host:
    """Runs one device: opens, closes and reopens ports as settings take effect."""

    device: Device
    services: Sequence[Service] = field(default_factory=find_services)
    faults: dict[str, str] = field(default_factory=dict)
    _open: dict[tuple[str, Port], Open] = field(default_factory=dict)
    _stale: set[str] = field(default_factory=set)
    _dirty: bool = False
    _syncing: asyncio.Task[None] | None = None
    _stopped: bool = False
    _restarting: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Open everything that the settings ask for."""
        self.device.store.watch(self._changed)
        self.device.actions.restart = self.restart
        self.device.log.add(LogKind.MACHINE_MANAGEMENT, "-", "Start")
        self._dirty = True
        await self._sync()
        self.device.jobs.start()

    def _changed(self, key: str) -> None:
        for service in self.services:
            if any(key.startswith(prefix) for prefix in service.reopen_on):
                self._stale.add(service.name)
        self._dirty = True
        if self._syncing is None and not self._stopped:
            self._syncing = asyncio.get_running_loop().create_task(self._sync())

    async def settled(self) -> None:
        """Wait until the open ports equal the settings."""
        while self._syncing is not None:
            await asyncio.shield(self._syncing)

    async def _sync(self) -> None:
        # Settings may change while a port is being opened: repeat until nothing is left to do.
        while self._dirty and not self._stopped:
            self._dirty = False
            wanted = {
                (service.name, port): service
                for service in self.services
                for port in service.ports(self.device)
                if port == BACKGROUND or admits(self.device)
            }
            for spot in [s for s in self._open if s not in wanted or s[0] in self._stale]:
                self._open.pop(spot).close()
            self._stale.clear()
            for spot, service in wanted.items():
                if spot not in self._open:
                    await self._start(spot, service)
        self._syncing = None

    async def _start(self, spot: tuple[str, Port], service: Service) -> None:
        name, port = spot
        where = f"{name} {port.number}/{port.transport}"
        try:
            self._open[spot] = await service.open_port(self.device, port)
        except FrisketError as fault:
            # The device stays up without this port; `lab list` shows why.
            self.faults[where] = str(fault)
        else:
            self.faults.pop(where, None)

    def check_address(self) -> None:
        """Raise `LinkError` where more ports could not be opened than could.

        A few ports may belong to others; an address that mostly does is no place for a device.
        """
        if len(self.faults) > len(self.ports()):
            why = next(iter(self.faults.values()))
            hint = "another virtual device or lab may be running there: end it first"
            raise LinkError(f"no virtual device can run at {self.device.address}: {why}", hint=hint)

    def ports(self) -> dict[str, int]:
        """Return service -> the real port it listens on, as the inventory lists them."""
        listed: dict[str, int] = {}
        spots = (spot for spot in self._open if spot[1] != BACKGROUND)
        for name, port in sorted(spots, key=lambda spot: (spot[0], spot[1].number)):
            label = name if name not in listed else f"{name}-{port.number}"
            listed[label] = self.device.port(port.number)
        return listed

    def restart(self, actor: str) -> None:
        """Reboot soon, once: the one who asked still gets an answer."""
        if self._restarting is None and not self._stopped:
            self.device.power.busy = True
            self._restarting = asyncio.get_running_loop().create_task(self._restart(actor))

    async def _restart(self, actor: str) -> None:
        try:
            await asyncio.sleep(RESTART_SECONDS)
            await self.reboot(actor)
        finally:
            self.device.power.busy = False
            self._restarting = None

    async def reboot(self, actor: str) -> None:
        """Restart the device: everything closes, pending settings take effect, all opens again."""
        self.device.log.add(LogKind.MACHINE_MANAGEMENT, actor, "Shut Down")
        self.device.journal.add("reboots", actor)
        self._close_all()
        self.device.jobs.close()
        self.device.sessions.clear()
        self.device.glass.clear()
        self.device.remembered.forget()
        self.device.store.apply_pending()
        self.device.log.add(LogKind.MACHINE_MANAGEMENT, "-", "Start")
        await self.settled()
        self._dirty = True
        await self._sync()
        self.device.jobs.start()

    def _close_all(self) -> None:
        for port in self._open.values():
            port.close()
        self._open.clear()

    async def stop(self) -> None:
        """Close everything."""
        self._stopped = True
        if self._restarting is not None:
            self._restarting.cancel()
        await self.settled()
        self.device.glass.stop()
        self._close_all()
        self.device.jobs.close()
