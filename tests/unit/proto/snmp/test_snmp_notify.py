"""Traps and informs, built and received, honest and forged."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import pytest
from tests.unit.proto.snmp.agent import ENGINE_ID, USER, Network

from frisket.errors import Silent, UsageError, WireError
from frisket.proto.snmp.credential import Community, Credential, UserCredential
from frisket.proto.snmp.errors import Forged, UnknownUser
from frisket.proto.snmp.inform import Informer
from frisket.proto.snmp.notify import (
    Heard,
    Notification,
    Receiver,
    build_trap_v1,
    build_trap_v2c,
    build_trap_v3,
    read_notification,
    trap_name,
)
from frisket.proto.snmp.wire import (
    CommunityMessage,
    Integer,
    IpAddress,
    Kind,
    Level,
    OctetString,
    Pdu,
    TimeTicks,
    TrapV1Pdu,
    VarBind,
    Version,
    encode_message,
)
from frisket.proto.snmp.wire.crypto import Auth, LocalKeys, User
from frisket.proto.snmp.wire.usm import MAX_BOOTS, Engine

OWN = b"\x80receiver"
ALERT = (1, 3, 6, 1, 2, 1, 43, 18, 2, 0, 1)  # Printer-MIB printerV2Alert
VARBINDS: tuple[VarBind, ...] = (((1, 3, 6, 1, 2, 1, 43, 18, 1, 1, 2, 1, 1), Integer(3)),)
GUEST = User("guest")
DEVICE = Engine(ENGINE_ID, 3, 1000)


class Clock:
    """A clock that is set by hand."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def receiver(clock: Clock | None = None) -> Receiver:
    """Return a receiver that knows a community and two users."""
    return Receiver(
        engine_id=OWN,
        boots=2,
        clock=clock or Clock(),
        random=Random(1),
        communities=["public", "traps"],
        users=[USER, GUEST],
    )


def trap(user: User = USER, engine: Engine = DEVICE, **options: Any) -> bytes:
    """Build a v3 trap."""
    fields: dict[str, Any] = {"trap": ALERT, "uptime": 500, "request_id": 8, "salt": 1}
    return build_trap_v3(user, engine, LocalKeys(), varbinds=VARBINDS, **{**fields, **options})


def test_trap_of_version_1() -> None:
    data = build_trap_v1(
        "traps",
        enterprise=(1, 3, 6, 1, 4, 1, 1602),
        agent_address=IpAddress(b"\xc0\x00\x02\x01"),
        generic=6,
        specific=7,
        uptime=500,
        varbinds=VARBINDS,
    )
    assert receiver().hear(data) == Heard(
        Notification(
            version=Version.V1,
            confirmed=False,
            trap=(1, 3, 6, 1, 4, 1, 1602, 0, 7),
            uptime=500,
            varbinds=VARBINDS,
            community=b"traps",
            enterprise=(1, 3, 6, 1, 4, 1, 1602),
            agent_address="192.0.2.1",
        )
    )


def test_names_of_generic_traps() -> None:
    # RFC 3584 section 3.1, case 2: linkDown is generic 2 and snmpTraps.3
    pdu = TrapV1Pdu((1, 3, 6), IpAddress(bytes(4)), 2, 0, TimeTicks(0))
    assert trap_name(pdu) == (1, 3, 6, 1, 6, 3, 1, 1, 5, 3)
    for generic, specific in ((7, 0), (-1, 0), (6, -1)):
        with pytest.raises(WireError):
            trap_name(replace(pdu, generic=generic, specific=specific))


def test_trap_of_version_2c() -> None:
    data = build_trap_v2c("public", trap=ALERT, uptime=500, request_id=8, varbinds=VARBINDS)
    heard = receiver().hear(data)
    assert heard.reply is None
    assert heard.notification == Notification(
        Version.V2C, False, ALERT, 500, VARBINDS, community=b"public"
    )
    assert "public" not in repr(heard)
    with pytest.raises(Forged):
        receiver().hear(build_trap_v2c("other", trap=ALERT, uptime=5, request_id=8))


