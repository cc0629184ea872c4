"""Traps and informs without I/O: build them, and judge those that arrive."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from random import Random
from typing import Final

from frisket.errors import WireError
from frisket.proto.snmp.errors import Forged
from frisket.proto.snmp.wire.crypto import LocalKeys, User, localize
from frisket.proto.snmp.wire.message import (
    CommunityMessage,
    Level,
    ScopedPdu,
    SecureMessage,
    Version,
    decode_message,
    encode_community,
    encode_scoped,
)
from frisket.proto.snmp.wire.oid import Oid
from frisket.proto.snmp.wire.pdu import (
    AnyPdu,
    Kind,
    Pdu,
    TrapV1Pdu,
    VarBind,
    encode_pdu,
    encode_pdu_parts,
    encode_varbind,
    encode_varbinds,
)
from frisket.proto.snmp.wire.usm import (
    MAX_BOOTS,
    TIME_WINDOW,
    Denied,
    Engine,
    Fault,
    admit,
    is_authentic,
    level_of,
    open_body,
    report,
    respond,
    seal,
)
from frisket.proto.snmp.wire.values import IpAddress, ObjectIdentifier, TimeTicks

UPTIME: Final[Oid] = (1, 3, 6, 1, 2, 1, 1, 3, 0)
TRAP_OID: Final[Oid] = (1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0)
_STANDARD_TRAPS: Final[Oid] = (1, 3, 6, 1, 6, 3, 1, 1, 5)
_ENTERPRISE_SPECIFIC: Final = 6
_MAX_ENGINES: Final = 20_000


@dataclass(frozen=True, slots=True)
class Notification:
    """What a device reports: which `trap`, at its `uptime` in hundredths of a second.

    Of SNMPv1: `enterprise` and `agent_address`, and `trap` as RFC 3584 section 3.1 names it.
    Of SNMPv3: `user`, `engine_id` and `context`. `level` says how far it can be believed.
    """

    version: Version
    confirmed: bool
    trap: Oid
    uptime: int
    varbinds: tuple[VarBind, ...]
    level: Level = Level.PLAIN
    community: bytes = field(default=b"", repr=False)
    user: str = ""
    engine_id: bytes = b""
    context: bytes = b""
    enterprise: Oid = ()
    agent_address: str = ""


@dataclass(frozen=True, slots=True)
class Heard:
    """A datagram judged: what it reports, if it does, and what must be sent back, if anything.

    Send `reply` after the notification is kept: an acknowledged inform is not repeated.
    """

    notification: Notification | None = None
    reply: bytes | None = None


@dataclass(slots=True)
class _Clock:
    """A sender's boots, its highest time, and its clock minus ours."""

    boots: int
    latest: int
    offset: float


