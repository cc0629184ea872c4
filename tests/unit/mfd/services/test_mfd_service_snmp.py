"""The SNMP port of a running device: open while a version is on, and answering our manager."""

from __future__ import annotations

import random

import pytest
from tests.lab import make_device, running_device

from frisket.errors import Refused, Silent
from frisket.mfd.device import Device
from frisket.mfd.mib.access import users
from frisket.mfd.mib.standin import SETTING_ENTRY, VALUE, index_of
from frisket.mfd.service import Port
from frisket.mfd.services.snmp import SERVICE
from frisket.model.target import Target
from frisket.net.budget import Budget, Limits
from frisket.net.dial import SocketDialer
from frisket.proto.snmp.client import Manager
from frisket.proto.snmp.credential import Community, Credential, UserCredential
from frisket.proto.snmp.wire import OctetString, Version
from frisket.proto.snmp.write import Writer

NAME = (1, 3, 6, 1, 2, 1, 1, 5, 0)
PUBLIC = Community("public", Version.V1)
QUICK = Limits(packets_per_second=0)


def dialer(device: Device) -> SocketDialer:
    target = Target(device.address, ports={161: device.port(161)})
    return SocketDialer(target, Budget(QUICK), source=random.Random(7))


async def manager(device: Device, credential: Credential) -> Manager:
    return await Manager.open(dialer(device), credential, timeouts=(0.3,))


@pytest.mark.parametrize(
    ("v1", "v3", "listens"),
    [(True, False, True), (False, True, True), (True, True, True), (False, False, False)],
)
def test_the_port_is_wanted_while_a_version_is_on(v1: bool, v3: bool, listens: bool) -> None:
    device = make_device(settings={"snmp.v1.enabled": v1, "snmp.v3.enabled": v3})
    assert SERVICE.ports(device) == ((Port(161, "udp"),) if listens else ())


async def test_our_manager_reads_it_and_the_port_closes_with_its_setting() -> None:
    async with running_device(services=["snmp"]) as (device, host):
        async with await manager(device, PUBLIC) as asked:
            assert await asked.get([NAME]) == ((NAME, OctetString(device.name.encode())),)
        assert host.ports() == {"snmp": device.port(161)}
        device.store.set("snmp.v1.enabled", value=False, actor="test", via="lab")
        await host.settled()
        async with await manager(device, PUBLIC) as asked:
            with pytest.raises((Refused, Silent)):
                await asked.get([NAME])


async def test_our_manager_writes_a_setting_as_the_device_user() -> None:
    async with running_device(settings={"snmp.v3.enabled": True}, services=["snmp"]) as (device, _):
        user = users(device)[b"initial"]
        key = (*SETTING_ENTRY, VALUE, *index_of("slp.scope"))
        writer = await Writer.open(dialer(device), UserCredential(user), timeouts=(1.0,))
        async with writer:
            await writer.set([(key, OctetString(b"floor-2"))])
            assert await writer.get([key]) == ((key, OctetString(b"floor-2")),)
        assert device.store["slp.scope"] == "floor-2"
