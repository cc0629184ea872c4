"""Real Canon devices as they were recorded: recognised, read, and left to a person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.loop.bench import bench
from tests.peers.test_drivers_snmpd import AROUND, CONTENT, LIMITS, NOBODY, READING, agent
from tests.peers.test_drivers_snmpd import dialer as agent_dialer
from tests.peers.test_drivers_snmpd import subject as agent_subject

from frisket.drivers.credential import IppLogin
from frisket.drivers.load import choose, load_drivers
from frisket.drivers.plan import BY_HAND, plan_device
from frisket.drivers.read import Caller, read_by
from frisket.net.budget import Budget
from frisket.net.dial import SocketDialer
from frisket.proto.http.wire import Request, Response

RECORDINGS = Path(__file__).parents[3] / "shared" / "data"
SNMPREC = RECORDINGS / "librenms" / "snmprec"
JIPP = RECORDINGS / "ipp" / "jipp"
recorded = pytest.mark.skipif(not SNMPREC.is_dir(), reason="the recordings are not there")
BY_IPP = replace(NOBODY, ipp=IppLogin())
CANON = (1, 3, 6, 1, 4, 1, 1602, 4, 7)


def variables(name: str) -> Iterator[str]:
    """Yield a recording's identifying variables as lines of snmpd's configuration."""
    kinds = {"4": "octet_str", "6": "object_id"}
    asked = ("1.3.6.1.2.1.1.1.0", "1.3.6.1.2.1.1.2.0", "1.3.6.1.2.1.43.", "1.3.6.1.4.1.1602.")
    for line in (SNMPREC / f"{name}.snmprec").read_text(encoding="utf-8").splitlines():
        oid, kind, value = line.split("|", 2)
        if oid.startswith(asked) and kind in kinds and value.isprintable() and value:
            shown = f'"{value}"' if kind == "4" else value
            yield f"override {oid} {kinds[kind]} {shown}"


@recorded
@pytest.mark.peer("snmpd")
@pytest.mark.parametrize(
    ("name", "driver", "serial"),
    [
        ("canonprinter_ir-adv", "canon-imagerunner-advance", ""),
        ("canonprinter_lbp", "canon-laser", "MKRA012345"),
        ("canonprinter_d1180", "canon-laser", ""),
    ],
)
async def test_a_recorded_canon_is_recognised_and_left_to_a_person(
    name: str, driver: str, serial: str
) -> None:
    with agent(*variables(name)) as port:
        told = await read_by("snmp-community", Caller(agent_dialer(port), READING, AROUND))
        assert told.driver == driver
        assert told.descr.startswith("Canon ")
        assert told.pin.serial == serial
        assert set(told.frozen) == set(told.readings) >= {"network.host-name"}
        plan = plan_device(
            agent_subject(port, told, READING), CONTENT.baselines["small-office"], CONTENT
        )
        assert (plan.steps, plan.stages) == ((), ())
        assert plan.why.startswith(BY_HAND)
        orders = {work.rule: work.steps for work in plan.work}
        assert orders["snmp.v1-off"][0] == "Go to Preferences > Network > SNMP Settings."
        assert len(orders) > 20


@recorded
@pytest.mark.parametrize(
    ("name", "driver"), [("Canon_MF6100_Series", "canon-laser"), ("Canon_TS6000", "canon-laser")]
)
async def test_a_recorded_canon_is_recognised_by_ipp(name: str, driver: str) -> None:
    (path,) = (JIPP / name).glob("*Get-Printer-Attributes*")
    body = path.read_bytes()

    def answer(request: Request) -> Response:
        kind = (("content-type", "application/ipp"), ("connection", "close"))
        found = request.target == "/ipp/print"
        return Response(200, kind, body, "OK") if found else Response(404, kind, b"", "Not Found")

    async with bench() as printer:
        await printer.web(631, answer)
        where = SocketDialer(printer.target, Budget(LIMITS))
        told = await read_by("ipp", Caller(where, BY_IPP, AROUND))
        assert told.driver == driver
        assert told.descr.startswith(("Canon ", "CN"))
        assert set(told.frozen) == set(told.readings)
        assert told.pin.uuid


@pytest.mark.parametrize(
    ("descr", "object_id", "driver"),
    [
        ("Canon iR-ADV C5235 /P", CANON, "canon-imagerunner-advance"),
        ("CANON imageRUNNER ADVANCE DX C3826", CANON, "canon-imagerunner-advance"),
        ("Canon LBP6670 /P", (*CANON[:-1], 2), "canon-laser"),
        ("Canon iR-ADV C5235 /P", (1, 3, 6, 1, 4, 1, 11, 2), None),
        ("HP ETHERNET MULTI-ENVIRONMENT", CANON, None),
    ],
)
def test_one_description_has_one_driver(
    descr: str, object_id: tuple[int, ...], driver: str | None
) -> None:
    found = choose(load_drivers(), descr, frozenset(), object_id)
    assert (found.name if found else None) == driver


def test_a_virtual_device_is_never_taken_for_a_real_one() -> None:
    virtual = next(d for d in load_drivers() if d.name == "virtual-mfd")
    found = choose(load_drivers(), "Canon iR-ADV C5535 /P", frozenset(virtual.proof), CANON)
    assert found is virtual
