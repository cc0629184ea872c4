"""One visit to one target: is anything there, is it a printer, and what do its ports say."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from frisket.errors import FrisketError, LinkError, Refused, Reset
from frisket.model.finding import Incomplete
from frisket.model.reading import Known
from frisket.model.target import Target
from frisket.net.budget import Budget, Limits
from frisket.net.dial import Dialer, SocketDialer
from frisket.probe.base import Options, Probe, Sighting, Visit
from frisket.probe.engine import find_probes, run_probes

# Whose word on identity counts first; where pages are titled anyhow, HTTP comes last.
_TRUST = ("snmp", "ipp")
_LAST = ("http",)
# Needs no connection, and is asked even where no TCP port answers.
_ALONE = "snmp"
# Refusals and open ports here show that somebody is at the address.
_FIRST_LOOK = (443, 80)
_SECOND_LOOK = (631, 9100)
# Any web server shows these; they are no sign of a printer.
_ANYBODYS = frozenset({"remote-ui.enabled", "http.enabled"})
_PRINTING = (9100, 515, 631)
# Seconds that pages take only where a device has to wake first.
_WAKING = 1.0

Verdict = Sighting | Incomplete


def by_trust(probes: Iterable[Probe]) -> list[Probe]:
    """Return probes so that the identity of the more trusted wins when sightings are joined."""

    def rank(probe: Probe) -> tuple[int, str]:
        if probe.name in _TRUST:
            return _TRUST.index(probe.name), probe.name
        return (len(_TRUST) + (probe.name in _LAST)), probe.name

    return sorted(probes, key=rank)


def answered(fault: LinkError | None) -> bool:
    """Say whether a connection attempt met anybody: an open port, or a refusal."""
    return fault is None or isinstance(fault, Refused | Reset)


def heard(sighting: Sighting) -> bool:
    """Say whether any reading was learnt."""
    return any(
        isinstance(reading, Known)
        for readings in sighting.readings.values()
        for reading in readings
    )


async def _reached(visit: Visit) -> LinkError | None:
    """Return None where somebody is at the address, else what was met at its ports."""
    met: list[LinkError | None] = []
    for look in (_FIRST_LOOK, _SECOND_LOOK):
        met += await asyncio.gather(*(visit.closed(port) for port in look))
        if any(answered(fault) for fault in met):
            return None
    return next(fault for fault in met if fault is not None)


async def _prints(visit: Visit) -> str:
    """Say why something that names itself nowhere may still be a printer.

    RAW printing alone is no sign: monitoring agents listen on 9100 as well.
    """
    raw, lpd = await asyncio.gather(visit.closed(9100), visit.closed(515))
    return "its LPD and RAW printing ports are open" if raw is None and lpd is None else ""


def heard_by_snmp(seen: Sighting) -> bool:
    """Say whether SNMP was answered or refused, rather than met with silence."""
    return any(key.startswith("snmp.") and seen.readings.known(key) for key in seen.readings)


def is_something_else(seen: Sighting) -> bool:
    """Say whether SNMP described the device, and what it described is no printer."""
    return "snmp-system" in seen.facts and not seen.printer


def is_told_of(seen: Sighting) -> bool:
    """Say whether any service that is a printer's is known to be on."""
    return any(
        reading.value is True
        for key in seen.readings
        if key.endswith(".enabled") and key not in _ANYBODYS
        for reading in seen.readings.known(key)
    )


async def _may_print(visit: Visit, seen: Sighting) -> bool:
    """Say whether anything at all speaks for a printer: a known maker, a service, a port."""
    if seen.printer or seen.identity or is_told_of(seen):
        return True
    return any([await visit.closed(port) is None for port in _PRINTING])


async def identify(visit: Visit, probes: Sequence[Probe]) -> Verdict:
    """Find out who is there with the identifying probes; `Incomplete` where that is no printer.

    A target that the user named may be one for all that: a well hardened printer names itself
    nowhere, but prints, or serves what printers serve.
    """
    target = visit.dialer.target
    asked = by_trust(probe for probe in probes if probe.identifies)
    # Side by side, as a firewall may let nothing but SNMP through.
    reached, seen = await asyncio.gather(
        _reached(visit), run_probes(visit, [probe for probe in asked if probe.name == _ALONE])
    )
    if reached is not None and not heard(seen):
        return Incomplete(str(target), f"nothing answers: {reached}", not target.named)
    start = asyncio.get_running_loop().time()
    seen = seen | await run_probes(visit, [probe for probe in asked if probe.name != _ALONE])
    slow = asyncio.get_running_loop().time() - start > _WAKING
    if not heard_by_snmp(seen) and (slow or not seen.printer):
        # What sleeps loses the datagrams that wake it; by now it is awake.
        again = await run_probes(visit, [probe for probe in asked if probe.name == _ALONE])
        seen = again | seen if heard(again) else seen
    why = seen.printer or await _prints(visit)
    if not why and not target.named:
        return Incomplete(str(target), "it does not show that it is a printer", skipped=True)
    if not why and is_something_else(seen):
        return Incomplete(str(target), "it is no printer: SNMP describes something else")
    return seen | Sighting(printer=why)


async def visit_with(
    dialer: Dialer,
    options: Options,
    now: Callable[[], datetime],
    probes: Sequence[Probe],
    *,
    identify_only: bool = False,
) -> Verdict:
    """Run probes through a dialer: the identifying ones, then the others if it is a printer."""
    visit = Visit(dialer, now, options)
    try:
        seen = await identify(visit, probes)
        if isinstance(seen, Incomplete):
            return seen
        if not identify_only:
            seen = seen | await run_probes(visit, by_trust(p for p in probes if not p.identifies))
        if not await _may_print(visit, seen):
            nothing = "nothing shows that it is a printer"
            why = nothing if visit.found_open() else "no service answers there"
            return Incomplete(str(dialer.target), why)
    except FrisketError as fault:
        return Incomplete(str(dialer.target), str(fault))
    else:
        return seen
    finally:
        await visit.close()


async def visit_target(
    target: Target,
    limits: Limits,
    options: Options,
    now: Callable[[], datetime],
    *,
    identify_only: bool = False,
) -> Verdict:
    """Visit one target within one budget with every probe, or with the identifying ones only."""
    dialer = SocketDialer(target, Budget(limits))
    return await visit_with(dialer, options, now, find_probes(), identify_only=identify_only)
