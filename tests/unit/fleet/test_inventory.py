"""The inventory: sightings become devices, and devices stay who they are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tests.peers.postgres import both, postgres

from frisket.errors import UsageError
from frisket.fleet.inventory import Sighting, check_scope, in_scope, take_in
from frisket.model.target import Identity
from frisket.store.database import Database
from frisket.store.inventory import Inventory

__all__ = ["both", "postgres"]
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(days=1)
CANON = Identity(
    "Canon", "iR-ADV C5560", "XTG01234", "00:1e:8f:11:22:33", "v61.05", "print1", "Hall"
)


@pytest.fixture
def inventory(both: Database) -> Inventory:
    return Inventory(both)


def test_a_device_is_kept_when_it_moves(inventory: Inventory) -> None:
    site = inventory.add_site("Head office", ["10.0.0.0/24"], NOON)
    first = take_in(inventory, site, Sighting("10.0.0.5", CANON), NOON)
    second = take_in(inventory, site, Sighting("10.0.0.9", CANON), LATER)
    assert first.new
    assert (second.new, second.device_id, second.resolution.moved) == (False, first.device_id, True)
    assert [(a.address, a.first) for a in inventory.addresses(first.device_id)] == [
        ("10.0.0.9", LATER),
        ("10.0.0.5", NOON),
    ]
    row = inventory.device(first.device_id)
    assert row is not None
    assert (row.address, row.first_seen, row.last_seen, row.site) == (
        "10.0.0.9",
        NOON,
        LATER,
        "Head office",
    )


def test_another_device_at_an_address_raises_one_alarm(inventory: Inventory) -> None:
    site = inventory.add_site("Head office", ["10.0.0.0/24"], NOON)
    old = take_in(inventory, site, Sighting("10.0.0.5", CANON), NOON)
    other = Identity("HP", "E52645", "PHB1234")
    for _ in range(2):
        new = take_in(inventory, site, Sighting("10.0.0.5", other), LATER)
    assert new.device_id != old.device_id
    alarms = inventory.alarms(old.device_id)
    assert [alarm.kind for alarm in alarms] == ["another device at this address"]
    gone = inventory.device(old.device_id)
    assert gone is not None
    assert (gone.address, gone.last_seen) == ("", NOON)
    assert inventory.clear_alarm(alarms[0].id, "ann", LATER)
    assert not inventory.clear_alarm(alarms[0].id, "ann", LATER)
    assert inventory.alarms() == []


def test_what_a_device_does_not_say_again_is_kept(inventory: Inventory) -> None:
    site = inventory.add_site("Head office", ["10.0.0.0/24"], NOON)
    one = take_in(inventory, site, Sighting("10.0.0.5", CANON), NOON)
    take_in(inventory, site, Sighting("10.0.0.5", Identity(serial="XTG01234")), LATER)
    row = inventory.device(one.device_id)
    assert row is not None
    assert (row.model, row.location) == ("iR-ADV C5560", "Hall")


def test_a_lying_device_fills_no_column(inventory: Inventory) -> None:
    site = inventory.add_site("Head office", ["10.0.0.0/24"], NOON)
    liar = Identity(*("x\x00" + "y" * 70000 for _ in range(7)))
    one = take_in(inventory, site, Sighting("10.0.0.5", liar, "e" * 9000, "t" * 9000), NOON)
    row = inventory.device(one.device_id)
    assert row is not None
    assert len(row.location) <= 300
    assert "\x00" not in row.name + row.model + row.serial


def test_the_same_serial_at_another_site_is_another_device(inventory: Inventory) -> None:
    here = inventory.add_site("A", [], NOON)
    there = inventory.add_site("B", [], NOON)
    one = take_in(inventory, here, Sighting("10.0.0.5", CANON), NOON)
    two = take_in(inventory, there, Sighting("10.0.0.5", CANON), NOON)
    assert one.device_id != two.device_id


def test_tags_and_groups(inventory: Inventory) -> None:
    site = inventory.add_site("A", [], NOON)
    one = take_in(inventory, site, Sighting("10.0.0.5", CANON), NOON).device_id
    inventory.tag([one], "colour")
    inventory.tag([one], "colour")
    assert inventory.tags(one) == ["colour"]
    inventory.untag([one], "colour")
    assert inventory.tags(one) == []
    assert inventory.save_group("Halls", {"q": "Hall"}, "ann", NOON)
    # What a group means never changes: others rely on it.
    assert not inventory.save_group("Halls", {"q": "Hall 2"}, "eve", LATER)
    assert [(g.name, g.condition, g.made_by) for g in inventory.groups()] == [
        ("Halls", {"q": "Hall"}, "ann")
    ]
    assert inventory.drop_group("Halls")


def test_scope() -> None:
    assert in_scope("10.0.0.5", ["10.0.0.0/24"])
    assert not in_scope("10.0.1.5", ["10.0.0.0/24"])
    assert not in_scope("printer.example", ["0.0.0.0/0"])
    assert check_scope(["10.0.0.7/24", "10.0.0.0/24"]) == ("10.0.0.0/24",)
    with pytest.raises(UsageError):
        check_scope(["everything"])
