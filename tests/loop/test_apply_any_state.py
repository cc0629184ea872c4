"""Devices in any state, carried to any baseline over real sockets: the ways promised are open.

`tests/unit/drivers/test_plan_life.py` goes through thousands of states without sockets; these are a
sample of the same, planned, carried out, knocked at and undone as a user would.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import Phase as Step
from hypothesis import strategies as st
from tests.lab import running_device
from tests.loop.hardening import LOGIN, PACE, WEB, Hardener, stored, target_of
from tests.unit.drivers.states import CONTENT, FACTORY, State, states

from frisket.drivers.access.snmp_hand import open_hand
from frisket.drivers.access.web import open_web
from frisket.drivers.base import Pin
from frisket.drivers.credential import Login
from frisket.drivers.plan import DevicePlan
from frisket.drivers.record import Outcome
from frisket.errors import FrisketError
from frisket.fleet.network import around
from frisket.mfd.device import Device
from frisket.net.budget import Budget, Limits
from frisket.net.dial import SocketDialer

# OpenSSL's names of the versions that an old device offers are themselves deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
KNOCKED = {"Remote UI over HTTPS", "Remote UI over HTTP", "SNMPv3"}
SERVICES = None  # all of them


def dialer(device: Device) -> SocketDialer:
    return SocketDialer(target_of(device), Budget(Limits(packets_per_second=0, packets=4000)))


def login_of(device: Device) -> Login:
    """Return the login that fits the device's algorithms now."""
    store = device.store
    return replace(
        LOGIN,
        authentication=store.text("snmp.v3.user.auth-algorithm"),
        encryption=store.text("snmp.v3.user.encryption-algorithm"),
    )


async def open_ways(device: Device) -> set[str]:
    """Return the ways that let us in now, tried by logging in over them."""
    found = set()
    login = login_of(device)
    for name, plaintext in (("Remote UI over HTTPS", False), ("Remote UI over HTTP", True)):
        web = replace(login, web=replace(WEB, plaintext=plaintext))
        try:
            reader = await open_web(dialer(device), web, Pin(), around(0.4), Pin())
        except FrisketError:
            continue
        if reader.browser.encrypted is not plaintext:
            found.add(name)
    try:
        hand = await open_hand(dialer(device), login, Pin(), around(0.4))
    except FrisketError:
        return found
    hand.close()
    may_write = device.store.text("snmp.v3.user.access") == "read-write"
    private = device.store.text("snmp.v3.user.security") == "auth-encrypt"
    return found | ({"SNMPv3"} if may_write and private else set())


async def live(state: State, baseline: str, folder: Path) -> str:
    """Plan, carry out, knock, undo, knock; return how it ended."""
    async with running_device(settings=state, services=SERVICES) as (device, host):
        before, open_before = stored(device), await open_ways(device)
        user = Hardener(folder, login_of(device), replace(PACE, settling=(0.0, 0.5)))
        user.visiting = replace(user.visiting, patience=0.4)
        plan = await user.planned(device, baseline)
        if not isinstance(plan, DevicePlan) or not plan.driver:
            assert not open_before, "there was a way, and it was not found"
            return "no way in"
        assert set(plan.before.ways) & KNOCKED == open_before
        result = await user.apply(plan)
        await host.settled()
        if result.outcome is Outcome.UNDONE:
            assert stored(device) == before
            return f"undone: {result.why}"
        assert result.outcome in {Outcome.DONE, Outcome.COMPLIANT}, result
        assert set(plan.after.ways) & KNOCKED == await open_ways(device)
        assert device.journal.writes == dict.fromkeys((step.key for step in plan.steps), 1)
        if not plan.steps or not set(plan.after.managing):
            return result.outcome
        user.login = login_of(device)
        undone = await user.undo()
        assert undone.outcome is Outcome.DONE, undone
        await host.settled()
        assert stored(device) == before
        assert await open_ways(device) == open_before
        return result.outcome


def try_out(state: State, baseline: str) -> None:
    with TemporaryDirectory() as folder:
        asyncio.run(live(state, baseline, Path(folder)))


def profile(examples: int) -> settings:
    return settings(
        max_examples=examples,
        deadline=None,
        phases=[Step.generate],
        suppress_health_check=list(HealthCheck),
    )


BASELINES = st.sampled_from(["small-office", "enterprise", "modern"])


@given(states(), BASELINES)
@profile(3)
def test_any_state_over_sockets(state: State, baseline: str) -> None:
    try_out(state, baseline)


@pytest.mark.nightly
@pytest.mark.timeout(3600)
@given(states(), BASELINES)
@profile(200)
def test_many_states_over_sockets(state: State, baseline: str) -> None:
    try_out(state, baseline)


async def test_a_filter_that_shuts_us_out_is_seen_before_it_is_written(tmp_path: Path) -> None:
    user = Hardener(tmp_path)
    shut = {**FACTORY, "snmp.v3.enabled": True, "firewall.ipv4.default-policy": "reject"}
    async with running_device(settings=shut, services=SERVICES) as (device, host):
        plan = await user.plan(device, "modern")
        assert plan.after.ways == ()
        assert plan.stages[-1].keys == ("firewall.ipv4.enabled",)
        device.store.set("firewall.ipv4.enabled", True, "test", "lab")
        await host.settled()
        assert await open_ways(device) == set(), "it really shuts"
        device.store.set("firewall.ipv4.exceptions", ["127.0.0.0-127.0.0.9"], "test", "lab")
        await host.settled()
        assert "SNMPv3" in await open_ways(device)
    assert "firewall.on" in CONTENT.rules
