"""How a manager presents itself; secrets are not printed."""

from __future__ import annotations

from dataclasses import dataclass, field

from frisket.proto.snmp.wire.crypto import User
from frisket.proto.snmp.wire.message import Version


@dataclass(frozen=True, slots=True)
class Community:
    """SNMPv1 or v2c."""

    name: str = field(repr=False)
    version: Version = Version.V2C


@dataclass(frozen=True, slots=True)
class UserCredential:
    """SNMPv3: a user, the context it asks in, and the engine ID it may be shown to, if pinned."""

    user: User
    context: str = ""
    engine_id: bytes = b""


Credential = Community | UserCredential
