"""Device tables: what they may say, and whose device it is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.unit.drivers.states import CATALOG, VIRTUAL

from frisket.drivers.base import Pin
from frisket.drivers.load import choose, load_drivers, parse_driver
from frisket.drivers.pins import Pins
from frisket.errors import ContentError

BARE: dict[str, Any] = {
    "name": "x",
    "about": "y",
    "describes": "^Z",
    "accesses": ["snmp-v3"],
    "way": [{"name": "w", "access": "snmp-v3", "always": True}],
    "snmp": {"serial": "1.3.6.1.2", "key": {"device.location": {"oid": "1.3.6.1.2.1.1.6.0"}}},
}


def test_the_packaged_tables_are_sound() -> None:
    assert "virtual-mfd" in [driver.name for driver in load_drivers()]
    for driver in load_drivers():
        assert driver.about
        assert driver.accesses


def test_a_key_has_a_variable_of_its_own_or_one_by_pattern() -> None:
    bare = parse_driver("a/b", BARE, CATALOG)
    assert bare.snmp.oid("device.location") == (1, 3, 6, 1, 2, 1, 1, 6, 0)
    assert bare.snmp.oid("snmp.v1.enabled") == ()
    by_pattern = VIRTUAL.snmp.oid("slp.scope")
    assert by_pattern[-9:] == tuple(b"slp.scope")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"strange": 1}, "strange"),
        ({"describes": "("}, "pattern is not sound"),
        ({"proof": ["1.x"]}, "devices/a/b.toml"),
        ({"snmp": {"serial": "1.3", "key": {"no.such": {"oid": "1.3"}}}}, "unknown key no.such"),
        ({"snmp": {"serial": "1.3", "login": {"snmp.v1.enabled": "shoe"}}}, "shoe"),
        ({"way": [{"name": "w", "when": {}}]}, "names the settings"),
        ({"way": []}, "no way uses the access snmp-v3"),
        ({"accesses": ["telepathy"]}, "unknown access telepathy"),
        ({"accesses": ["snmp-v3", "remote-ui"]}, "no way uses the access remote-ui"),
        ({"way": [{"name": "w", "access": "ipp", "always": True}]}, "the driver has not"),
        ({"snmp": {"key": {"device.location": {}}}}, "has an oid, or column"),
        ({"snmp": {"key": {"ipp.enabled": {"oid": "1.3", "numbers": {"maybe": 1}}}}}, "maybe"),
        ({"snmp": {"key": {"ipp.enabled": {"oid": "1.3", "writes": ["x"]}}}}, "unknown access x"),
        ({"ipp": {"make": "(", "key": {}}}, "pattern is not sound"),
        ({"ipp": {"make": "", "key": {"no.such": {"attribute": "x"}}}}, "unknown key no.such"),
        ({"pjl": {"id": "", "key": {"no.such": {"variable": "X"}}}}, "unknown key no.such"),
        ({"way": [{"name": "w", "when": {"snmp.v1.enabled": "no"}}]}, "does not accept"),
        ({"way": [{"name": "w", "when": {"no.such": True}}]}, "unknown key no.such"),
    ],
)
def test_a_table_that_is_not_sound_is_refused(change: dict[str, Any], says: str) -> None:
    with pytest.raises(ContentError, match=says):
        parse_driver("a/b", {**BARE, **change}, CATALOG)


def test_a_device_is_known_by_what_it_says_and_has() -> None:
    proof = frozenset(VIRTUAL.proof)
    bare = parse_driver("a/b", BARE, CATALOG)
    assert choose([VIRTUAL], "Canon", proof) is VIRTUAL
    assert choose([VIRTUAL], "Canon", frozenset()) is None
    assert choose([VIRTUAL, bare], "Zebra", frozenset()) is bare
    with pytest.raises(ContentError, match="several drivers claim"):
        choose([bare, replace(bare, name="w")], "Zebra", frozenset())


def test_who_was_met_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "state" / "devices.ledger"
    pins = Pins(path)
    assert pins.known("10.0.0.1") == Pin()
    pins.remember("10.0.0.1", Pin("80AB", "S1"))
    size = path.stat().st_size
    pins.remember("10.0.0.1", Pin("80AB", "S1"))
    assert path.stat().st_size == size
    assert Pins(path).known("10.0.0.1") == Pin("80AB", "S1")
    pins.forget("10.0.0.1")
    assert Pins(path).known("10.0.0.1") == Pin()


def test_a_pin_says_how_another_device_differs() -> None:
    pin = Pin("80ab", "S1")
    assert pin.differs(Pin("80AB", "S1")) == ""
    assert pin.differs(Pin()) == Pin().differs(pin) == ""
    assert pin.differs(Pin("80ac", "S1")) == "the SNMP engine is 80ac, expected was 80ab"
    assert "serial number" in pin.differs(Pin("80ab", "S2"))
