"""The notifier that wants to know: sends informs and waits until they are acknowledged."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Final

from frisket.proto.snmp.client import Manager
from frisket.proto.snmp.notify import notification_varbinds
from frisket.proto.snmp.session import Question
from frisket.proto.snmp.wire.oid import Oid
from frisket.proto.snmp.wire.pdu import Kind, VarBind

PORT: Final = 162


class Informer(Manager):
    """Sends informs to one receiver, SNMPv2c or v3; opened with `port=PORT`."""

    _kinds: ClassVar[frozenset[Kind]] = frozenset({Kind.INFORM})

    async def inform(self, trap: Oid, uptime: int, varbinds: Iterable[VarBind] = ()) -> None:
        """Send, again if need be, until acknowledged; `uptime` in hundredths of a second.

        Raises like `Manager`: Silent if nobody acknowledges.
        """
        content = notification_varbinds(trap, uptime, varbinds)
        pdu, _ = await self._exchange(Question(Kind.INFORM, content))
        self._check_status(pdu, ())
