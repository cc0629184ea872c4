"""Each service of discovery opens and closes with its setting, as its probe sees."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.lab import running_device
from tests.unit.probe.visits import only, value

from frisket.mfd.device import Device
from frisket.model.reading import Known, Value
from frisket.model.target import Target
from frisket.net.budget import Budget, Limits
from frisket.net.dial import SocketDialer
from frisket.probe import bmlinks, dedicated, mdns, sip, slp, smb, smtp, webdav, wsd
from frisket.probe.base import Options, Probe, Sighting, Visit

_LOW = (25, 80, 139, 427, 443, 445)


async def look(device: Device, probe: Probe) -> Sighting:
    """Visit the device with one probe, unpaced."""
    ports = {port: device.port(port) for port in _LOW}
    budget = Budget(Limits(packets_per_second=0, seconds=60))
    dialer = SocketDialer(Target(device.address, ports=ports), budget)
    visit = Visit(dialer, lambda: datetime.now(UTC), Options(patience=1.0))
    try:
        return await probe.run(visit)
    finally:
        await visit.close()


CASES = [
    ("slp", slp.PROBE, "slp.response.enabled"),
    ("wsd", wsd.PROBE, "wsd.enabled"),
    ("mdns", mdns.PROBE, "mdns.ipv4.enabled"),
    ("bmlinks", bmlinks.PROBE, "bmlinks.enabled"),
    ("dedicated", dedicated.PROBE, "dedicated-port.enabled"),
]


@pytest.mark.parametrize(("name", "probe", "key"), CASES, ids=[case[0] for case in CASES])
async def test_the_setting_opens_and_closes_it(name: str, probe: Probe, key: str) -> None:
    async with running_device(settings={key: False}, services=[name]) as (device, host):
        assert value(await look(device, probe), key) is False
        device.store.set(key, True, "test", "lab")
        await host.settled()
        assert not host.faults
        assert value(await look(device, probe), key) is True
        device.store.set(key, False, "test", "lab")
        await host.settled()
        assert value(await look(device, probe), key) is False
        assert device.journal.counts["print_port_bytes"] == 0


async def test_any_way_of_sip_opens_it() -> None:
    async with running_device(services=["sip"]) as (device, host):
        assert value(await look(device, sip.PROBE), "sip.ngn.enabled") is False
        device.store.set("sip.voip-gateway.enabled", True, "test", "lab")
        await host.settled()
        assert not host.faults
        sighting = await look(device, sip.PROBE)
        assert not isinstance(only(sighting, "sip.ngn.enabled"), Known)
        assert "200 OK" in sighting.facts["sip"]


@pytest.mark.parametrize(
    ("settings", "airprint", "mopria"),
    [
        ({"airprint.enabled": True, "mopria.enabled": True}, True, True),
        ({"airprint.enabled": True, "mopria.enabled": False}, True, None),
        ({"airprint.enabled": False, "mopria.enabled": True}, None, True),
    ],
)
async def test_what_is_announced_follows_the_settings(
    settings: dict[str, Any], airprint: bool | None, mopria: bool | None
) -> None:
    on = {"mdns.ipv4.enabled": True, "ipp.enabled": True, "raw.enabled": False, **settings}
    async with running_device(settings=on, services=["mdns"]) as (device, _):
        sighting = await look(device, mdns.PROBE)
    for key, expected in (("airprint.enabled", airprint), ("mopria.enabled", mopria)):
        reading = only(sighting, key)
        assert (reading.value if isinstance(reading, Known) else None) is expected
    assert "_ipp._tcp" in sighting.facts["mdns"]
    assert "_pdl-datastream" not in sighting.facts["mdns"]
    assert sighting.identity.model


async def test_a_sleeping_device_wakes_to_a_question_of_its_own() -> None:
    quirks = {"sleeps": True, "wake_seconds": 0.3}
    async with running_device(services=["slp"], quirks=quirks) as (device, _):
        assert value(await look(device, slp.PROBE), "slp.response.enabled") is True
        assert device.journal.counts["wakes"] == 1


async def test_no_answer_multiplies_a_question_much() -> None:
    async with running_device(services=["slp", "wsd"]) as (device, _):
        for probe, key in ((slp.PROBE, "slp.amplification"), (wsd.PROBE, "wsd.amplification")):
            grown = value(await look(device, probe), key)
            assert isinstance(grown, int)
            assert 0 < grown < 500


async def test_the_family_of_dedicated_ports() -> None:
    async with running_device(services=["dedicated"]) as (_, host):
        assert sorted(host.ports().values()) == [9007, 9013, 47545, 47546, 47547]
    quirks = {"dedicated_stand_in": True}
    async with running_device(services=["dedicated"], quirks=quirks) as (_, host):
        assert len(host.ports()) == 18


@pytest.mark.parametrize("tls", ["off", "on", "always"])
async def test_reception_of_mail(tls: str) -> None:
    settings: dict[str, Value] = {"smtp.receive.enabled": False, "smtp.receive.tls": tls}
    async with running_device(settings=settings, services=["smtp"]) as (device, host):
        assert value(await look(device, smtp.PROBE), "smtp.receive.enabled") is False
        device.store.set("smtp.receive.enabled", True, "test", "lab")
        await host.settled()
        sighting = await look(device, smtp.PROBE)
        assert value(sighting, "smtp.receive.enabled") is True
        assert sighting.facts["smtp"] == f"220 {device.name} ESMTP Ready"
        reading = only(sighting, "smtp.receive.tls")
        assert (reading.value if isinstance(reading, Known) else None) == (
            "off" if tls == "off" else None
        )
        assert not device.journal.counts["bugs"]


@pytest.mark.parametrize(
    ("model", "settings", "dialects"),
    [
        ("iradv-c3325", {}, ("SMB1", "SMB2.0.2", "SMB2.1")),
        ("iradv-c5535", {}, ("SMB2.0.2", "SMB2.1", "SMB3.0", "SMB3.0.2", "SMB3.1.1")),
        (
            "iradv-c5535",
            {"smb.server.require-encryption": True},
            ("SMB3.0", "SMB3.0.2", "SMB3.1.1"),
        ),
    ],
)
@pytest.mark.parametrize("signed", [True, False])
async def test_smb_says_what_it_is_set_to(
    model: str, settings: dict[str, Value], dialects: tuple[str, ...], signed: bool
) -> None:
    wanted = {**settings, "smb.server.enabled": True, "smb.server.require-signature": signed}
    async with running_device(model, settings=wanted, services=["smb"]) as (device, host):
        sighting = await look(device, smb.PROBE)
        assert value(sighting, "smb.server.enabled") is True
        assert value(sighting, "smb.server.dialects") == dialects
        assert value(sighting, "smb.server.require-signature") is signed
        device.store.set("smb.server.enabled", False, "test", "lab")
        await host.settled()
        assert value(await look(device, smb.PROBE), "smb.server.enabled") is False


@pytest.mark.parametrize("scheme", ["none", "basic", "digest"])
@pytest.mark.parametrize("tls", [True, False])
async def test_webdav_says_what_it_is_set_to(tmp_path: Path, scheme: str, tls: bool) -> None:
    settings: dict[str, Value] = {
        "webdav.server.enabled": True,
        "webdav.server.authentication": scheme,
        "webdav.server.tls": tls,
    }
    async with running_device(settings=settings, services=["http"], folder=tmp_path) as (
        device,
        host,
    ):
        sighting = await look(device, webdav.PROBE)
        assert value(sighting, "webdav.server.enabled") is True
        assert value(sighting, "webdav.server.tls") is tls
        reading = only(sighting, "webdav.server.authentication")
        shown = reading.value if isinstance(reading, Known) else "none"
        assert shown == scheme
        device.store.set("webdav.server.enabled", False, "test", "lab")
        await host.settled()
        gone = only(await look(device, webdav.PROBE), "webdav.server.enabled")
        assert not isinstance(gone, Known)
        assert device.journal.counts["writes"] == 1
        assert device.journal.counts["failed_logins"] == 0
