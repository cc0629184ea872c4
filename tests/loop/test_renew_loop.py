"""New passwords for running virtual devices; the journal counts what was tried and written."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.lab import running_device

from frisket.catalog.load import load_catalog
from frisket.drivers.access.policy_hand import PolicyPasswordRefused, open_policy_hand
from frisket.drivers.access.snmp import Around, IdentityChanged, open_as
from frisket.drivers.access.web import LoginRefused, open_web
from frisket.drivers.base import Pin
from frisket.drivers.credential import Credentials, Login, Scoped, Secret, WebLogin
from frisket.drivers.load import load_drivers
from frisket.drivers.read import Caller
from frisket.drivers.renew import POINTS, Renewed, generate
from frisket.drivers.renewing import Renewer
from frisket.drivers.vault import (
    FileVault,
    Kind,
    Overlay,
    State,
    Unfinished,
    login_beside,
)
from frisket.errors import SettingRefused
from frisket.mfd.device import Device
from frisket.model.reading import Value
from frisket.model.target import Target
from frisket.net.budget import Budget, Limits
from frisket.net.dial import SocketDialer
from frisket.proto.snmp.client import Manager
from frisket.proto.snmp.errors import Denied

# OpenSSL's names of the versions that an old device offers are themselves deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
AROUND = Around(load_catalog(), load_drivers(), lambda: datetime.now(UTC), timeouts=(1.0,))
LIMITS = Limits(packets_per_second=0, seconds=120, packets=40_000)
OLD = Secret("initial1")
LOGIN = Login(
    "initial",
    "SHA1",
    "AES-128",
    OLD,
    OLD,
    web=WebLogin("Administrator", Secret("7654321")),
    policy=Secret("Sp-4711"),
)
SETTINGS: dict[str, Value] = {
    "remote-ui.tls.enabled": True,
    "snmp.v3.enabled": True,
    "policy.password": "Sp-4711",
}
SERVICES = ["http", "snmp"]
KEYS = {
    Kind.REMOTE_UI: "admin.password",
    Kind.POLICY: "policy.password",
    Kind.AUTHENTICATION: "snmp.v3.user.auth-password",
    Kind.ENCRYPTION: "snmp.v3.user.encryption-password",
}


class Killed(BaseException):
    """The process ends here."""


def caller(device: Device, login: Login = LOGIN) -> Caller:
    ports = {port: device.port(port) for port in range(1, 1024)} if device.plan.shift else {}
    dialer = SocketDialer(Target(device.address, ports=ports), Budget(LIMITS))
    return Caller(dialer, login, AROUND)


async def lets_in(device: Device, kind: Kind, login: Login) -> None:
    """Log in by the access of a password, or raise what the device says."""
    c = caller(device, login)
    match kind:
        case Kind.REMOTE_UI:
            (await open_web(c.dialer, login, Pin(), AROUND, Pin())).close()
        case Kind.POLICY:
            (await open_policy_hand(c.dialer, login, Pin(), AROUND, Pin())).close()
        case _:
            (await open_as(Manager, c.dialer, login, Pin(), AROUND)).close()


@pytest.mark.parametrize("kind", Kind)
async def test_a_new_password_lets_us_in_and_the_old_one_no_more(
    tmp_path: Path, kind: Kind
) -> None:
    vault = FileVault(tmp_path / "passwords.json")
    new = generate(random.Random(7).randrange)
    async with running_device(settings=SETTINGS, services=SERVICES) as (device, _):
        outcome, why, pin = await Renewer(caller(device), vault).renew(kind, new)
        assert outcome is Renewed.DONE, why
        assert pin.serial == device.plan.serial
        assert device.store[KEYS[kind]] == new.reveal()
        assert device.journal.counts["failed_logins"] == 0
        assert device.journal.writes == {KEYS[kind]: 1}
        kept = Credentials((Scoped(("*",), LOGIN),), Overlay(vault)).for_device(device.address)
        assert kept is not None
        await lets_in(device, kind, kept)
        with pytest.raises((LoginRefused, PolicyPasswordRefused, Denied)):
            await lets_in(device, kind, LOGIN)
        async with running_device(
            settings={**SETTINGS, KEYS[kind]: new.reveal()}, services=SERVICES
        ) as (other, _):
            with pytest.raises(IdentityChanged):
                await lets_in(other, kind, kept)


@pytest.mark.parametrize("kind", [Kind.REMOTE_UI, Kind.AUTHENTICATION, Kind.POLICY])
@pytest.mark.parametrize("where", POINTS)
async def test_killed_at_any_point_either_password_is_found(
    tmp_path: Path, kind: Kind, where: str
) -> None:
    def point(name: str) -> None:
        if name == where:
            raise Killed

    path = tmp_path / "passwords.json"
    async with running_device(settings=SETTINGS, services=SERVICES) as (device, _):
        with pytest.raises(Killed):
            await Renewer(caller(device), FileVault(path), point=point).renew(
                kind, Secret("Neu-4711-x")
            )
        vault = FileVault(path)
        entry = vault.find(device.address, kind)
        assert entry is not None
        known = {secret.reveal() for secret in (entry.new, entry.old) if secret}
        assert device.store[KEYS[kind]] in known
        credentials = Credentials((Scoped(("*",), LOGIN),), Overlay(vault))
        if entry.state is State.SENDING:
            with pytest.raises(Unfinished):
                credentials.for_device(device.address)
        await Renewer(caller(device), vault).recover(entry)
        login = credentials.for_device(device.address)
        assert login is not None
        await lets_in(device, kind, login)
        assert device.journal.counts["failed_logins"] == (where == "sending")
        assert device.journal.writes.get(KEYS[kind], 0) <= 1


async def test_a_password_that_the_device_refuses_changes_nothing(tmp_path: Path) -> None:
    vault = FileVault(tmp_path / "passwords.json")
    strict: dict[str, Value] = {**SETTINGS, "password.minimum-length": 30}
    async with running_device(settings=strict, services=SERVICES) as (device, _):
        outcome, _, _ = await Renewer(caller(device), vault).renew(
            Kind.REMOTE_UI, Secret("Neu-4711-x")
        )
        assert outcome is Renewed.REFUSED
        assert vault.all() == ()
        assert device.store["admin.password"] == "7654321"
        await lets_in(device, Kind.REMOTE_UI, LOGIN)


async def test_no_new_password_goes_over_a_readable_way(tmp_path: Path) -> None:
    assert LOGIN.web is not None
    plain = replace(LOGIN, web=replace(LOGIN.web, plaintext=True))
    vault = FileVault(tmp_path / "passwords.json")
    async with running_device(services=["http"]) as (device, _):
        with pytest.raises(SettingRefused, match="no TLS"):
            await Renewer(caller(device, plain), vault).renew(Kind.REMOTE_UI, Secret("Neu-4711-x"))
        assert vault.all() == ()
        assert device.journal.counts["failed_logins"] == 0


async def test_a_first_policy_password_is_set_in_the_same_way(tmp_path: Path) -> None:
    vault = FileVault(tmp_path / "passwords.json")
    settings: dict[str, Value] = {"remote-ui.tls.enabled": True}
    async with running_device(settings=settings, services=SERVICES) as (device, _):
        login = replace(LOGIN, policy=None)
        outcome, why, _ = await Renewer(caller(device, login), vault).renew(
            Kind.POLICY, Secret("Neu-4711-x")
        )
        assert outcome is Renewed.DONE, why
        assert device.store["policy.password"] == "Neu-4711-x"


@pytest.mark.parametrize(
    ("first", "second"),
    [(Kind.REMOTE_UI, Kind.POLICY), (Kind.AUTHENTICATION, Kind.ENCRYPTION)],
)
async def test_a_change_is_recovered_with_the_other_kept_passwords(
    tmp_path: Path, first: Kind, second: Kind
) -> None:
    def point(name: str) -> None:
        if name == "sent":
            raise Killed

    vault = FileVault(tmp_path / "passwords.json")
    credentials = Credentials((Scoped(("*",), LOGIN),), Overlay(vault))
    async with running_device(settings=SETTINGS, services=SERVICES) as (device, _):
        assert (await Renewer(caller(device), vault).renew(first, Secret("One-4711-x")))[0] is (
            Renewed.DONE
        )
        login = credentials.for_device(device.address)
        assert login is not None
        with pytest.raises(Killed):
            await Renewer(caller(device, login), vault, point=point).renew(
                second, Secret("Two-4711-x")
            )
        entry = vault.find(device.address, second)
        assert entry is not None
        beside = caller(device, login_beside(vault, entry, LOGIN))
        assert await Renewer(beside, vault).recover(entry) == (Renewed.DONE, "")
        whole = credentials.for_device(device.address)
        assert whole is not None
        await lets_in(device, second, whole)
        assert device.journal.counts["failed_logins"] == 0
