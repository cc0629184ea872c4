"""A small agent in memory, and a network that carries datagrams to it and back."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from frisket.errors import Silent
from frisket.proto.snmp.client import Manager
from frisket.proto.snmp.credential import Community, Credential, UserCredential
from frisket.proto.snmp.wire import (
    END_OF_MIB_VIEW,
    NO_SUCH_OBJECT,
    CommunityMessage,
    ErrorStatus,
    Integer,
    Kind,
    OctetString,
    Oid,
    Pdu,
    Value,
    VarBind,
    Version,
    decode_message,
    encode_community,
    encode_pdu,
)
from frisket.proto.snmp.wire.crypto import Auth, LocalKeys, Priv, User
from frisket.proto.snmp.wire.usm import Denied, Engine, Fault, admit, report, respond
from frisket.proto.snmp.write import Writer

ENGINE_ID = bytes.fromhex("8000137001c0000201")
ROOT: Oid = (1, 3, 6, 1, 4, 1, 1602)
MIB = {(*ROOT, 1, i): Integer(i) for i in range(1, 101)} | {(*ROOT, 2, 0): OctetString(b"end")}
USER = User("root", Auth.SHA1, "sage and onion", Priv.AES128, "rosemary")
USERS = {b"root": USER, b"guest": User("guest")}
V1 = Community("public", Version.V1)
V2C = Community("public")
V3 = UserCredential(USER)
GUEST = UserCredential(User("guest"))


@dataclass
class Agent:
    """Answers from `mib`; `largest` variables fit one answer."""

    mib: dict[Oid, Value]
    users: dict[bytes, User] = field(default_factory=dict)
    engine: Engine = field(default_factory=lambda: Engine(ENGINE_ID, 3, 1000))
    largest: int = 1000
    asked: list[Pdu] = field(default_factory=list)
    denied: list[Fault] = field(default_factory=list)
    keys: LocalKeys = field(default_factory=LocalKeys)

    def __call__(self, data: bytes) -> list[bytes]:
        """Answer one datagram."""
        message = decode_message(data)
        if isinstance(message, CommunityMessage):
            assert isinstance(message.pdu, Pdu)
            pdu = encode_pdu(self.answer(message.pdu, v1=message.version is Version.V1))
            return [encode_community(message.version, message.community, pdu)]
        verdict = admit(data, message, self.engine, self.users, self.keys)
        if isinstance(verdict, Denied):
            self.denied.append(verdict.fault)
            answer = report(verdict, self.engine, len(self.denied))
            return [answer] if answer else []
        assert isinstance(verdict.scoped.pdu, Pdu)
        pdu = encode_pdu(self.answer(verdict.scoped.pdu, v1=False))
        return [respond(verdict, self.engine, pdu, 7)]

    def answer(self, pdu: Pdu, *, v1: bool) -> Pdu:
        """Answer one PDU."""
        self.asked.append(pdu)
        found: list[VarBind] = []
        if pdu.kind is Kind.SET:
            self.mib.update(pdu.varbinds)
            found = list(pdu.varbinds)
        elif pdu.kind is Kind.GET:
            found = [(oid, self.mib.get(oid, NO_SUCH_OBJECT)) for oid, _ in pdu.varbinds]
        else:
            repetitions = pdu.max_repetitions if pdu.kind is Kind.GET_BULK else 1
            for oid, _ in pdu.varbinds:
                found += self.behind(oid, repetitions)
        if len(found) > self.largest:
            return Pdu(Kind.RESPONSE, pdu.request_id, ErrorStatus.TOO_BIG)
        for index, (_, value) in enumerate(found, 1):
            if v1 and value in (NO_SUCH_OBJECT, END_OF_MIB_VIEW):
                status = ErrorStatus.NO_SUCH_NAME
                return Pdu(Kind.RESPONSE, pdu.request_id, status, index, pdu.varbinds)
        return Pdu(Kind.RESPONSE, pdu.request_id, 0, 0, tuple(found))

    def behind(self, oid: Oid, count: int) -> list[VarBind]:
        """Return the next variables."""
        names = sorted(self.mib)
        start = bisect_right(names, oid)
        found: list[VarBind] = [(name, self.mib[name]) for name in names[start : start + count]]
        return found if len(found) == count else [*found, (oid, END_OF_MIB_VIEW)]


@dataclass
class Network:
    """Carries each datagram to `respond`; without an answer the clock jumps over the timeout."""

    respond: Callable[[bytes], Iterable[bytes]]
    now: float = 50.0
    sent: list[bytes] = field(default_factory=list)
    waiting: list[bytes] = field(default_factory=list)
    closed: bool = False

    def clock(self) -> float:
        """Return the time."""
        return self.now

    async def send(self, data: bytes) -> None:
        """Carry one datagram there, and its answers here."""
        self.sent.append(data)
        self.waiting += self.respond(data)

    async def receive(self, timeout: float) -> bytes:
        """Return the next datagram."""
        if self.waiting:
            return self.waiting.pop(0)
        self.now += timeout
        raise Silent

    def close(self) -> None:
        """Close."""
        self.closed = True


def manager(
    credential: Credential, respond: Callable[[bytes], Iterable[bytes]], **options: Any
) -> tuple[Manager, Network]:
    """Return a manager and the network it uses."""
    network = Network(respond)
    timeouts = options.pop("timeouts", (1.0, 1.0))
    made = Writer(
        network, credential, random=Random(1), clock=network.clock, timeouts=timeouts, **options
    )
    return made, network
