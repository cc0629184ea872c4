"""Changes, accepted states and sealed logins, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from frisket.catalog.load import load_catalog
from frisket.drivers.base import Pin
from frisket.ledger import LedgerFault
from frisket.store.changes import Changes, Planned, StoredRows, find_change
from frisket.store.database import Database
from frisket.store.drifts import Accepted, Drifts
from frisket.store.inventory import Inventory, put_device
from frisket.store.logins import StoredLogin, StoredLogins
from frisket.store.work import Work

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ROW = {"what": "intent", "device": "x", "values": {"snmp.v1.enabled": [True, False]}}


def test_what_is_written_is_read_back(both: Database) -> None:
    both.upgrade()
    site = Inventory(both).add_site("Here", [], NOON)
    with both.write() as connection:
        device = put_device(connection, None, {"site_id": site, "key": "k"}, NOON)
    changes = Changes(both)
    number = changes.add(
        {
            "title": "t",
            "source": {},
            "condition": {},
            "sites": [site],
            "state": "planned",
            "made": NOON,
            "made_by": "ann",
            "accepted": {},
        }
    )
    changes.put_plans(number, [Planned(device, "10.0.0.1", "m", b"plan", 3)])
    changes.put_plans(number, [Planned(device, "10.0.0.1", "m", b"plan2", 4)])
    [row] = changes.devices(number)
    assert (row.settings, row.step, row.site) == (4, "waiting", "Here")
    assert [one.plan for one in changes.plans(number)] == [b"plan2"]
    with both.write() as connection:
        assert find_change(connection, number, lock=True) is not None
    work = Work(both)
    fence = work.take_lease("device:1", "me", 60)
    assert fence is not None
    rows = StoredRows(both, number, device, False, "device:1", fence)
    rows.append(ROW, {"what": "restart", "device": "x"})
    work.give_back("device:1", fence)
    assert work.take_lease("device:1", "another", 60) == fence + 1
    with pytest.raises(LedgerFault):
        rows.append(ROW)
    assert changes.records(number, device, undoing=False)[0] == ROW
    assert len(changes.done_to(device, NOON)) == 2
    drifts, catalog = Drifts(both), load_catalog()
    drifts.accept(device, Accepted({"snmp.v1.enabled": True, "gone": 1}, "v1", NOON, "ann"))
    accepted = drifts.accepted(device, catalog)
    assert accepted is not None
    assert accepted.values == {"snmp.v1.enabled": True}
    drift = {"id": 0, "key": "k", "was": "a", "now": "b", "since": NOON, "seen": NOON}
    drifts.keep(device, [{**drift, "cause": "unknown", "explained": "", "state": "open"}])
    assert drifts.counts([site]) == {"unknown": 1}
    [kept] = drifts.open()
    drifts.settle(kept.id, "waived", "ann")
    assert drifts.open() == []
    logins = StoredLogins(both)
    logins.add_key("key", b"p", NOON)
    logins.put(StoredLogin("", ("SNMPv3",), "key", b"d", b"s", NOON, "ann"))
    assert logins.rewrap(lambda row: {"data_key": row.data_key + b"!"}) == 1
    assert logins.all()[0].data_key == b"d!"
    logins.pin(device, Pin(serial="S1"), NOON)
    logins.pin(device, Pin(serial="S2"), NOON)
    assert logins.pins([device]) == {device: Pin(serial="S2")}
