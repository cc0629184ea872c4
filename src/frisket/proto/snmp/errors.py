"""What an SNMP agent refuses, and what is wrong with its answers."""

from __future__ import annotations

from frisket.errors import FrisketError, WireError
from frisket.proto.snmp.wire.oid import Oid, format_oid
from frisket.proto.snmp.wire.pdu import ErrorStatus, VarBind


class SnmpError(FrisketError):
    """The SNMP agent did not give what was asked."""


class StatusError(SnmpError):
    """The agent answered with an error status; `oid` is the variable it blames, if any."""

    def __init__(self, status: int, oid: Oid | None = None) -> None:
        try:
            name = ErrorStatus(status).name.lower().replace("_", " ")
        except ValueError:
            name = f"status {status}"
        super().__init__(f"the agent says: {name}" + (f" at {format_oid(oid)}" if oid else ""))
        self.status = status
        self.oid = oid


class Denied(SnmpError):
    """The agent does not accept this SNMPv3 credential. Never tried again."""


class UnknownUser(Denied):
    """The agent does not know this user."""


class WrongKey(Denied):
    """The agent says that the authentication password or protocol is wrong."""


class WrongPrivacy(Denied):
    """The agent cannot decrypt: the privacy password, protocol or key extension is wrong."""


class LevelRefused(Denied):
    """The agent does not offer this user that level of protection."""


class EngineChanged(Denied):
    """The agent has another engine ID than expected, or than it had; it gets no secret."""


class ClockRefused(Denied):
    """The agent keeps saying that the message is outside its time window."""


class ContextRefused(Denied):
    """The agent does not know this context."""


class Forged(SnmpError):
    """Only answers came that are not authentic; each was refused."""


class WalkBroken(WireError):
    """The agent does not walk forward, or walks too long; `partial` is what came before."""

    def __init__(self, message: str, partial: tuple[VarBind, ...]) -> None:
        super().__init__(message)
        self.partial = partial
