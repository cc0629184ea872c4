"""The first words with a device: in which version, and in which context, it answers."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from frisket.drivers.access.snmp import learn_engine
from frisket.drivers.base import Pin
from frisket.drivers.credential import Login
from frisket.errors import FrisketError
from frisket.net.dial import Dialer
from frisket.probe.snmp_identity import PUBLIC, SYS_OBJECT_ID
from frisket.proto.snmp.client import Manager
from frisket.proto.snmp.credential import Community, Credential
from frisket.proto.snmp.errors import StatusError
from frisket.proto.snmp.wire.message import Version
from frisket.telemetry.acquaintance import V1, V2C, V3, Acquaintance, Clock
from frisket.telemetry.wake import Quiet

AWAKE: Final = (2.0, 3.0, 5.0)  # seconds for each attempt, once it has answered
_VERSIONS: Final = {V1: Version.V1, V2C: Version.V2C}
_NAMES: Final = {version: name for name, version in _VERSIONS.items()}
_SECOND_VERSION: Final = 1.0  # seconds that SNMPv2c may come after SNMPv1, of a device awake
_SHARES: Final = (0.07, 0.13, 0.3, 0.5)  # of the patience, for each attempt of the first contact
_USUAL: Final = 4.0  # times the learned latency, after which an answer is late
_LEAST: Final = 0.5  # seconds


@dataclass(frozen=True, slots=True)
class Access:
    """How a device is asked. `patience`: seconds for the first answer, which may have to wake it.

    A `login` with a user is SNMPv3, and is shown only to the engine that it or `known` names.
    `context` is its SNMPv3 context; where it is empty, the poll tables' contexts are tried.
    In the hours of `quiet` a device is woken once, if at all. `ipp` is never, fill (where SNMP is
    silent or leaves a level open) or always.
    """

    community: str = field(default=PUBLIC, repr=False)
    login: Login | None = None
    known: Pin = field(default_factory=Pin)
    patience: float = 30.0
    context: str = ""
    quiet: Quiet | None = None
    ipp: Literal["never", "fill", "always"] = "fill"


class OtherDevice(FrisketError):
    """Another device answers at this address."""


@dataclass(slots=True)
class Contact:
    """An open manager, the version it speaks, and the seconds until the device first answered.

    `waited` is None where nothing has been asked yet: the acquaintance knew the version.
    """

    manager: Manager
    via: str
    context: str = ""
    waited: float | None = None


async def open_contact(dialer: Dialer, access: Access, met: Acquaintance) -> Contact:
    """Return a way to the device. Raises `LinkError`, `OtherDevice`, and what a login meets."""
    if access.login is not None and access.login.user:
        return await _open_user(dialer, access, access.login, met)
    version = _VERSIONS.get(met.via) if not met.silences else None
    if version is not None:
        credential = Community(access.community, version)
        manager = await Manager.open(dialer, credential, timeouts=patience(access, met))
        return Contact(manager, met.via)
    return await _negotiate(dialer, access)


def patience(access: Access, met: Acquaintance) -> tuple[float, ...]:
    """Return the seconds for each attempt of the first question: soon again where it is quick."""
    first, *rest = (access.patience * share for share in _SHARES)
    if met.latency:
        first = min(first, max(_USUAL * met.latency, _LEAST))
    return (first, *rest)


async def _negotiate(dialer: Dialer, access: Access) -> Contact:
    """Ask in SNMPv1 and SNMPv2c at once, so that a sleeper is waited for once."""
    began = time.monotonic()
    seconds = tuple(access.patience * share for share in _SHARES)
    asked = {
        version: asyncio.create_task(_answers(dialer, access.community, version, seconds))
        for version in (Version.V1, Version.V2C)
    }
    try:
        version, waited = await _first(asked, began)
    finally:
        for task in asked.values():
            task.cancel()
        await asyncio.gather(*asked.values(), return_exceptions=True)
    manager = await Manager.open(dialer, Community(access.community, version), timeouts=AWAKE)
    return Contact(manager, _NAMES[version], waited=waited)


async def _first(asked: dict[Version, asyncio.Task[None]], began: float) -> tuple[Version, float]:
    """Return SNMPv2c where it answers, as it reads in a tenth of the packets, else SNMPv1.

    A Canon iR-ADV answers SNMPv1 and is silent to SNMPv2c. Raises what SNMPv1 met where neither
    answers.
    """
    older, newer = asked[Version.V1], asked[Version.V2C]
    await asyncio.wait(asked.values(), return_when=asyncio.FIRST_COMPLETED)
    waited = time.monotonic() - began
    if not newer.done():
        wait = _SECOND_VERSION if older.exception() is None else None
        await asyncio.wait({newer}, timeout=wait)
    if newer.done() and newer.exception() is None:
        return Version.V2C, waited
    await older
    return Version.V1, waited


async def _answers(
    dialer: Dialer, community: str, version: Version, timeouts: tuple[float, ...]
) -> None:
    """Return once the device answers this version. Raises `FrisketError`."""
    credential = Community(community, version)
    async with await Manager.open(dialer, credential, timeouts=timeouts) as manager:
        try:
            await manager.get([SYS_OBJECT_ID])
        except StatusError:
            return  # an agent that says no has answered


async def _open_user(dialer: Dialer, access: Access, login: Login, met: Acquaintance) -> Contact:
    """Open SNMPv3: by the engine and clock that are known, or by discovery first."""
    context = access.context or met.context
    if met.clock is not None and met.pin.engine and not met.silences:
        engine = bytes.fromhex(met.pin.engine)
        _check(login, access, met, engine)
        credential = replace(login.snmp(engine), context=context)
        manager = await Manager.open(dialer, credential, timeouts=patience(access, met))
        passed = time.monotonic() - met.clock.at
        manager.resume(engine, met.clock.boots, met.clock.time + int(passed))
        return Contact(manager, V3, context)
    began = time.monotonic()
    engine = await learn_engine(dialer, login, patience(access, met))
    waited = time.monotonic() - began
    _check(login, access, met, engine)
    credential = replace(login.snmp(engine), context=context)
    return Contact(await _discovered(dialer, credential), V3, context, waited)


def _check(login: Login, access: Access, met: Acquaintance, engine: bytes) -> None:
    for pin in (login.pin, access.known, met.pin):
        if why := pin.differs(Pin(engine=engine.hex())):
            raise OtherDevice(f"another device answers: {why}")


async def _discovered(dialer: Dialer, credential: Credential) -> Manager:
    manager = await Manager.open(dialer, credential, timeouts=AWAKE)
    try:
        await manager.discover()
    except BaseException:
        manager.close()
        raise
    return manager


async def in_context(dialer: Dialer, access: Access, contact: Contact, context: str) -> Manager:
    """Open the same SNMPv3 device in another context. Only where `contact` is SNMPv3."""
    assert access.login is not None
    engine, boots, seconds = contact.manager.engine
    credential = replace(access.login.snmp(engine), context=context)
    manager = await Manager.open(dialer, credential, timeouts=AWAKE)
    manager.resume(engine, boots, seconds)
    return manager


def clock_of(manager: Manager) -> Clock | None:
    """Return the clock of an SNMPv3 engine, for the next poll."""
    engine, boots, seconds = manager.engine
    return Clock(boots, seconds, time.monotonic()) if engine else None
