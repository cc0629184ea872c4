"""Asks an agent in memory: by community, or as its SNMPv3 user."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.lab import make_device

from frisket.mfd.mib.access import users
from frisket.mfd.mib.agent import Agent
from frisket.mfd.mib.standin import SETTING_ENTRY, VALUE, index_of
from frisket.model.reading import Value as SettingValue
from frisket.proto.snmp.wire import (
    NULL,
    CommunityMessage,
    ErrorStatus,
    Kind,
    Level,
    OctetString,
    Oid,
    Pdu,
    SecureMessage,
    Value,
    VarBind,
    Version,
    decode_message,
    encode_message,
    encode_pdu,
    encode_scoped,
)
from frisket.proto.snmp.wire.crypto import LocalKeys, User, localize
from frisket.proto.snmp.wire.usm import seal, unseal


@dataclass
class Clock:
    """Monotonic seconds that only a test moves."""

    at: float = 1000.0

    def __call__(self) -> float:
        return self.at


def value_of(key: str) -> Oid:
    """Return the object identifier of a setting's value in the stand-in branch."""
    return (*SETTING_ENTRY, VALUE, *index_of(key))


def nulls(oids: Sequence[Oid]) -> tuple[VarBind, ...]:
    return tuple((oid, NULL) for oid in oids)


@dataclass
class Asker:
    """An agent, and ways to ask it."""

    agent: Agent
    number: int = 0
    context: bytes = b""

    def community(
        self, pdu: Pdu, name: bytes = b"public", version: Version = Version.V1
    ) -> Pdu | None:
        """Ask with a community; None is silence."""
        reply = self.agent.respond(encode_message(CommunityMessage(version, name, pdu)))
        if reply is None:
            return None
        message = decode_message(reply)
        assert isinstance(message, CommunityMessage)
        assert message.version is version
        assert message.community == name
        assert isinstance(message.pdu, Pdu)
        return message.pdu

    def user(
        self, pdu: Pdu, level: Level = Level.PRIVATE, user: User | None = None, **header: Any
    ) -> Pdu | None:
        """Ask as the SNMPv3 user set on the device, or another; None is silence."""
        memory = self.agent.memory
        asked = user or users(self.agent.device)[b"initial"]
        keys = localize(asked, memory.engine_id)
        self.number += 1
        body = encode_scoped(memory.engine_id, self.context, encode_pdu(pdu))
        fields: dict[str, Any] = {
            "msg_id": self.number,
            "level": level,
            "reportable": True,
            "engine_id": memory.engine_id,
            "boots": memory.boots,
            "time": self.agent.engine.time,
            "user": asked.name.encode(),
            "body": body,
        }
        reply = self.agent.respond(seal(SecureMessage(**{**fields, **header}), keys, self.number))
        if reply is None:
            return None
        message = decode_message(reply)
        assert isinstance(message, SecureMessage)
        assert message.msg_id == self.number
        scoped = unseal(reply, message, keys)
        answer = getattr(scoped, "pdu", None)
        assert isinstance(answer, Pdu), scoped
        return answer

    def get(self, *oids: Oid) -> list[Value]:
        """Return values by GET with the community `public`."""
        answer = self.community(Pdu(Kind.GET, 1, varbinds=nulls(oids)))
        assert answer is not None
        assert answer.error_status == 0, ErrorStatus(answer.error_status).name
        return [value for _, value in answer.varbinds]

    def community_value(self, oid: Oid) -> Value | None:
        """Return one value by GET with the community `public`; None where it is not there."""
        answer = self.community(Pdu(Kind.GET, 1, varbinds=nulls([oid])))
        assert answer is not None
        return None if answer.error_status else answer.varbinds[0][1]

    def set(self, varbinds: Mapping[Oid, Value], **how: Any) -> tuple[ErrorStatus, int]:
        """SET as the SNMPv3 user; return status and index."""
        answer = self.user(Pdu(Kind.SET, 2, varbinds=tuple(varbinds.items())), **how)
        assert answer is not None
        return ErrorStatus(answer.error_status), answer.error_index

    def set_keys(self, values: Mapping[str, str], **how: Any) -> tuple[ErrorStatus, int]:
        """SET settings of the stand-in branch."""
        texts = {value_of(key): OctetString(text.encode()) for key, text in values.items()}
        return self.set(texts, **how)


@dataclass
class Bench:
    """How an asker is made for a test; `clock` is the device's."""

    clock: Clock = field(default_factory=Clock)

    def asker(
        self,
        personality: str = "iradv-c5535",
        settings: Mapping[str, SettingValue] | None = None,
        **more: Any,
    ) -> Asker:
        wanted = {"snmp.v3.enabled": True, **(settings or {})}
        device = make_device(personality, wanted, clock=self.clock, **more)
        return Asker(Agent(device, LocalKeys(), Random(1)))