class Receiver:
    """Judges notifications; learns the engine of every sender whose digest is right.

    `engine_id` and `boots` are the receiver's own, for informs. `clock` is seconds; the first is
    taken as the receiver's boot. Users must use the level they have keys for.
    """

    __slots__ = (
        "_boots",
        "_clock",
        "_communities",
        "_counters",
        "_engine_id",
        "_engines",
        "_keys",
        "_salt",
        "_started",
        "_users",
    )

    def __init__(
        self,
        *,
        engine_id: bytes,
        boots: int,
        clock: Callable[[], float],
        random: Random,
        communities: Collection[str] = (),
        users: Iterable[User] = (),
    ) -> None:
        self._engine_id = engine_id
        self._boots = boots
        self._clock = clock
        self._started = clock()
        self._salt = random.getrandbits(64)
        self._communities = [name.encode() for name in communities]
        self._users = {user.name.encode(): user for user in users}
        self._keys = LocalKeys()
        self._engines: dict[bytes, _Clock] = {}
        self._counters = dict.fromkeys(Fault, 0)

    @property
    def engine(self) -> Engine:
        """This receiver as an authoritative engine, now."""
        return Engine(self._engine_id, self._boots, int(self._clock() - self._started))

    def hear(self, data: bytes) -> Heard:
        """Judge one datagram. Raises WireError for garbage, Forged for what is not authentic."""
        message = decode_message(data)
        if isinstance(message, CommunityMessage):
            return self._hear_community(message)
        if message.engine_id in (b"", self._engine_id):
            return self._hear_request(data, message)
        return self._hear_trap(data, message)

    def _hear_community(self, message: CommunityMessage) -> Heard:
        known = [hmac.compare_digest(message.community, name) for name in self._communities]
        if not any(known):
            raise Forged("a notification with an unknown community")
        pdu = message.pdu
        if (message.version is Version.V1) != isinstance(pdu, TrapV1Pdu):
            raise WireError("a notification of another SNMP version than its message")
        notification = replace(
            read_notification(pdu), version=message.version, community=message.community
        )
        if not notification.confirmed:
            return Heard(notification)
        answer = _acknowledgement(pdu)
        return Heard(notification, encode_community(message.version, message.community, answer))

    def _hear_request(self, data: bytes, message: SecureMessage) -> Heard:
        """An inform, or the discovery before it: here this receiver's engine is authoritative."""
        verdict = admit(data, message, self.engine, self._users, self._keys)
        if isinstance(verdict, Denied):
            self._counters[verdict.fault] += 1
            return Heard(None, report(verdict, self.engine, self._counters[verdict.fault]))
        if message.level is not level_of(verdict.user):
            raise Forged("an inform with less protection than its user has")
        notification = _of_user(message, verdict.scoped)
        if not notification.confirmed:
            raise WireError("a trap that claims the receiver's own engine")
        self._salt = (self._salt + 1) % 2**64
        answer = _acknowledgement(verdict.scoped.pdu)
        return Heard(notification, respond(verdict, self.engine, answer, self._salt))

    def _hear_trap(self, data: bytes, message: SecureMessage) -> Heard:
        """A trap: the sender's engine is authoritative, and learnt if the digest is right."""
        user = self._users.get(message.user)
        if user is None or message.level is not level_of(user):
            raise Forged("a trap of an unknown user, or with less protection than its user has")
        if user.auth is not None:
            # Only the cheap key before the digest is known to be right: a stranger's made-up
            # engine IDs must not cost a hash of a mebioctet each.
            unkeyed = replace(user, priv=None, priv_password="")
            if not is_authentic(data, message, localize(unkeyed, message.engine_id)):
                raise Forged("the digest of a trap is wrong")
            self._keep_clock(message)
        scoped = open_body(message, self._keys.get(user, message.engine_id))
        notification = _of_user(message, scoped)
        if notification.confirmed:
            raise Forged("an inform for another engine")
        return Heard(notification)

    def _keep_clock(self, message: SecureMessage) -> None:
        """Check and follow the sender's clock (RFC 3414 section 3.2, 7 b). Raises Forged."""
        now = self._clock()
        known = self._engines.pop(message.engine_id, None)
        fresh = _Clock(message.boots, message.time, message.time - now)
        if known is not None and (message.boots, message.time) <= (known.boots, known.latest):
            self._engines[message.engine_id] = known
            if message.boots < known.boots or message.time < now + known.offset - TIME_WINDOW:
                raise Forged("a trap older than the time window")
            return
        if message.boots == MAX_BOOTS:
            raise Forged("the engine has used up its boots")
        while len(self._engines) >= _MAX_ENGINES:
            del self._engines[next(iter(self._engines))]
        self._engines[message.engine_id] = fresh


