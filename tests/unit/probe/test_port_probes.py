"""The probes that only knock: dedicated ports, and services a printer does not need."""

from __future__ import annotations

from tests.unit.probe.visits import Nowhere, only, value, visit, why

from frisket.errors import Filtered
from frisket.model.reading import Why
from frisket.probe import dedicated, unexpected
from frisket.probe.base import Visit

SILENT = Filtered("nothing")


def tried(visit: Visit) -> list[int]:
    assert isinstance(visit.dialer, Nowhere)
    return visit.dialer.tried


async def test_one_open_dedicated_port_is_enough() -> None:
    at = visit({47546: None})
    found = await dedicated.run(at)
    assert value(found, dedicated.KEY) is True
    assert tried(at) == [9007, 47546]
    assert found.facts == {"dedicated": "port 47546"}


async def test_every_dedicated_port_must_refuse_to_say_off() -> None:
    at = visit()
    assert value(await dedicated.run(at), dedicated.KEY) is False
    assert len(tried(at)) == len(dedicated.PORTS) == 18
    one_silent = visit({9025: SILENT})
    assert why(await dedicated.run(one_silent), dedicated.KEY) is Why.FILTERED


async def test_a_firewall_is_noticed_after_three_ports() -> None:
    at = visit(dict.fromkeys(dedicated.PORTS, SILENT))
    assert why(await dedicated.run(at), dedicated.KEY) is Why.FILTERED
    assert len(tried(at)) == 3


async def test_open_services_are_listed() -> None:
    found = await unexpected.run(visit({23: None, 8080: None, 79: SILENT}))
    assert value(found, unexpected.KEY) == ("23 Telnet", "8080 HTTP")


async def test_no_open_service() -> None:
    assert value(await unexpected.run(visit()), unexpected.KEY) == ()
    found = await unexpected.run(visit({22: SILENT}))
    assert why(found, unexpected.KEY) is Why.FILTERED
    assert "nothing" in str(only(found, unexpected.KEY))


def test_no_print_port_is_on_the_lists() -> None:
    guard = visit().dialer.guard
    assert not [port for port in (*dedicated.PORTS, *unexpected.SERVICES) if guard.forbids(port)]
