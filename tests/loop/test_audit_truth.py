"""The network witness against the truth of the device's store: it may be silent, never wrong."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest
from tests.lab import running_device

from frisket.audit.evaluate import evaluate
from frisket.audit.load import load_content
from frisket.audit.rule import TESTS
from frisket.catalog.setting import Kind, Type
from frisket.mfd.fleet import plan_fleet
from frisket.model.finding import Incomplete, Verdict
from frisket.model.reading import Value, Witness
from frisket.model.target import Target
from frisket.net.budget import Limits
from frisket.probe.base import Options, Sighting
from frisket.probe.engine import find_probes
from frisket.probe.visit import visit_target

CONTENT = load_content()
READ = frozenset(key for probe in find_probes() for key in probe.reads)
# What the network may speak of and someone can set: the ground that truth is compared on.
SETTINGS = sorted(
    key
    for key in READ
    if CONTENT.catalog[key].kind is Kind.SETTING and CONTENT.catalog[key].type is Type.BOOLEAN
)
UNPACED = Limits(packets_per_second=0, seconds=60)


def now() -> datetime:
    return datetime.now(UTC)


def some_settings(seed: int) -> dict[str, Value]:
    source = random.Random(seed)
    return {key: source.random() < 0.5 for key in SETTINGS}


async def look(address: str, ports: dict[int, int]) -> Sighting:
    target = Target(address, ports=ports)
    seen = await visit_target(target, UNPACED, Options(patience=1.0), now)
    assert not isinstance(seen, Incomplete), seen
    return seen


def shifted(shift: int) -> dict[int, int]:
    return {port: port + shift for port in range(1, 1024)} if shift else {}


@pytest.mark.parametrize("seed", range(12))
async def test_what_the_network_says_of_a_setting_is_true(seed: int) -> None:
    model = ["iradv-c5535", "iradv-4545", "iradv-c3325", "iradv-c256"][seed % 4]
    # An address at which nothing at all answers is not audited: one way in stays open.
    settings = some_settings(seed) | {"remote-ui.enabled": True, "http.enabled": True}
    async with running_device(model, settings) as (device, _):
        seen = await look(device.address, shifted(device.plan.shift))
        wrong = {
            key: (reading.value, device.store.effective(key), reading.detail)
            for key in seen.readings
            if key in device.store
            for reading in seen.readings.known(key)
            if reading.witness is Witness.NETWORK and reading.value != device.store.effective(key)
        }
        assert not wrong
        counts = device.journal.counts
        assert counts["sheets"] == 0
        assert counts["print_port_bytes"] == 0
        assert counts["failed_logins"] == 0
        assert counts["writes"] == 0
        assert counts["bugs"] == 0, list(device.journal.entries)


@pytest.mark.parametrize("baseline", ["small-office", "enterprise", "security-policy"])
async def test_no_verdict_passes_what_the_truth_fails(baseline: str) -> None:
    wanted = CONTENT.baseline(baseline)
    for plan in plan_fleet(4, "mixed", 7, CONTENT):
        async with running_device(plan.personality.name, plan.settings) as (device, _):
            seen = await look(device.address, shifted(device.plan.shift))
            for finding in evaluate(wanted, seen.readings, CONTENT):
                rule = CONTENT.rules.get(finding.rule)
                if (
                    finding.verdict is not Verdict.PASS
                    or rule is None
                    or rule.key not in device.store
                ):
                    continue
                value = device.store.effective(rule.key)
                assert TESTS[rule.test](value, rule.wanted(wanted.parameters)), finding
