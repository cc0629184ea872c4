"""A manager's half of a conversation, without I/O: builds questions, judges answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Final

from frisket.errors import WireError
from frisket.proto.snmp.credential import Community, UserCredential
from frisket.proto.snmp.errors import (
    ClockRefused,
    ContextRefused,
    Denied,
    EngineChanged,
    Forged,
    LevelRefused,
    SnmpError,
    UnknownUser,
    WrongKey,
    WrongPrivacy,
)
from frisket.proto.snmp.wire.crypto import Keys, localize
from frisket.proto.snmp.wire.message import (
    CommunityMessage,
    Level,
    SecureMessage,
    decode_message,
    encode_community,
    encode_scoped,
)
from frisket.proto.snmp.wire.oid import Oid, format_oid, within
from frisket.proto.snmp.wire.pdu import Kind, Pdu, encode_pdu_parts
from frisket.proto.snmp.wire.usm import (
    FAULTS,
    MAX_BOOTS,
    TIME_WINDOW,
    Fault,
    level_of,
    open_body,
    seal,
    unseal,
)

_MPD: Final[Oid] = (1, 3, 6, 1, 6, 3, 11, 2, 1)
_UNAVAILABLE_CONTEXT: Final[Oid] = (1, 3, 6, 1, 6, 3, 12, 1, 4)
_UNKNOWN_CONTEXT: Final[Oid] = (1, 3, 6, 1, 6, 3, 12, 1, 5)

_DENIALS: Final[dict[Fault, type[Denied]]] = {
    Fault.UNKNOWN_USER: UnknownUser,
    Fault.WRONG_DIGEST: WrongKey,
    Fault.DECRYPTION: WrongPrivacy,
    Fault.UNSUPPORTED_LEVEL: LevelRefused,
    Fault.UNKNOWN_ENGINE: EngineChanged,
    Fault.NOT_IN_TIME_WINDOW: ClockRefused,
}


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: a kind, encoded variables, and the two numbers of GET_BULK."""

    kind: Kind
    varbinds: bytes
    non_repeaters: int = 0
    max_repetitions: int = 0

    def encode(self, request_id: int) -> bytes:
        """Encode as a PDU."""
        return encode_pdu_parts(
            self.kind,
            request_id,
            self.varbinds,
            error_status=self.non_repeaters,
            error_index=self.max_repetitions,
        )


class Stray(SnmpError):
    """A datagram that answers none of the questions asked."""


class Resynchronized(SnmpError):
    """The agent gave its clock; the question must be asked again."""


def _identifier(random: Random) -> int:
    return random.getrandbits(31) or 1


class CommunitySession:
    """SNMPv1 or v2c."""

    __slots__ = ("_asked", "_credential", "_random")

    ready: Final = True
    hint: Final = "An SNMPv1 or v2c agent does not answer a community it does not know."

    def __init__(self, credential: Community, random: Random) -> None:
        self._credential = credential
        self._random = random
        self._asked: set[int] = set()

    def begin(self) -> None:
        """Forget earlier questions: their late answers are no answers to the next."""
        self._asked.clear()

    def ask(self, question: Question) -> bytes:
        """Build a datagram with a fresh request-id."""
        request_id = _identifier(self._random)
        self._asked.add(request_id)
        name = self._credential.name.encode()
        return encode_community(self._credential.version, name, question.encode(request_id))

    def hear(self, data: bytes) -> Pdu:
        """Judge a datagram: the RESPONSE to a question. Raises WireError, Stray."""
        message = decode_message(data)
        if not isinstance(message, CommunityMessage):
            raise WireError("an SNMPv3 answer to a question without a user")
        pdu = message.pdu
        if message.version != self._credential.version:
            raise WireError("the answer has another SNMP version than the question")
        if not isinstance(pdu, Pdu) or pdu.kind is not Kind.RESPONSE:
            raise WireError(f"{pdu.kind.name} where RESPONSE belongs")
        if pdu.request_id not in self._asked:
            raise Stray
        return pdu


