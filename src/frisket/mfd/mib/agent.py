"""One device's SNMP agent: datagrams in, datagrams out; nothing else of the device is touched."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Final

from frisket.errors import FrisketError
from frisket.mfd.auditlog import LogKind
from frisket.mfd.device import Device
from frisket.mfd.mib.access import answers, community_rights, user_rights, users
from frisket.mfd.mib.answer import answer, failed
from frisket.mfd.mib.assemble import tree_of
from frisket.mfd.mib.model import model_of
from frisket.mfd.mib.tree import Memory, Tree, View
from frisket.proto.snmp.wire import (
    CommunityMessage,
    Counter32,
    ErrorStatus,
    Kind,
    Message,
    Pdu,
    SecureMessage,
    Version,
    decode_message,
    encode_community,
    encode_pdu_parts,
    encode_varbind,
)
from frisket.proto.snmp.wire.crypto import LocalKeys
from frisket.proto.snmp.wire.usm import (
    Admitted,
    Denied,
    Engine,
    Fault,
    admit,
    report,
    respond,
)

# The stack in Canon's MFDs uses the engine IDs of enterprise 4976 (nmap's fingerprints).
_ENGINE_PREFIX: Final = bytes.fromhex("8000137003")
_UNKNOWN_CONTEXTS: Final = (1, 3, 6, 1, 6, 3, 12, 1, 5, 0)
_UNKNOWN_HANDLERS: Final = (1, 3, 6, 1, 6, 3, 11, 2, 1, 3, 0)
_BOOTS_FROM: Final = datetime(2020, 1, 1, tzinfo=UTC)
_FAILURES_PER: Final = 1.0  # seconds between two failed logins that are written down


@dataclass(slots=True)
class Agent:
    """Answers for one device. `keys` and `random` are shared by all devices of a process."""

    device: Device
    keys: LocalKeys
    random: Random
    memory: Memory = field(init=False)
    _tree: Tree | None = None
    _salt: int = field(init=False)
    _faults: Counter[str] = field(default_factory=Counter)
    _failed_at: float = field(init=False)

    def __post_init__(self) -> None:
        """Start the engine. Its boots are the seconds since 2020: they rise without being kept."""
        boots = int((self.device.now() - _BOOTS_FROM).total_seconds())
        self.memory = Memory(
            started=self.device.clock(),
            engine_id=engine_id(self.device),
            boots=max(1, boots),
            pages=self.device.counters.values[101],
        )
        self._salt = self.random.getrandbits(63)
        self._failed_at = self.device.clock() - _FAILURES_PER

    def respond(self, data: bytes) -> bytes | None:
        """Return the answer to a datagram; None for silence. Raises nothing."""
        try:
            return self._respond(data, decode_message(data))
        except FrisketError:
            # No SNMP message.
            return None

    def _respond(self, data: bytes, message: Message) -> bytes | None:
        version = message.version if isinstance(message, CommunityMessage) else Version.V3
        if not answers(self.device, version) or self.device.power.wake("snmp") > 0:
            return None
        self.memory.requests += 1
        if isinstance(message, CommunityMessage):
            return self._respond_community(message)
        return self._respond_secure(data, message)

    def _respond_community(self, message: CommunityMessage) -> bytes | None:
        rights = community_rights(self.device, message.community)
        pdu = message.pdu
        if rights is None or not isinstance(pdu, Pdu):
            self.memory.bad_communities += rights is None
            return None
        view = View(self.device, rights, self.memory)
        v1 = message.version is Version.V1
        reply = answer(self.tree, view, pdu, v1=v1)
        if reply is None:
            return None
        return encode_community(message.version, message.community, reply)

    @property
    def tree(self) -> Tree:
        """The device's variables, put together at the first question."""
        if self._tree is None:
            self._tree = tree_of(model_of(self.device))
        return self._tree

    @property
    def engine(self) -> Engine:
        """The engine now."""
        seconds = int(self.device.clock() - self.memory.started)
        return Engine(self.memory.engine_id, self.memory.boots, seconds)

    def _respond_secure(self, data: bytes, message: SecureMessage) -> bytes | None:
        engine = self.engine
        admitted = admit(data, message, engine, users(self.device), self.keys)
        if isinstance(admitted, Denied):
            return self._deny(admitted, engine)
        pdu = admitted.scoped.pdu
        if not isinstance(pdu, Pdu):
            return None
        self._salt += 1
        if admitted.scoped.context_engine_id != self.memory.engine_id:
            reply = self._report(pdu, message, _UNKNOWN_HANDLERS)
        elif admitted.scoped.context_name:
            reply = self._report(pdu, message, _UNKNOWN_CONTEXTS)
        else:
            reply = self._ask(admitted, pdu)
        return None if reply is None else respond(admitted, engine, reply, self._salt)

    def _ask(self, admitted: Admitted, pdu: Pdu) -> bytes | None:
        level = admitted.message.level
        rights = user_rights(self.device, admitted.user, level)
        if rights is None:
            if pdu.kind not in {Kind.GET, Kind.GET_NEXT, Kind.GET_BULK, Kind.SET}:
                return None
            return failed(pdu, ErrorStatus.AUTHORIZATION_ERROR, 0, v1=False)
        view = View(self.device, rights, self.memory)
        room = max(484, admitted.message.max_size)
        reply = answer(self.tree, view, pdu, v1=False, room=room)
        return None if self.device.power.down else reply

    def _report(self, pdu: Pdu, message: SecureMessage, counter: tuple[int, ...]) -> bytes | None:
        if not message.reportable:
            return None
        self._faults[str(counter)] += 1
        count = Counter32(self._faults[str(counter)] & 0xFFFF_FFFF)
        return encode_pdu_parts(Kind.REPORT, pdu.request_id, encode_varbind(counter, count))

    def _deny(self, denied: Denied, engine: Engine) -> bytes | None:
        self._faults[denied.fault.name] += 1
        if denied.fault in {Fault.WRONG_DIGEST, Fault.DECRYPTION}:
            self._write_down(denied)
        return report(denied, engine, self._faults[denied.fault.name])

    def _write_down(self, denied: Denied) -> None:
        """Record a failed login, at most one a second: a flood must not fill the disk."""
        now = self.device.clock()
        if now - self._failed_at < _FAILURES_PER:
            return
        self._failed_at = now
        user = denied.message.user.decode(errors="replace")
        self.device.journal.add("failed_logins", f"{user} via snmp: wrong password")
        self.device.log.add(LogKind.USER_AUTHENTICATION, user, "Login", "snmp", ok=False)


def engine_id(device: Device) -> bytes:
    """Return the SNMPv3 engine ID of a device, from its MAC address."""
    return _ENGINE_PREFIX + bytes.fromhex(device.plan.mac.replace(":", ""))
