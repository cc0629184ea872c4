"""What the network says of a virtual MFD's settings is true, or it is not said."""

from __future__ import annotations

import pytest
from tests.lab import running_device
from tests.loop.bench import LIMITS, NOW, OPTIONS
from tests.unit.probe.visits import value

from frisket.catalog.load import load_catalog
from frisket.catalog.setting import Kind
from frisket.mfd.device import Device
from frisket.model.reading import Value
from frisket.model.target import Target
from frisket.probe import http, snmp
from frisket.probe.base import Sighting
from frisket.probe.visit import visit_target

# OpenSSL's names of the versions that an old device offers are themselves deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
# RAW printing shows that a closed device may be a printer after all.
SERVICES = ("http", "snmp", "raw")
READ = http.PROBE.reads | snmp.PROBE.reads

CASES: dict[str, dict[str, Value]] = {
    "as delivered": {},
    "encrypted": {"remote-ui.tls.enabled": True, "snmp.v3.enabled": True},
    "closed": {"remote-ui.enabled": False, "snmp.v1.enabled": False, "snmp.v3.enabled": False},
}


def target_of(device: Device) -> Target:
    ports = {port: device.port(port) for port in range(1, 1024)} if device.plan.shift else {}
    return Target(device.address, ports=ports)


@pytest.mark.parametrize("case", CASES)
async def test_readings_are_the_truth(case: str) -> None:
    async with running_device(settings=CASES[case], services=SERVICES) as (device, _):
        seen = await visit_target(target_of(device), LIMITS, OPTIONS, lambda: NOW)
        assert isinstance(seen, Sighting)
        catalog = load_catalog()
        wrong = {
            key: (known.value, device.store.effective(key), known.detail)
            for key in READ
            for known in seen.readings.known(key)
            if catalog[key].kind is Kind.SETTING and known.value != device.store.effective(key)
        }
    assert not wrong
    if case != "closed":
        assert seen.identity.vendor == "Canon"
        assert device.personality.model.removeprefix("Canon ").startswith(seen.identity.model)
        assert seen.printer


async def test_remote_ui_with_tls_is_seen_as_such() -> None:
    settings: dict[str, Value] = {"remote-ui.tls.enabled": True}
    async with running_device(settings=settings, services=SERVICES) as (device, _):
        seen = await visit_target(target_of(device), LIMITS, OPTIONS, lambda: NOW)
    assert isinstance(seen, Sighting)
    assert value(seen, "remote-ui.plaintext") is False
    assert value(seen, "remote-ui.login") is True
    assert value(seen, "remote-ui.tls.enabled") is True
