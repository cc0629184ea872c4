"""Manager, agent codec and notifications against net-snmp, in every pair of algorithms."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from tests.peers.snmp_endpoint import dialer, serve
from tests.peers.snmpd import (
    AUTH_NAMES,
    NOBODY,
    ONLY_AUTH,
    PAIRS,
    PRIV_NAMES,
    SUBTREE,
    TABLE,
    Snmpd,
    create_user,
    environment,
    free_port,
    running,
    snmpd,
    user,
)
from tests.unit.proto.snmp.agent import Agent

from frisket.errors import FrisketError, Silent
from frisket.proto.snmp.client import Manager
from frisket.proto.snmp.credential import Community, Credential, UserCredential
from frisket.proto.snmp.errors import (
    LevelRefused,
    StatusError,
    UnknownUser,
    WrongKey,
)
from frisket.proto.snmp.inform import Informer
from frisket.proto.snmp.notify import (
    Notification,
    Receiver,
    build_trap_v1,
    build_trap_v2c,
    build_trap_v3,
)
from frisket.proto.snmp.wire import (
    NO_SUCH_INSTANCE,
    NO_SUCH_OBJECT,
    Counter32,
    Counter64,
    ErrorStatus,
    Gauge32,
    Integer,
    IpAddress,
    Level,
    ObjectIdentifier,
    OctetString,
    Oid,
    TimeTicks,
    Value,
    Version,
    format_oid,
)
from frisket.proto.snmp.wire.crypto import Auth, LocalKeys, Priv, User
from frisket.proto.snmp.wire.usm import Engine
from frisket.proto.snmp.write import Writer

pytestmark = [pytest.mark.peer("snmpd"), pytest.mark.peer("snmp"), pytest.mark.peer("snmptrapd")]

SYS_DESCR: Oid = (1, 3, 6, 1, 2, 1, 1, 1, 0)
ALERT: Oid = (1, 3, 6, 1, 2, 1, 43, 18, 2, 0, 1)
DEVICE = Engine(bytes.fromhex("8000137001c0000201"), 3, 1000)
EVERY_VERSION = [
    Community("public", Version.V1),
    Community("public"),
    UserCredential(NOBODY),
    UserCredential(ONLY_AUTH),
    UserCredential(user(Auth.SHA256, Priv.AES256)),
]


def pair_name(value: object) -> str:
    """Name a pair for the test's id."""
    return value.name if isinstance(value, Auth | Priv) else str(value)


@pytest.fixture(scope="module")
def agent() -> Iterator[Snmpd]:
    """Run one snmpd for all tests."""
    with snmpd() as running_agent:
        yield running_agent


async def open_manager(agent: Snmpd, credential: Credential) -> Manager:
    """Open a manager to the agent."""
    return await Manager.open(dialer(agent.port), credential, timeouts=(5.0, 5.0))


@pytest.mark.parametrize(("auth", "priv"), PAIRS, ids=pair_name)
async def test_manager_in_every_pair(agent: Snmpd, auth: Auth, priv: Priv) -> None:
    async with await open_manager(agent, UserCredential(user(auth, priv))) as manager:
        assert await manager.get([SYS_DESCR]) == ((SYS_DESCR, OctetString(b"Peer of the tests")),)
        walked = await manager.walk((*SUBTREE, 1))
    assert walked == tuple(((*SUBTREE, 1, i), Integer(i * 1000)) for i in range(1, TABLE + 1))


@pytest.mark.parametrize("credential", EVERY_VERSION)
async def test_manager_in_every_version(agent: Snmpd, credential: Credential) -> None:
    async with await open_manager(agent, credential) as manager:
        assert len(await manager.walk((*SUBTREE, 1))) == TABLE
        odd = dict(await manager.walk((*SUBTREE, 2)))
        values: dict[int, Value] = {
            2: Counter32(2**32 - 1),
            3: Gauge32(2**32 - 1),
            4: TimeTicks(2**32 - 1),
            6: ObjectIdentifier((1, 3, 6, 1, 4, 1, 2**32 - 1)),
            7: Integer(-(2**31)),
            8: OctetString(b"text"),
        }
        assert odd == {(*SUBTREE, 2, i): value for i, value in values.items()}
        assert {type(v) for v in odd.values()} == {type(v) for v in values.values()}
        missing = [(*SUBTREE, 99), (1, 3, 6, 1, 2, 1, 1, 1, 5)]
        found = await manager.get([*missing, SYS_DESCR])
        assert [oid for oid, _ in found] == [*missing, SYS_DESCR]
        assert {found[0][1], found[1][1]} <= {NO_SUCH_OBJECT, NO_SUCH_INSTANCE}
        assert found[2][1] == b"Peer of the tests"


