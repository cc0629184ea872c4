"""What a device's security policy holds is left alone, and said before anything is written."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.lab import running_device

from frisket.audit.load import load_content
from frisket.drivers.access.policy_hand import open_policy_hand
from frisket.drivers.access.snmp import Around, NoLogin
from frisket.drivers.access.snmp_hand import open_hand
from frisket.drivers.base import Pin
from frisket.drivers.credential import Login, Secret, WebLogin
from frisket.drivers.load import load_drivers
from frisket.drivers.plan import Subject, plan_device
from frisket.drivers.read import Told, read_by_web, read_device
from frisket.errors import SettingRefused
from frisket.mfd.device import Device
from frisket.mfd.users import Role
from frisket.model.reading import Readings, Value
from frisket.model.target import Identity, Target
from frisket.net.budget import Budget, Limits
from frisket.net.dial import SocketDialer

CONTENT = load_content()
AROUND = Around(CONTENT.catalog, load_drivers(), lambda: datetime.now(UTC), timeouts=(1.0,))
LIMITS = Limits(packets_per_second=0, seconds=60, packets=40_000)
PASSWORD = Secret("initial1")
WEB = WebLogin("Administrator", Secret("7654321"), plaintext=True)
LOGIN = Login("initial", "SHA1", "AES-128", PASSWORD, PASSWORD, web=WEB)


def dialer(device: Device) -> SocketDialer:
    ports = {port: device.port(port) for port in range(1, 1024)} if device.plan.shift else {}
    return SocketDialer(Target(device.address, ports=ports), Budget(LIMITS))


async def told(device: Device, access: str) -> Told:
    if access == "snmp":
        return await read_device(dialer(device), LOGIN, Pin(), AROUND)
    return await read_by_web(dialer(device), LOGIN, Pin(), AROUND, Pin())


@pytest.mark.parametrize("access", ["snmp", "web"])
async def test_a_plan_leaves_locked_settings_to_a_person(access: str) -> None:
    on = {"snmp.v3.enabled": True}
    async with running_device(settings=on, services=["http", "snmp"]) as (device, _):
        free = await told(device, access)
        assert "usb.storage.enabled" not in free.frozen
        # SP-06 turns verification on; take one of what it holds back where nobody sees it.
        device.policy.apply(device.store, ["SP-06", "SP-08"], {}, "test")
        device.store.apply_pending()
        device.store._values["snmp.v1.enabled"] = True
        found = await told(device, access)
        assert "snmp.v1.enabled" in found.frozen
        if access == "snmp":
            assert found.frozen["snmp.v1.enabled"].startswith(
                "locked by the security policy: SP-08"
            )
        driver = next(d for d in load_drivers() if d.name == found.driver)
        subject = Subject(
            dialer(device).target,
            Identity(),
            found.pin,
            driver,
            found.access,
            found.readings,
            Readings(),
            (found.access,),
            found.frozen,
        )
        plan = plan_device(subject, CONTENT.baselines["small-office"], CONTENT)
        assert "snmp.v1.enabled" not in {step.key for step in plan.steps}
        (row,) = [u for u in plan.unsupported if u.key == "snmp.v1.enabled"]
        assert row.why == found.frozen["snmp.v1.enabled"]


async def test_a_login_without_rights_is_told_before_anything_is_written() -> None:
    async with running_device(services=["http"]) as (device, _):
        device.users.put("net", Role.NETWORK_ADMIN, "Abc-1234", "test")
        web = WebLogin("net", Secret("Abc-1234"), plaintext=True)
        login = Login("", "SHA1", "AES-128", Secret(""), Secret(""), web=web)
        with pytest.raises(NoLogin, match="may not change the security policy"):
            await open_policy_hand(dialer(device), login, Pin(), AROUND, Pin())
        assert not device.journal.writes
        assert device.journal.counts["failed_logins"] == 0


async def test_a_user_who_only_reads_writes_nothing(tmp_path: Path) -> None:
    given: dict[str, Value] = {"snmp.v3.enabled": True, "snmp.v3.user.access": "read-only"}
    async with running_device(settings=given, services=["http", "snmp"]) as (device, _):
        hand = await open_hand(dialer(device), LOGIN, Pin(), AROUND)
        with pytest.raises(SettingRefused, match="authorization"):
            await hand.write({"lpd.enabled": False})
        hand.close()
        assert not device.journal.writes
        assert device.journal.counts["failed_logins"] == 0
