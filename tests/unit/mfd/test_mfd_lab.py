"""The helper that gives each test a device of its own."""

from __future__ import annotations

from tests.lab import make_device, own_address, running_device

from frisket.mfd.device import Device


def test_two_addresses_held_at_once_differ() -> None:
    with own_address() as (one, _), own_address() as (other, _):
        assert one != other
        assert one.startswith("127.")


def test_a_device_gets_its_settings_quirks_and_counters() -> None:
    settings = {"snmp.v3.enabled": True}
    device = make_device(
        "iradv-4545", settings, counters={101: 7}, quirks={"snmp_v2c": False}, clock=lambda: 5.0
    )
    assert device.store["snmp.v3.enabled"] is True
    assert device.counters.values[101] == 7
    assert device.quirks.snmp_v2c is False
    assert device.clock() == 5.0


async def test_devices_run_side_by_side() -> None:
    async with running_device(services=[]) as (one, _), running_device(services=[]) as (two, _):
        assert isinstance(one, Device)
        assert one.address != two.address
        assert one.plan.serial != two.plan.serial
