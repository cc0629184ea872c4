"""Writes PJL variables: their defaults, which the printer keeps. Never a job."""

from __future__ import annotations

from dataclasses import dataclass

from frisket.drivers.access.pjl import PjlReader, open_pjl, shown
from frisket.drivers.access.snmp import Around
from frisket.drivers.base import Pin, Settings
from frisket.drivers.credential import Login
from frisket.errors import FrisketError, SettingRefused
from frisket.net.dial import Dialer
from frisket.proto.pjl.wire import Command, Option


@dataclass(slots=True)
class PjlHand(PjlReader):
    """Reads and writes one printer by PJL. Opened by `open_pjl_hand`."""

    async def write(self, values: Settings) -> None:
        """Set the defaults of all variables in one dialogue; a printer does not say what it took.

        Raises `SettingRefused` for what cannot be said in PJL.
        """
        if frozen := self.frozen(values):
            raise SettingRefused("; ".join(f"{key}: {why}" for key, why in frozen.items()))
        rows = self.table.key
        commands = [
            Command("DEFAULT", (Option(rows[key].variable, shown(rows[key], value)),))
            for key, value in values.items()
        ]
        await self.conversation.ask(commands)

    async def pending(self) -> int:
        """Return 0: a default is in effect from the next job on."""
        return 0

    async def restart(self) -> None:
        """Refuse: nothing set by PJL waits for a restart."""
        raise SettingRefused("a printer is not restarted by PJL")


async def open_pjl_hand(
    dialer: Dialer, login: Login, expected: Pin, around: Around, seen: Pin
) -> PjlHand:
    """Open a printer to change it. Raises as `open_pjl`, and where nothing tells who it is."""
    r = await open_pjl(dialer, login, expected, around, seen)
    if r.pin == Pin():
        raise FrisketError("nothing tells this printer from another: it is not changed")
    return PjlHand(r.conversation, r.driver, r.table, r.around, r.pin, r.descr)
