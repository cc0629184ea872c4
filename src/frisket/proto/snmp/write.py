"""The hand: a manager that may also SET. For drivers only; an import contract keeps others off."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from frisket.errors import WireError
from frisket.proto.snmp.client import READS, Manager
from frisket.proto.snmp.session import Question
from frisket.proto.snmp.wire.pdu import Kind, VarBind, encode_varbinds


class Writer(Manager):
    """Reads and writes one agent."""

    _kinds: ClassVar[frozenset[Kind]] = READS | {Kind.SET}

    async def set(self, varbinds: Sequence[VarBind]) -> tuple[VarBind, ...]:
        """Set all of the variables or none, and return what the agent says they are now.

        Sent once: after Silent nobody knows, so the caller reads back before it tries again.
        Raises like `Manager`; StatusError with undoFailed means that some may be set.
        """
        question = Question(Kind.SET, encode_varbinds(varbinds))
        pdu, _ = await self._exchange(question, once=True)
        self._check_status(pdu, [oid for oid, _ in varbinds])
        if [oid for oid, _ in pdu.varbinds] != [oid for oid, _ in varbinds]:
            raise WireError("the agent answers other variables than set")
        return pdu.varbinds