async def test_types_of_a_real_agent(agent: Snmpd) -> None:
    loopback: Oid = (1, 3, 6, 1, 2, 1, 4, 20, 1, 1, 127, 0, 0, 1)
    octets: Oid = (1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 6)
    async with await open_manager(agent, Community("public")) as manager:
        found = await manager.get([loopback])
        assert found == ((loopback, IpAddress(b"\x7f\0\0\1")),)
        counters = await manager.walk(octets)
        assert counters
        assert all(type(value) is Counter64 for _, value in counters)
        system = await manager.walk((1, 3, 6, 1, 2, 1, 1))
        assert [oid for oid, _ in system] == sorted(oid for oid, _ in system)


@pytest.mark.parametrize("credential", EVERY_VERSION[1:])
async def test_large_datagrams(agent: Snmpd, credential: Credential) -> None:
    names = [(*SUBTREE, 4, i) for i in range(1, 61)]
    datagrams = await dialer(agent.port).udp(161)
    manager = Manager(
        datagrams, credential, random=Random(1), per_request=60, repetitions=100, timeouts=(0.5, 5)
    )
    found = await manager.get(names)
    assert [value for _, value in found] == [OctetString(b"x" * 900)] * 60
    walked = await manager.walk((*SUBTREE, 4))
    assert walked[:60] == found
    assert len(walked) == 100
    manager.close()


KEEN = user(Auth.SHA1, Priv.AES256)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (replace(KEEN, name="stranger"), UnknownUser),
        (replace(KEEN, auth_password="not this one"), WrongKey),
        (replace(KEEN, auth=Auth.SHA512), WrongKey),
        # net-snmp does not answer what decrypts to nonsense.
        (replace(KEEN, priv_password="not this one"), Silent),
        (replace(KEEN, priv=Priv.AES256_CISCO), Silent),
        (replace(KEEN, name="onlyauth"), LevelRefused),
    ],
)
async def test_wrong_credentials(agent: Snmpd, wrong: User, error: type[FrisketError]) -> None:
    async with await Manager.open(
        dialer(agent.port), UserCredential(wrong), timeouts=(1.0,)
    ) as manager:
        with pytest.raises(error):
            await manager.get([SYS_DESCR])


@pytest.mark.parametrize("credential", EVERY_VERSION)
async def test_set_and_read_back(agent: Snmpd, credential: Credential) -> None:
    text, number = (*SUBTREE, 3, 1), (*SUBTREE, 3, 2)
    async with await Writer.open(dialer(agent.port), credential) as writer:
        for i in range(2):
            values = ((text, OctetString(b"after %d" % i)), (number, Integer(-i)))
            assert await writer.set(values) == values
            assert await writer.get([text, number]) == values
        with pytest.raises(StatusError) as caught:
            await writer.set([(SYS_DESCR, OctetString(b"no"))])
        old = isinstance(credential, Community) and credential.version is Version.V1
        assert caught.value.status == (
            ErrorStatus.NO_SUCH_NAME if old else ErrorStatus.NOT_WRITABLE
        )


# The codec's other side: net-snmp asks an agent made of it.

MIB: dict[Oid, Value] = {
    **{(*SUBTREE, 1, i): Integer(i) for i in range(1, 101)},
    (*SUBTREE, 2, 0): OctetString(b"words"),
    (*SUBTREE, 2, 1): Counter64(2**64 - 1),
    (*SUBTREE, 2, 2): IpAddress(b"\xc0\x00\x02\x01"),
}
ROOT = format_oid(SUBTREE)


def our_agent() -> Agent:
    """Return an agent with all users."""
    users = [NOBODY, ONLY_AUTH, *(user(*pair) for pair in PAIRS)]
    return Agent(dict(MIB), {who.name.encode(): who for who in users})


