"""What the tables say is what the device is: identity, paper, toner, counters, channels."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from random import Random

import pytest
from tests.lab import make_device
from tests.unit.mfd.mib.asking import Asker, Bench

from frisket.mfd.counters import Impression, counts_of
from frisket.mfd.device import Device, Surroundings, build_device
from frisket.mfd.mib.access import users
from frisket.mfd.mib.agent import Agent, engine_id
from frisket.mfd.mib.canon import COUNTERS
from frisket.mfd.mib.host_resources import HOST, date_and_time
from frisket.mfd.mib.printer import PRINTER_MIB, dimensions, entry
from frisket.mfd.personality import Supply, Tray
from frisket.proto.snmp.wire import Counter32, Integer, OctetString, Oid
from frisket.proto.snmp.wire.crypto import LocalKeys

ERRORS = (*HOST, 3, 5, 1, 2, 1)
STATUS = (*HOST, 3, 2, 1, 5, 1)


def device_with(trays: list[int], supplies: list[tuple[str, int]], **quirks: object) -> Device:
    """Return a device whose trays and supplies hold so much of 500 sheets and 100 percent."""
    model = make_device(quirks=quirks)
    personality = replace(
        model.personality,
        trays=tuple(Tray(f"Drawer {n}", capacity=500, level=t) for n, t in enumerate(trays, 1)),
        supplies=tuple(Supply(f"{kind} {n}", kind, level=n) for kind, n in supplies),
    )
    plan = replace(model.plan, personality=personality)
    return build_device(plan, Surroundings(model.content))


def asker_of(device: Device) -> Asker:
    return Asker(Agent(device, LocalKeys(), Random(1)))


def alerts(asker: Asker) -> dict[int, int]:
    """Return the codes of the alerts there are, by index."""
    agent = asker.agent
    codes = (*entry(18), 7, 1)
    rows = [oid for oid in agent.tree.oids if oid[: len(codes)] == codes]
    found = {}
    for oid in rows:
        shown = asker.community_value(oid)
        if isinstance(shown, Integer):
            found[oid[-1]] = int(shown)
    return found


@pytest.mark.parametrize(
    ("trays", "supplies", "bits", "status", "codes"),
    [
        ([400, 400], [("toner", 60)], "00", 2, {}),
        ([400, 0], [("toner", 60)], "0004", 3, {2: 808}),
        ([0, 0], [("toner", 60)], "40", 5, {1: 808, 2: 808}),
        ([50, 400], [("toner", 60)], "80", 3, {1: 807}),
        ([400, 400], [("toner", 10)], "20", 3, {3: 1104}),
        ([400, 400], [("toner", 0)], "10", 5, {3: 1101}),
        ([400, 400], [("toner", 60), ("wasteToner", 5)], "01", 3, {4: 1107}),
        ([400, 400], [("toner", 60), ("wasteToner", 0)], "01", 5, {4: 1109}),
        ([400, 400], [("toner", -3), ("wasteToner", -2)], "00", 2, {}),
    ],
)
def test_paper_and_toner_show_in_bits_status_and_alerts(
    trays: list[int],
    supplies: list[tuple[str, int]],
    bits: str,
    status: int,
    codes: dict[int, int],
) -> None:
    asker = asker_of(device_with(trays, supplies))
    assert asker.get(ERRORS, STATUS) == [OctetString(bytes.fromhex(bits)), Integer(status)]
    assert alerts(asker) == codes
    counted = asker.get((*PRINTER_MIB, 5, 1, 1, 19, 1))
    assert counted == [Counter32(len(codes))]


def test_a_drawer_that_runs_empty_raises_an_alert_and_refilling_ends_it() -> None:
    device = device_with([3, 400], [("toner", 60)])
    asker = asker_of(device)
    device.levels.refill(0, 400)
    assert alerts(asker) == {}
    device.levels.take(0, 400)
    assert alerts(asker) == {1: 808}
    assert asker.get((*entry(16, 5), 2, 1, 1)) == [OctetString(b"Drawer 1: no paper")]
    assert asker.get((*entry(8, 2), 10, 1, 1)) == [Integer(0)]
    device.levels.refill(0, 500)
    assert alerts(asker) == {}
    assert asker.get((*entry(16, 5), 2, 1, 1)) == [OctetString(b"Ready to print.")]


def test_the_printer_says_whether_it_can_print() -> None:
    asker = asker_of(device_with([400], [("toner", 60)]))
    state, panel = (*HOST, 3, 5, 1, 1, 1), (*entry(16, 5), 2, 1, 1)
    assert asker.get(state, panel) == [Integer(3), OctetString(b"Ready to print.")]
    asker.agent.device.jobs.paused = True
    assert asker.get(state) == [Integer(1)]
    asker.agent.device.power.busy = True
    assert asker.get(state, panel) == [Integer(5), OctetString(b"Please wait.")]


def test_supply_levels_may_be_unknown() -> None:
    level = (*PRINTER_MIB, 11, 1, 1, 9, 1, 1)
    asker = asker_of(device_with([1], [("toner", 60)], supply_levels_unknown=True))
    assert asker.get(level) == [Integer(-2)]
    some = Bench().asker("iradv-4545")
    assert some.get(level) == [Integer(-3)]


def test_counters_show_what_was_printed() -> None:
    asker = Bench().asker(counters={101: 150_000})
    life, powered = (*PRINTER_MIB, 10, 2, 1, 4, 1, 1), (*PRINTER_MIB, 10, 2, 1, 5, 1, 1)
    asker.agent.device.counters.add(counts_of(Impression(3, 3, color=True, large=True)))
    shown = {code: (*COUNTERS, 1, 3, 1, 4, code) for code in (101, 122)}
    found = asker.get(life, powered, *shown.values())
    assert found == [Counter32(150_003), Counter32(3), Counter32(150_003), Counter32(3)]
    every: Oid = (*COUNTERS, 1, 4, 1)
    assert asker.get((*every, 2, 106), (*every, 3, 106), (*every, 4, 106)) == [
        Integer(106),
        OctetString(b"Total (Full Color 2)"),
        Counter32(6),
    ]


def test_a_black_and_white_model_has_no_color_counters() -> None:
    tree = Bench().asker("iradv-4545").agent.tree
    assert (*COUNTERS, 1, 4, 1, 4, 101) in tree.index
    assert (*COUNTERS, 1, 4, 1, 4, 105) not in tree.index
    assert (*COUNTERS, 1, 3, 1, 4, 122) not in tree.index


def test_identity_in_every_place_that_tools_read() -> None:
    asker = Bench().asker(serial="ABC12345", settings={"device.location": "Attic"})
    canon = (1, 3, 6, 1, 4, 1, 1602, 1)
    found = asker.get(
        (1, 3, 6, 1, 2, 1, 1, 6, 0),
        (*HOST, 3, 2, 1, 3, 1),
        (*PRINTER_MIB, 5, 1, 1, 17, 1),
        (*canon, 1, 1, 1, 0),
        (*canon, 1, 1, 4, 0),
        (*canon, 2, 1, 4, 0),
        (*canon, 2, 1, 8, 1, 3, 1, 1),
        (1, 3, 6, 1, 4, 1, 2699, 1, 2, 1, 2, 1, 1, 3, 1),
    )
    assert found[:7] == [
        b"Attic",
        b"Canon iR-ADV C5535 52.30",
        b"ABC12345",
        b"iR-ADV C5535",
        b"52.30",
        b"ABC12345",
        b"ABC12345",
    ]
    assert isinstance(found[7], OctetString)
    parts = found[7].decode().rstrip(";").split(";")
    identity = {name: value for name, _, value in (part.partition(":") for part in parts)}
    assert identity["MFG"] == "Canon"
    assert identity["MDL"] == "iR-ADV C5535"
    assert "PDF" in identity["CMD"].split(",")


def test_channels_name_their_real_ports() -> None:
    device = make_device(shift=20_000, address="127.0.0.9")
    asker = asker_of(device)
    information = [asker.get((*entry(14), 9, 1, n))[0] for n in range(1, 5)]
    assert information == [
        b"Queue=lp\nPort=20515\n",
        b"Port=9100\n",
        b"URI=ipp://127.0.0.9:20631/ipp/print\n",
        b"Port=20021\n",
    ]


@pytest.mark.parametrize(
    ("media", "size"),
    [
        ("iso_a4_210x297mm", (210_000, 297_000)),
        ("na_letter_8.5x11in", (215_900, 279_400)),
        ("custom", (-2, -2)),
    ],
)
def test_media_names_describe_themselves(media: str, size: tuple[int, int]) -> None:
    assert dimensions(media) == size


def test_date_and_time_as_rfc_2579_writes_it() -> None:
    at = datetime(1992, 5, 26, 13, 30, 15, tzinfo=UTC)
    assert date_and_time(at) == bytes.fromhex("07c8051a0d1e0f002b0000")
    east = at.astimezone(timezone(timedelta(hours=2)))
    assert date_and_time(east) == date_and_time(at)


def test_the_tables_are_shared_by_devices_of_a_model() -> None:
    one, two = Bench().asker(serial="A1"), Bench().asker(serial="A2")
    assert one.agent.tree is two.agent.tree
    assert Bench().asker("iradv-4545").agent.tree is not one.agent.tree
    assert engine_id(one.agent.device) != engine_id(two.agent.device)


@pytest.mark.parametrize(
    "settings",
    [{"snmp.v3.user.name": ""}, {"snmp.v3.user.name": "ü" * 20}]
    + [{f"snmp.v3.user.{which}-password": ""} for which in ("auth", "encryption")],
)
def test_an_incomplete_user_is_nobody(settings: dict[str, str]) -> None:
    assert users(make_device(settings=settings)) == {}
