"""What is told is kept once with the state that causes it, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime

from frisket.store.alerting import Alerting, Notice, StoredState
from frisket.store.database import Database
from frisket.store.madereports import MadeReports

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_the_same_notice_is_kept_once(both: Database) -> None:
    store = Alerting(both)
    channel = store.add_channel("c", "mail", {}, "", NOW)
    rule = store.add_rule("r", {"signal": "supply"}, "ann", NOW)
    state = StoredState("device:1", 1, None, NOW, NOW, 1, 3.0, "toner")
    notice = Notice(rule, channel, "device:1", 1, "raised", 1, NOW, {"about": "toner"})
    for _ in range(2):
        store.keep(rule, [state], [notice])
    [number] = store.waiting(3)
    assert list(store.states(rule)) == [state]
    assert store.raised() == {rule: 1}
    for _ in range(3):
        store.failed(number, "it is away")
    assert store.waiting(3) == []
    assert store.waiting(4) == [number]
    store.delivered(number, NOW)
    assert store.waiting(9) == []
    assert store.told([2]) == []
    assert [row.delivered for row in store.told([1])] == [NOW]
    store.drop_rule(rule)
    assert store.states(rule) == []


def test_a_report_is_kept_and_forgotten(both: Database) -> None:
    store = MadeReports(both)
    number = store.ask("orders", "csv", "orders", {"within": 3}, None, by="ann", now=NOW)
    store.keep(number, [b"a,", b"b"], NOW)
    assert b"".join(store.octets(number)) == b"a,b"
    row = store.one(number)
    assert row is not None
    assert (row.sites, row.wanted, row.made) == (None, {"within": 3}, NOW)
    assert store.forget(NOW) == 0
    assert store.forget(NOW.replace(year=2027)) == 1
    assert store.one(number) is None