def options(who: User) -> list[str]:
    """Return the options of net-snmp's tools for a user."""
    words = ["-v3", "-u", who.name]
    words += [
        "-l",
        {0: "noAuthNoPriv", 1: "authNoPriv", 2: "authPriv"}[bool(who.auth) + bool(who.priv)],
    ]
    if who.auth:
        words += ["-a", AUTH_NAMES[who.auth], "-A", who.auth_password]
    if who.priv:
        words += ["-x", PRIV_NAMES[who.priv], "-X", who.priv_password]
    return words


async def run(folder: Path, program: str, *arguments: str) -> str:
    """Run a tool of net-snmp and return all it says."""
    process = await asyncio.create_subprocess_exec(
        program,
        *arguments,
        env=environment(folder),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await process.communicate()
    return out.decode()


TOOL = ("-On", "-t", "2", "-r", "0")


@pytest.mark.parametrize(("auth", "priv"), PAIRS, ids=pair_name)
async def test_net_snmp_asks_in_every_pair(tmp_path: Path, auth: Auth, priv: Priv) -> None:
    async with serve(our_agent()) as port:
        who = options(user(auth, priv))
        out = await run(tmp_path, "snmpbulkwalk", *TOOL, *who, f"127.0.0.1:{port}", ROOT)
    lines = out.splitlines()
    assert lines[:2] == [f".{ROOT}.1.1 = INTEGER: 1", f".{ROOT}.1.2 = INTEGER: 2"]
    assert lines[100:103] == [
        f'.{ROOT}.2.0 = STRING: "words"',
        f".{ROOT}.2.1 = Counter64: 18446744073709551615",
        f".{ROOT}.2.2 = IpAddress: 192.0.2.1",
    ]


@pytest.mark.parametrize(
    ("who", "said"),
    [
        (["-v1", "-c", "public"], "words"),
        (["-v2c", "-c", "public"], "words"),
        (options(NOBODY), "words"),
        (options(ONLY_AUTH), "words"),
        (options(replace(KEEN, name="stranger")), "Unknown user name"),
        (options(replace(KEEN, auth_password="not this one")), "Authentication failure"),
        (options(replace(KEEN, priv_password="not this one")), "Decryption error"),
        (options(replace(KEEN, name="onlyauth")), "Unsupported security level"),
        ([*options(KEEN), "-Z", "3,10", "-r", "1"], "words"),
    ],
)
async def test_net_snmp_understands_the_agent(tmp_path: Path, who: list[str], said: str) -> None:
    async with serve(our_agent()) as port:
        out = await run(tmp_path, "snmpget", *TOOL, *who, f"127.0.0.1:{port}", f"{ROOT}.2.0")
    assert said in out


async def test_net_snmp_sets(tmp_path: Path) -> None:
    agent = our_agent()
    async with serve(agent) as port:
        words = [f"127.0.0.1:{port}", f"{ROOT}.2.0", "s", "new words"]
        await run(tmp_path, "snmpset", *TOOL, *options(KEEN), *words)
    assert agent.mib[(*SUBTREE, 2, 0)] == OctetString(b"new words")


# Notifications, both ways.


async def test_snmptrapd_takes_traps_and_informs(tmp_path: Path) -> None:
    port = free_port()
    users = [ONLY_AUTH, *(user(*pair) for pair in PAIRS)]
    lines = ["authCommunity log public"]
    for who in users:
        lines += [create_user(who, DEVICE.engine_id), create_user(who)]
        lines.append(f"authUser log {who.name} {'priv' if who.priv else 'auth'}")
    (tmp_path / "trapd.conf").write_text("\n".join(lines) + "\n", encoding="utf-8")
    arguments = ["-f", "-Lo", "-C", "-c", "trapd.conf", "-On", "-m", "", "-p", "pid"]
    arguments += ["-F", "%v\n", f"udp:127.0.0.1:{port}"]

    def said(text: str) -> tuple[tuple[Oid, Value], ...]:
        return (((*SUBTREE, 1), OctetString(f"from {text}.".encode())),)

    with running("snmptrapd", arguments, tmp_path, port) as log:
        datagrams = await dialer(port).udp(162)
        await datagrams.send(
            build_trap_v1(
                "public",
                enterprise=SUBTREE,
                agent_address=IpAddress(b"\x7f\0\0\1"),
                generic=6,
                specific=1,
                uptime=5,
                varbinds=said("v1"),
            )
        )
        plain = build_trap_v2c("public", trap=ALERT, uptime=5, request_id=1, varbinds=said("v2c"))
        await datagrams.send(plain)
        keys = LocalKeys()
        for number, who in enumerate(users):
            await datagrams.send(
                build_trap_v3(
                    who,
                    DEVICE,
                    keys,
                    trap=ALERT,
                    uptime=5,
                    request_id=number,
                    salt=number,
                    varbinds=said(who.name),
                )
            )
        datagrams.close()
        credentials: list[Credential] = [
            Community("public"),
            *(UserCredential(who) for who in users),
        ]
        for credential in credentials:
            name = credential.user.name if isinstance(credential, UserCredential) else "v2c"
            async with await Informer.open(dialer(port), credential, port=162) as informer:
                await informer.inform(ALERT, 5, said(f"inform-{name}"))
    logged = log.read_text(errors="replace")
    expected = ["v1", "v2c", "inform-v2c"]
    for who in users:
        expected += [who.name, f"inform-{who.name}"]
    assert [text for text in expected if f'"from {text}."' not in logged] == [], logged[-2000:]


def ear(heard: list[Notification], users: list[User]) -> Receiver:
    """Return a receiver."""
    return Receiver(
        engine_id=b"\x80\x00\x1f\x88\x04receiver",
        boots=1,
        clock=asyncio.get_running_loop().time,
        random=Random(1),
        communities=["public"],
        users=users,
    )


async def send_notification(
    folder: Path, users: list[User], *arguments: str
) -> tuple[list[Notification], str]:
    """Run snmptrap or snmpinform against a receiver: what it heard, and what the tool said."""
    heard: list[Notification] = []
    receiver = ear(heard, users)
    arrived = asyncio.Event()

    def respond(data: bytes) -> list[bytes]:
        judged = receiver.hear(data)
        if judged.notification:
            heard.append(judged.notification)
            arrived.set()
        return [judged.reply] if judged.reply else []

    async with serve(respond) as port:
        words = [word.replace("PORT", str(port)) for word in arguments]
        out = await run(folder, *words)
        await asyncio.wait_for(arrived.wait(), 5)
    return heard, out


WHAT = ("127.0.0.1:PORT", "500", format_oid(ALERT), f"{ROOT}.1", "s", "hello")


@pytest.mark.parametrize("program", ["snmptrap", "snmpinform"])
@pytest.mark.parametrize(
    "who", [None, NOBODY, ONLY_AUTH, KEEN, user(Auth.SHA384, Priv.AES192_CISCO)]
)
async def test_we_hear_net_snmp(tmp_path: Path, program: str, who: User | None) -> None:
    words = options(who) if who else ["-v2c", "-c", "public"]
    if who and program == "snmptrap":
        words += ["-e", f"0x{DEVICE.engine_id.hex()}", "-Z", "3,1000"]
    users = [who] if who else []
    heard, out = await send_notification(
        tmp_path, users, program, "-t", "2", "-r", "0", *words, *WHAT
    )
    assert out == ""
    (notification,) = heard
    assert notification.trap == ALERT
    assert notification.uptime == 500
    assert notification.varbinds == (((*SUBTREE, 1), OctetString(b"hello")),)
    assert notification.confirmed == (program == "snmpinform")
    if who:
        assert notification.user == who.name
        level = Level.PRIVATE if who.priv else Level.AUTHENTIC if who.auth else Level.PLAIN
        assert notification.level is level


async def test_we_hear_version_1(tmp_path: Path) -> None:
    words = [
        "snmptrap",
        "-v1",
        "-c",
        "public",
        "127.0.0.1:PORT",
        ROOT,
        "192.0.2.9",
        "6",
        "17",
        "500",
    ]
    heard, _ = await send_notification(tmp_path, [], *words)
    assert [(n.trap, n.agent_address, n.uptime) for n in heard] == [
        ((*SUBTREE, 0, 17), "192.0.2.9", 500)
    ]