class UserSession:
    """SNMPv3 with the user model: learns the engine, keeps its clock, refuses what is forged."""

    __slots__ = (
        "_asked",
        "_clock",
        "_credential",
        "_keys",
        "_latest",
        "_level",
        "_offset",
        "_random",
        "_salt",
        "_trusted",
        "boots",
        "engine_id",
    )

    def __init__(
        self, credential: UserCredential, random: Random, clock: Callable[[], float]
    ) -> None:
        self.engine_id = b""
        self.boots = 0
        self._credential = credential
        self._random = random
        self._clock = clock
        self._keys = Keys()
        self._level = level_of(credential.user)
        self._salt = random.getrandbits(64)
        self._asked: dict[int, int] = {}
        self._latest = 0  # the engine's highest time seen
        self._offset = 0.0  # the engine's clock minus ours
        self._trusted = False  # whether boots and time came in an authentic message

    @property
    def ready(self) -> bool:
        """Whether the engine is known."""
        return bool(self.engine_id)

    @property
    def hint(self) -> str:
        """What silence may mean: net-snmp does not answer what it decrypts to nonsense."""
        if self.ready and self._level is Level.PRIVATE:
            return "The privacy password or protocol, or the way its key is extended, may be wrong."
        return ""

    @property
    def time(self) -> int:
        """The engine's clock now, as far as is known: seconds since its last boot."""
        return min(max(int(self._clock() + self._offset), 0), 2**31 - 1)

    def begin(self) -> None:
        """Forget earlier questions: their late answers are no answers to the next."""
        self._asked.clear()

    def discover(self) -> bytes:
        """Build the question that makes any agent name its engine (RFC 3414 section 4)."""
        message_id = _identifier(self._random)
        request_id = _identifier(self._random)
        self._asked[message_id] = request_id
        body = encode_scoped(b"", b"", Question(Kind.GET, b"").encode(request_id))
        question = SecureMessage(message_id, Level.PLAIN, True, b"", 0, 0, b"", body)
        return seal(question, Keys(), 0)

    def learn(self, data: bytes) -> None:
        """Take the engine from the answer to `discover`. Raises WireError, Stray, EngineChanged."""
        message = self._decode(data)
        if message.level is not Level.PLAIN:
            raise Forged("the answer to the discovery is protected by an unknown key")
        pdu = open_body(message, Keys()).pdu
        if pdu.kind is not Kind.REPORT or not 5 <= len(message.engine_id) <= 32:
            raise WireError("the agent does not say which engine it is")
        self._know(message.engine_id)
        self._set_clock(message)

    def resume(self, engine_id: bytes, boots: int, time: int) -> None:
        """Take an engine met before, whose clock should now be at `time`. Raises EngineChanged."""
        self._know(engine_id)
        self.boots = boots
        self._latest = time
        self._offset = time - self._clock()

    def _know(self, engine_id: bytes) -> None:
        expected = self._credential.engine_id
        if expected and engine_id != expected:
            raise EngineChanged(
                f"engine {engine_id.hex()} answers where {expected.hex()} is expected"
            )
        self.engine_id = engine_id
        self._keys = localize(self._credential.user, engine_id)

    def ask(self, question: Question) -> bytes:
        """Build a protected datagram with a fresh request-id and message id."""
        message_id = _identifier(self._random)
        request_id = _identifier(self._random)
        self._asked[message_id] = request_id
        self._salt = (self._salt + 1) % 2**64
        message = SecureMessage(
            msg_id=message_id,
            level=self._level,
            reportable=True,
            engine_id=self.engine_id,
            boots=self.boots,
            time=self.time,
            user=self._credential.user.name.encode(),
            body=encode_scoped(
                self.engine_id, self._credential.context.encode(), question.encode(request_id)
            ),
        )
        return seal(message, self._keys, self._salt)

    def hear(self, data: bytes) -> Pdu:
        """Judge a datagram: the authentic RESPONSE to a question.

        Raises WireError or Stray or Forged for what must be ignored, Resynchronized when the
        agent gave its clock, and Denied for what an agent refuses.
        """
        message = self._decode(data)
        if message.level is Level.PLAIN:
            self._check_plain(message)
        if message.user != self._credential.user.name.encode():
            raise Forged("the answer is for another user")
        if message.engine_id != self.engine_id:
            raise Forged("the answer comes from another engine")
        scoped = unseal(data, message, self._keys)
        if scoped is Fault.WRONG_DIGEST:
            raise Forged("the digest of the answer is wrong")
        if isinstance(scoped, Fault):
            raise WireError("the answer cannot be decrypted")
        pdu = scoped.pdu
        if not isinstance(pdu, Pdu) or pdu.kind not in (Kind.RESPONSE, Kind.REPORT):
            raise WireError(f"{pdu.kind.name} where RESPONSE belongs")
        if pdu.kind is Kind.REPORT:
            self._refused(message, pdu)
        if message.level is not self._level:
            raise Forged("the answer is less protected than the question")
        self._keep_clock(message)
        if pdu.request_id != self._asked[message.msg_id]:
            raise Stray
        if (scoped.context_engine_id, scoped.context_name) != (
            self.engine_id,
            self._credential.context.encode(),
        ):
            raise WireError("the answer is about another context")
        return pdu

    def _decode(self, data: bytes) -> SecureMessage:
        message = decode_message(data)
        if not isinstance(message, SecureMessage):
            raise Forged("the answer to an SNMPv3 question is not SNMPv3")
        if message.msg_id not in self._asked:
            raise Stray
        return message

    def _check_plain(self, message: SecureMessage) -> None:
        """Raise what a plain REPORT says, and Forged for a plain answer to a protected question."""
        pdu = open_body(message, Keys()).pdu
        protected = self._level is not Level.PLAIN
        if isinstance(pdu, Pdu) and pdu.kind is Kind.REPORT:
            denial = _denial(pdu)
            if not (protected and isinstance(denial, ClockRefused)):
                raise denial
        if protected:
            raise Forged("a plain answer to a protected question")

    def _refused(self, message: SecureMessage, pdu: Pdu) -> None:
        """Raise what an authentic REPORT says."""
        denial = _denial(pdu)
        if isinstance(denial, ClockRefused):
            # Printers lose their clock while asleep. The report is authentic and carries our
            # random message id, so it cannot be old: follow it, even backwards.
            self._set_clock(message)
            self._trusted = True
            raise Resynchronized
        raise denial

    def _set_clock(self, message: SecureMessage) -> None:
        self.boots = message.boots
        self._latest = message.time
        self._offset = message.time - self._clock()

    def _keep_clock(self, message: SecureMessage) -> None:
        """Check and follow the agent's clock (RFC 3414 section 3.2, 7 b). Raises Forged."""
        if message.level is Level.PLAIN:
            return
        if not self._trusted:
            self._set_clock(message)
            self._trusted = True
        elif (message.boots, message.time) > (self.boots, self._latest):
            self._set_clock(message)
        elif message.boots < self.boots or message.time < self.time - TIME_WINDOW:
            raise Forged("the answer is older than the time window")
        if self.boots == MAX_BOOTS:
            raise Forged("the engine has used up its boots")


def _denial(report: Pdu) -> Denied:
    """Name what a REPORT refuses."""
    oid = report.varbinds[0][0] if report.varbinds else ()
    fault = FAULTS.get(oid)
    if fault is not None:
        return _DENIALS[fault]()
    if within(oid, _UNKNOWN_CONTEXT) or within(oid, _UNAVAILABLE_CONTEXT):
        return ContextRefused()
    if within(oid, _MPD):
        return Denied("the agent does not process such messages")
    return Denied(f"the agent reports {format_oid(oid)}")
