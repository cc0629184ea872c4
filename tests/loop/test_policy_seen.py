"""Tick an item of the security policy on a running device: an audit from the network agrees."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from tests.lab import running_device

from frisket.audit.evaluate import evaluate
from frisket.audit.load import load_content
from frisket.catalog.setting import Kind
from frisket.mfd.device import Device
from frisket.model.finding import Finding, Verdict
from frisket.model.reading import Value
from frisket.model.target import Target
from frisket.net.budget import Limits
from frisket.probe.base import Options, Sighting
from frisket.probe.visit import visit_target

CONTENT = load_content()
BASELINE = CONTENT.baseline("security-policy")
ITEMS = [item.id for item in CONTENT.policy]
WRONG = {Verdict.FAIL, Verdict.DISPUTED}
# A password that everybody knows is the person's to change; no tick does that.
OWN = {"admin.password-changed"}
# As much as possible open and encrypted where it can be: more for the network to see.
BUSY: dict[str, Value] = {
    "remote-ui.tls.enabled": True,
    "remote-operation.enabled": True,
    "smb.server.enabled": True,
    "webdav.server.enabled": True,
    "sip.intranet.enabled": True,
    "snmp.v3.enabled": True,
    "smtp.receive.enabled": True,
    "ftp.print.enabled": True,
}


async def audit(device: Device) -> tuple[Finding, ...]:
    shift = device.plan.shift
    seen = await visit_target(
        Target(device.address, ports={p: p + shift for p in range(1, 1024)} if shift else {}),
        Limits(packets_per_second=0, seconds=60),
        Options(patience=1.0),
        lambda: datetime.now(UTC),
    )
    assert isinstance(seen, Sighting), seen
    return evaluate(BASELINE, seen.readings, CONTENT)


def test_there_are_forty_five_items() -> None:
    assert len(set(ITEMS)) == 45
    assert {key for key in BUSY if CONTENT.catalog[key].kind is not Kind.SETTING} == set()


async def faults_of(item: str) -> list[str]:
    """Tick one item on a fresh device; return what an audit then has against it."""
    async with running_device(settings=BUSY) as (device, host):
        device.policy.apply(device.store, [item], {}, "test")
        await host.reboot("test")
        found = [finding for finding in await audit(device) if finding.consideration == item]
        counts = device.journal.counts
        return [
            *(f"{f.rule}: {f.because}" for f in found if f.verdict in WRONG and f.rule not in OWN),
            *(f"port: {where}" for where in host.faults),
            *(f"{counts[what]} {what}" for what in ("sheets", "bugs") if counts[what]),
            *([] if found else ["no finding at all"]),
        ]


async def test_an_item_that_is_ticked_does_not_fail() -> None:
    gate = asyncio.Semaphore(9)

    async def one(item: str) -> list[str]:
        async with gate:
            return await faults_of(item)

    faults = dict(zip(ITEMS, await asyncio.gather(*map(one, ITEMS)), strict=True))
    assert not {item: against for item, against in faults.items() if against}


async def test_untouched_devices_fail_where_ticked_ones_pass() -> None:
    """Without it the test above could be one of a witness who is always silent."""
    async with running_device(settings=BUSY) as (device, host):
        before = {f.rule for f in await audit(device) if f.verdict is Verdict.FAIL}
        device.policy.apply(device.store, ITEMS, {}, "test")
        await host.reboot("test")
        after = await audit(device)
        passed = {f.rule for f in after if f.verdict is Verdict.PASS}
        assert len(before & passed) >= 5, (sorted(before), sorted(passed))
        assert {f.rule for f in after if f.verdict in WRONG} <= OWN