@pytest.mark.parametrize("user", [USER, GUEST])
def test_trap_of_version_3(user: User) -> None:
    heard = receiver().hear(trap(user, context="Jetdirect"))
    assert heard.reply is None
    assert heard.notification == Notification(
        Version.V3,
        False,
        ALERT,
        500,
        VARBINDS,
        level=Level.PRIVATE if user is USER else Level.PLAIN,
        user=user.name,
        engine_id=ENGINE_ID,
        context=b"Jetdirect",
    )


@pytest.mark.parametrize(
    "user",
    [
        User("nobody"),
        User("root"),
        replace(USER, priv=None, priv_password=""),
        replace(USER, auth_password="thyme"),
        replace(USER, auth=Auth.MD5),
        replace(USER, name="guest"),
    ],
)
def test_forged_traps(user: User) -> None:
    with pytest.raises(Forged):
        receiver().hear(trap(user))


def test_a_flipped_bit_anywhere() -> None:
    data = trap()
    listening = receiver()
    for at in range(len(data)):
        with pytest.raises((WireError, Forged)):
            listening.hear(data[:at] + bytes((data[at] ^ 0x10,)) + data[at + 1 :])
    assert listening.hear(data).notification


def test_old_traps_are_refused() -> None:
    clock = Clock()
    listening = receiver(clock)
    old = trap()
    assert listening.hear(old).notification
    assert listening.hear(trap(engine=replace(DEVICE, time=900))).notification
    clock.now += 140
    assert listening.hear(old).notification
    clock.now += 11
    with pytest.raises(Forged, match="window"):
        listening.hear(old)
    assert listening.hear(trap(engine=replace(DEVICE, boots=4, time=0))).notification
    with pytest.raises(Forged, match="window"):
        listening.hear(trap(engine=replace(DEVICE, time=9999)))
    with pytest.raises(Forged, match="boots"):
        listening.hear(trap(engine=Engine(b"worn out", MAX_BOOTS, 5)))


@pytest.mark.parametrize(
    "credential", [Community("public"), UserCredential(USER), UserCredential(GUEST)]
)
async def test_informs_are_acknowledged(credential: Credential) -> None:
    listening = receiver()
    heard: list[Notification] = []

    def respond(data: bytes) -> list[bytes]:
        judged = listening.hear(data)
        if judged.notification:
            heard.append(judged.notification)
        return [judged.reply] if judged.reply else []

    network = Network(respond)
    informer = Informer(network, credential, random=Random(1), clock=network.clock)
    await informer.inform(ALERT, 500, VARBINDS)
    assert [(n.trap, n.uptime, n.varbinds, n.confirmed) for n in heard] == [
        (ALERT, 500, VARBINDS, True)
    ]
    with pytest.raises(UsageError):
        await informer.get([ALERT])


async def test_informs_of_others() -> None:
    listening = receiver()
    network = Network(lambda data: [reply] if (reply := listening.hear(data).reply) else [])
    unknown = UserCredential(replace(USER, name="nobody"))
    with pytest.raises(UnknownUser):
        await Informer(network, unknown, random=Random(1), clock=network.clock).inform(ALERT, 1)
    weak = UserCredential(replace(USER, priv=None, priv_password=""))
    with pytest.raises(Forged):
        await Informer(network, weak, random=Random(1), clock=network.clock).inform(ALERT, 1)
    silent = Network(lambda _: [])
    informer = Informer(silent, Community("public"), random=Random(1), clock=silent.clock)
    with pytest.raises(Silent):
        await informer.inform(ALERT, 1)
    assert len(silent.sent) == 3


def test_what_is_no_notification() -> None:
    for pdu in (
        Pdu(Kind.GET, 1),
        Pdu(Kind.TRAP, 1),
        Pdu(Kind.TRAP, 1, 0, 0, (((1, 3, 6), TimeTicks(1)), ((1, 3, 6), OctetString(b"")))),
    ):
        with pytest.raises(WireError):
            read_notification(pdu)
    old = TrapV1Pdu((1, 3, 6), IpAddress(bytes(4)), 2, 0, TimeTicks(0))
    with pytest.raises(WireError):
        receiver().hear(encode_message(CommunityMessage(Version.V2C, b"public", old)))
    with pytest.raises(WireError):
        receiver().hear(b"garbage")


def test_traps_and_informs_name_the_right_engine() -> None:
    with pytest.raises(WireError, match="own engine"):
        receiver().hear(trap(engine=Engine(OWN, 2, 0)))
