"""Nothing outside a site's written scope is asked: judged at this process's own sockets."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from tests.living import Living, living
from tests.loop.test_fleet_changes import SOURCE, Fleet, database, fleet_of

from frisket.fleet.change_crew import ChangeCrew
from frisket.fleet.polling import Polling
from frisket.store.changes import Changes
from frisket.store.database import Database
from frisket.store.inventory import Inventory

pytestmark = [
    pytest.mark.xdist_group("jobs"),
    pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning"),
]
__all__ = ["database"]


@dataclass
class Journal:
    """Whom this process's sockets were turned to, while it is open."""

    open: bool = False
    deaf: int = 0  # the thread of the virtual devices, which answer and announce themselves
    met: set[str] = field(default_factory=set)

    def hear(self, event: str, given: tuple[Any, ...]) -> None:
        """Note the address of a connection or a datagram; what is no address is none."""
        if not self.open or event not in {"socket.connect", "socket.sendto", "socket.sendmsg"}:
            return
        if threading.get_ident() == self.deaf:
            return
        to = given[1]
        if isinstance(to, tuple) and to and isinstance(to[0], str):
            self.met.add(to[0])


JOURNAL = Journal()


@contextmanager
def heard(lab: Living) -> Iterator[set[str]]:
    """Yield every address that is turned to in the block, by whatever part of the program."""

    async def ident() -> int:
        return threading.get_ident()

    assert lab.loop is not None
    JOURNAL.deaf = asyncio.run_coroutine_threadsafe(ident(), lab.loop).result(10)
    if not hasattr(sys, "_frisket_heard"):
        sys.addaudithook(JOURNAL.hear)  # for good: there is no way to take one off
        sys._frisket_heard = True  # type: ignore[attr-defined]
    JOURNAL.met = set()
    JOURNAL.open = True
    try:
        yield JOURNAL.met
    finally:
        JOURNAL.open = False


def narrowed(fleet: Fleet, scope: list[str]) -> None:
    """Let a site's scope be narrower than it was when its devices were found."""
    Inventory(fleet.database).change_site(fleet.site, {"scope": scope})


@pytest.mark.nightly
@pytest.mark.timeout(300)
def test_no_socket_is_turned_to_what_is_out_of_scope(database: Database, tmp_path: Path) -> None:
    with living(2) as lab:
        inside, outside = lab.devices
        fleet = fleet_of(database, tmp_path, lab.devices)
        crew, hands = fleet.crew, ChangeCrew(fleet.crew)
        number = fleet.changing.make(SOURCE, {"ids": fleet.ids}, [fleet.site], "ann")
        with heard(lab) as met:
            hands.planning.plan(number, fleet.ids)
        assert {inside.address, outside.address} <= met, "the journal hears all of it"
        later = fleet.changing.make(SOURCE, {"ids": fleet.ids[1:]}, [fleet.site], "ann")
        hands.planning.plan(later, fleet.ids[1:])
        fleet.changing.planned(later)
        fleet.changing.begin(later, "ann")
        narrowed(fleet, [f"{inside.address}/32"])
        with heard(lab) as met:
            [addresses] = crew.sweeps("Lab")
            crew.sweep("Lab", [*addresses, outside.address])
            told = crew.audit("small-office", fleet.ids)
            Polling(crew).poll("Lab", fleet.ids)
            hands.planning.plan(number, fleet.ids)
            hands.looking.look(number, fleet.ids, False)
            carried = hands.carry_out(later, fleet.ids[1], False)
        assert told["judged"] == 1
        assert carried == {"busy": False}
        asked = {one for one in met if not ip_address(one).is_multicast}
        assert asked == {inside.address}
        [row] = Changes(database).devices(later)
        assert "scope" in row.why
        assert outside.journal.writes == {}


def test_a_retired_device_is_asked_nothing_and_a_new_one_is_shown_no_login(
    database: Database, tmp_path: Path
) -> None:
    with living(2) as lab:
        new = lab.devices[1]
        fleet = fleet_of(database, tmp_path, lab.devices)
        inventory = Inventory(database)
        inventory.change_state(fleet.ids[:1], "retired")
        inventory.change_state(fleet.ids[1:], "new")
        crew, hands = fleet.crew, ChangeCrew(fleet.crew)
        number = fleet.changing.make(SOURCE, {"ids": fleet.ids}, [fleet.site], "ann")
        begun = datetime.now(UTC)
        before = [dict(device.journal.counts) for device in lab.devices]
        with heard(lab) as met:
            told = crew.audit("small-office", fleet.ids)
            Polling(crew).poll("Lab", fleet.ids)
            hands.planning.plan(number, fleet.ids)
        assert told["judged"] == 1
        assert {one for one in met if not ip_address(one).is_multicast} == {new.address}
        [row] = Changes(database).devices(number)
        assert (row.device_id, row.settings) == (fleet.ids[1], 0)
        assert "no login" in row.why or "no credential" in row.why
        for device, counts in zip(lab.devices, before, strict=True):
            assert device.journal.counts["failed_logins"] == counts["failed_logins"]
        assert inventory.device(fleet.ids[0]).last_seen < begun  # type: ignore[union-attr]
        # Managed, it is logged in to.
        inventory.change_state(fleet.ids[1:], "managed")
        hands.planning.plan(number, fleet.ids)
        [row] = Changes(database).devices(number)
        assert row.settings > 5