def read_notification(pdu: AnyPdu) -> Notification:
    """Read a trap or inform out of its PDU; WireError if it is none."""
    if isinstance(pdu, TrapV1Pdu):
        return Notification(
            version=Version.V1,
            confirmed=False,
            trap=trap_name(pdu),
            uptime=pdu.uptime,
            varbinds=pdu.varbinds,
            enterprise=pdu.enterprise,
            agent_address=str(pdu.agent_address),
        )
    if pdu.kind not in (Kind.TRAP, Kind.INFORM):
        raise WireError(f"{pdu.kind.name} is no notification")
    match pdu.varbinds:
        case ((name, TimeTicks() as uptime), (identity, ObjectIdentifier() as trap), *rest) if (
            name == UPTIME and identity == TRAP_OID
        ):
            return Notification(
                version=Version.V2C,
                confirmed=pdu.kind is Kind.INFORM,
                trap=tuple(trap),
                uptime=uptime,
                varbinds=tuple(rest),
            )
    raise WireError("a notification without uptime and name (RFC 3416 section 4.2.6)")


def trap_name(pdu: TrapV1Pdu) -> Oid:
    """Name an SNMPv1 trap as SNMPv2 would (RFC 3584 section 3.1)."""
    if pdu.generic == _ENTERPRISE_SPECIFIC and pdu.specific >= 0:
        return (*pdu.enterprise, 0, pdu.specific)
    if not 0 <= pdu.generic < _ENTERPRISE_SPECIFIC:
        raise WireError(f"{pdu.generic}, {pdu.specific} names no trap")
    return (*_STANDARD_TRAPS, pdu.generic + 1)


def _of_user(message: SecureMessage, scoped: ScopedPdu) -> Notification:
    return replace(
        read_notification(scoped.pdu),
        version=Version.V3,
        level=message.level,
        user=message.user.decode("utf-8", "replace"),
        engine_id=scoped.context_engine_id or message.engine_id,
        context=scoped.context_name,
    )


def _acknowledgement(pdu: AnyPdu) -> bytes:
    """Answer an inform with its own variables (RFC 3416 section 4.2.7)."""
    assert isinstance(pdu, Pdu)
    return encode_pdu(Pdu(Kind.RESPONSE, pdu.request_id, 0, 0, pdu.varbinds))


def notification_varbinds(trap: Oid, uptime: int, varbinds: Iterable[VarBind]) -> bytes:
    """Encode the variables of an SNMPv2 trap or inform, `uptime` in hundredths of a second."""
    return (
        encode_varbind(UPTIME, TimeTicks(uptime))
        + encode_varbind(TRAP_OID, ObjectIdentifier(trap))
        + encode_varbinds(varbinds)
    )


def build_trap_v1(
    community: str,
    *,
    enterprise: Oid,
    agent_address: IpAddress,
    generic: int,
    specific: int,
    uptime: int,
    varbinds: Iterable[VarBind] = (),
) -> bytes:
    """Build an SNMPv1 trap."""
    pdu = TrapV1Pdu(
        enterprise, agent_address, generic, specific, TimeTicks(uptime), tuple(varbinds)
    )
    return encode_community(Version.V1, community.encode(), encode_pdu(pdu))


def build_trap_v2c(
    community: str, *, trap: Oid, uptime: int, request_id: int, varbinds: Iterable[VarBind] = ()
) -> bytes:
    """Build an SNMPv2c trap."""
    content = notification_varbinds(trap, uptime, varbinds)
    pdu = encode_pdu_parts(Kind.TRAP, request_id, content)
    return encode_community(Version.V2C, community.encode(), pdu)


def build_trap_v3(
    user: User,
    engine: Engine,
    keys: LocalKeys,
    *,
    trap: Oid,
    uptime: int,
    request_id: int,
    salt: int,
    context: str = "",
    varbinds: Iterable[VarBind] = (),
) -> bytes:
    """Build an SNMPv3 trap at the user's level; `engine` is the sender's own, and so is `salt`."""
    content = notification_varbinds(trap, uptime, varbinds)
    pdu = encode_pdu_parts(Kind.TRAP, request_id, content)
    message = SecureMessage(
        msg_id=request_id,
        level=level_of(user),
        reportable=False,
        engine_id=engine.engine_id,
        boots=engine.boots,
        time=engine.time,
        user=user.name.encode(),
        body=encode_scoped(engine.engine_id, context.encode(), pdu),
    )
    return seal(message, keys.get(user, engine.engine_id), salt)
