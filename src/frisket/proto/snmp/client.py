"""The manager: asks one agent, over one UDP socket. It cannot write; see `write` for that."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from types import TracebackType
from typing import ClassVar, Final, Self, TypeVar

from frisket.errors import FrisketError, Silent, UsageError, WireError
from frisket.net.dial import Datagrams, Dialer
from frisket.proto.snmp.credential import Community, Credential
from frisket.proto.snmp.errors import ClockRefused, Forged, StatusError, WalkBroken
from frisket.proto.snmp.session import (
    CommunitySession,
    Question,
    Resynchronized,
    Stray,
    UserSession,
)
from frisket.proto.snmp.wire.message import Version
from frisket.proto.snmp.wire.oid import Oid
from frisket.proto.snmp.wire.pdu import ErrorStatus, Kind, Pdu, VarBind, encode_question
from frisket.proto.snmp.wire.values import END_OF_MIB_VIEW, NO_SUCH_OBJECT

T = TypeVar("T")

PORT: Final = 161
READS: Final = frozenset({Kind.GET, Kind.GET_NEXT, Kind.GET_BULK})
# net-snmp 5.9 says general error where an encrypted answer to GETBULK does not fit a datagram.
_TOO_MANY: Final = frozenset({ErrorStatus.TOO_BIG, ErrorStatus.GENERAL_ERROR})
PATIENCE: Final = (2.0, 3.0, 5.0)  # seconds for each attempt; HP wakes in 2 to 5


class Manager:
    """Reads from one agent; one question at a time, whoever calls.

    Every method raises LinkError (Silent, Refused, BudgetSpent, ...), WireError where only garbage
    came, Forged where only forgeries came, Denied where the credential is not accepted, and
    StatusError where the agent says no.
    """

    _kinds: ClassVar[frozenset[Kind]] = READS

    def __init__(
        self,
        datagrams: Datagrams,
        credential: Credential,
        *,
        random: Random,
        clock: Callable[[], float] = time.monotonic,
        timeouts: Sequence[float] = PATIENCE,
        per_request: int = 40,
        repetitions: int = 25,
    ) -> None:
        """`timeouts`: seconds, one an attempt. `per_request`: variables in one GET at most."""
        self._datagrams = datagrams
        self._clock = clock
        self.timeouts = tuple(timeouts)
        self.waited = 0.0  # seconds from the first datagram of the last question to its answer
        self._per_request = per_request
        self._repetitions = repetitions
        self._turn = asyncio.Lock()
        self._v1 = isinstance(credential, Community) and credential.version is Version.V1
        self._session: CommunitySession | UserSession = (
            CommunitySession(credential, random)
            if isinstance(credential, Community)
            else UserSession(credential, random, clock)
        )

    @classmethod
    async def open(
        cls,
        dialer: Dialer,
        credential: Credential,
        *,
        port: int = PORT,
        timeouts: Sequence[float] = PATIENCE,
    ) -> Self:
        """Open a socket to the dialer's target."""
        datagrams = await dialer.udp(port)
        return cls(datagrams, credential, random=dialer.random, timeouts=timeouts)

    def close(self) -> None:
        """Close the socket."""
        self._datagrams.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def engine(self) -> tuple[bytes, int, int]:
        """Engine ID, boots and time of an SNMPv3 agent; empty and zeros until it is known."""
        session = self._session
        if isinstance(session, UserSession) and session.ready:
            return session.engine_id, session.boots, session.time
        return b"", 0, 0

    def resume(self, engine_id: bytes, boots: int, time: int) -> None:
        """Go on with an engine met before, without discovery. Only with SNMPv3.

        Raises EngineChanged where the credential is for another one. A clock that has moved since
        is set right by the agent's own authentic report.
        """
        if isinstance(self._session, UserSession):
            self._session.resume(engine_id, boots, time)

    async def discover(self) -> tuple[bytes, int, int]:
        """Learn engine ID, boots and time; sends no credential. Only with SNMPv3."""
        async with self._turn:
            await self._know_engine()
        return self.engine

    async def get(self, oids: Sequence[Oid]) -> tuple[VarBind, ...]:
        """Read variables, in the order asked; a missing one has a Marker as its value.

        An SNMPv1 agent cannot say which kind of missing: it is always NO_SUCH_OBJECT.
        """
        found: list[VarBind] = []
        for start in range(0, len(oids), self._per_request):
            found += await self._get(tuple(oids[start : start + self._per_request]))
        return tuple(found)

    async def get_next(self, oids: Sequence[Oid]) -> tuple[VarBind, ...]:
        """Read the variable behind each of `oids`; SNMPv1 ends with StatusError noSuchName."""
        pdu, _ = await self._exchange(Question(Kind.GET_NEXT, _names(oids)))
        self._check_status(pdu, oids)
        if len(pdu.varbinds) != len(oids):
            raise WireError("the agent answers another number of variables than asked")
        return pdu.varbinds

    async def get_bulk(
        self, oids: Sequence[Oid], *, non_repeaters: int = 0, repetitions: int = 25
    ) -> tuple[VarBind, ...]:
        """Read many variables behind each of `oids` at once (RFC 3416 section 4.2.3). Not v1."""
        if self._v1:
            raise UsageError("SNMPv1 has no GETBULK")
        question = Question(Kind.GET_BULK, _names(oids), non_repeaters, repetitions)
        pdu, _ = await self._exchange(question)
        self._check_status(pdu, oids)
        repeated = max(len(oids) - non_repeaters, 0)
        if len(pdu.varbinds) > min(non_repeaters, len(oids)) + repeated * repetitions:
            raise WireError("the agent answers more variables than asked")
        return pdu.varbinds

    async def walk(
        self, subtree: Oid, *, max_varbinds: int = 4096, max_bytes: int = 256 * 1024
    ) -> tuple[VarBind, ...]:
        """Read all variables below `subtree`, in order.

        Ends where the subtree or the agent's MIB ends, or with an answer without variables.
        Raises WalkBroken where the agent does not go strictly forward or passes a limit.
        """
        found: list[VarBind] = []
        size = 0
        at = subtree
        depth = len(subtree)
        while True:
            try:
                batch, received = await self._behind(at)
            except StatusError as status:
                if self._v1 and status.status == ErrorStatus.NO_SUCH_NAME:
                    return tuple(found)
                raise
            if not batch:
                return tuple(found)
            for oid, value in batch:
                if value is END_OF_MIB_VIEW or oid[:depth] != subtree:
                    return tuple(found)
                if oid <= at:
                    raise WalkBroken("the agent does not walk forward", tuple(found))
                if len(found) == max_varbinds:
                    raise WalkBroken(f"more than {max_varbinds} variables", tuple(found))
                found.append((oid, value))
                at = oid
            size += received
            if size > max_bytes:
                raise WalkBroken(f"more than {max_bytes} octets", tuple(found))

    async def _behind(self, oid: Oid) -> tuple[tuple[VarBind, ...], int]:
        """Read what comes behind `oid`, halving the number as long as it is too big."""
        names = encode_question(oid)
        while True:
            many = not self._v1 and self._repetitions > 1
            pdu, size = await self._exchange(
                Question(Kind.GET_BULK, names, 0, self._repetitions)
                if many
                else Question(Kind.GET_NEXT, names)
            )
            if many and pdu.error_status in _TOO_MANY:
                self._repetitions //= 2
                continue
            self._check_status(pdu, (oid,))
            return pdu.varbinds, size

    async def _get(self, oids: tuple[Oid, ...]) -> tuple[VarBind, ...]:
        """Read what fits one question; halve it where the answer does not fit."""
        missing: set[Oid] = set()
        while True:
            asked = [oid for oid in oids if oid not in missing]
            if not asked:
                return tuple((oid, NO_SUCH_OBJECT) for oid in oids)
            pdu, _ = await self._exchange(Question(Kind.GET, _names(asked)))
            if pdu.error_status == ErrorStatus.TOO_BIG and len(oids) > 1:
                half = len(oids) // 2
                return await self._get(oids[:half]) + await self._get(oids[half:])
            blamed = pdu.error_index
            if (
                self._v1
                and pdu.error_status == ErrorStatus.NO_SUCH_NAME
                and 1 <= blamed <= len(asked)
            ):
                missing.add(asked[blamed - 1])
                continue
            self._check_status(pdu, asked)
            if [oid for oid, _ in pdu.varbinds] != asked:
                raise WireError("the agent answers other variables than asked")
            values = dict(pdu.varbinds)
            return tuple((oid, values.get(oid, NO_SUCH_OBJECT)) for oid in oids)

    def _check_status(self, pdu: Pdu, oids: Sequence[Oid]) -> None:
        if pdu.error_status:
            blamed = pdu.error_index
            oid = oids[blamed - 1] if 1 <= blamed <= len(oids) else None
            raise StatusError(pdu.error_status, oid)

    async def _exchange(self, question: Question, *, once: bool = False) -> tuple[Pdu, int]:
        """Ask until an answer comes, or `once`: the answer, and the size of its datagram."""
        if question.kind not in self._kinds:
            raise UsageError(f"this manager does not send {question.kind.name}")
        async with self._turn:
            await self._know_engine()
            session = self._session
            session.begin()
            timeouts = (max(self.timeouts),) if once else self.timeouts

            def hear(data: bytes) -> tuple[Pdu, int]:
                return session.hear(data), len(data)

            repeated = False

            def ask() -> bytes:
                nonlocal question, repeated
                if repeated and question.max_repetitions > 1:
                    # Fragments of large answers get lost, and net-snmp drops what it cannot send.
                    question = replace(question, max_repetitions=question.max_repetitions // 2)
                    self._repetitions = min(self._repetitions, question.max_repetitions)
                repeated = True
                return session.ask(question)

            try:
                return await self._attempts(ask, hear, timeouts)
            except Resynchronized:
                repeated = False
            try:
                return await self._attempts(ask, hear, timeouts)
            except Resynchronized:
                raise ClockRefused from None

    async def _know_engine(self) -> None:
        session = self._session
        if isinstance(session, UserSession) and not session.ready:
            await self._attempts(session.discover, session.learn, self.timeouts)

    async def _attempts(
        self, ask: Callable[[], bytes], hear: Callable[[bytes], T], timeouts: tuple[float, ...]
    ) -> T:
        """Send, and listen until something is accepted or all attempts are used up.

        What is not accepted is dropped, as a forger could otherwise end the question; only if
        nothing better comes is it the reason given.
        """
        problem: FrisketError | None = None
        began = self._clock()
        for timeout in timeouts:
            await self._datagrams.send(ask())
            deadline = self._clock() + timeout
            while (left := deadline - self._clock()) > 0:
                try:
                    data = await self._datagrams.receive(left)
                    heard = hear(data)
                except Silent:
                    break
                except (WireError, Forged) as refused:
                    problem = refused
                except Stray:
                    pass
                else:
                    self.waited = self._clock() - began
                    return heard
        raise problem or Silent("the SNMP agent did not answer", hint=self._session.hint)


def _names(oids: Sequence[Oid]) -> bytes:
    return b"".join(map(encode_question, oids))
