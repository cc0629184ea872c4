"""The mail servers of a collector or a gateway, from a file that a person has written (TOML)."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from frisket.errors import UsageError
from frisket.net.post import MailServer, Security
from frisket.telemetry.gateway_mail import Mailbox
from frisket.telemetry.mailing import check_address

_SMTP: Final = {Security.STARTTLS: 587, Security.TLS: 465, Security.NONE: 25}
_POP: Final = {Security.STARTTLS: 110, Security.TLS: 995, Security.NONE: 110}


@dataclass(frozen=True, slots=True)
class MailPlan:
    """How the collector mails: by `smtp`, from `sender` to `to`; receipts come to `pop`.

    `every`: seconds between two mails; `again`: seconds without a receipt until a batch is mailed
    once more.
    """

    smtp: MailServer
    pop: MailServer
    sender: str
    to: str
    every: float = 3600.0
    again: float = 86_400.0


class _Server(msgspec.Struct, forbid_unknown_fields=True):
    host: str
    port: int = 0
    security: Security = Security.STARTTLS
    user: str = ""
    password: str = ""
    ca: str = ""

    def server(self, ports: dict[Security, int], folder: Path) -> MailServer:
        """Return the server; its CA's file is named from where the settings are."""
        ca = (folder / self.ca).read_text(encoding="ascii") if self.ca else ""
        port = self.port or ports[self.security]
        return MailServer(self.host, port, self.security, self.user, self.password, ca)


class _Plan(msgspec.Struct, forbid_unknown_fields=True, rename={"sender": "from"}):
    sender: str
    to: str
    smtp: _Server
    pop: _Server
    every: float = 3600.0
    again: float = 86_400.0


class _Box(msgspec.Struct, forbid_unknown_fields=True, rename={"sender": "from"}):
    pop: _Server
    smtp: _Server | None = None
    sender: str = ""


T = TypeVar("T", _Plan, _Box)


def _read(path: Path, kind: type[T]) -> T:
    try:
        found = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), kind)
        mode = path.stat().st_mode
    except (OSError, ValueError, msgspec.MsgspecError) as fault:
        raise UsageError(f"the mail settings {path} cannot be used: {fault}") from fault
    if mode & 0o077:
        raise UsageError(f"others may read {path}", hint=f"chmod 600 {path}")
    return found


def _server(server: _Server, ports: dict[Security, int], folder: Path) -> MailServer:
    try:
        return server.server(ports, folder)
    except (OSError, ValueError) as fault:
        raise UsageError(f"the mail server's CA cannot be read: {fault}") from fault


def read_plan(path: Path) -> MailPlan:
    """Return how a collector mails. Raises `UsageError`.

    The file holds passwords, and is for its owner's eyes alone.
    """
    plan, folder = _read(path, _Plan), path.parent
    return MailPlan(
        _server(plan.smtp, _SMTP, folder),
        _server(plan.pop, _POP, folder),
        check_address(plan.sender),
        check_address(plan.to),
        plan.every,
        plan.again,
    )


def read_mailbox(path: Path, aside: Path) -> Mailbox:
    """Return the gateway's mailbox; what is no report goes to `aside`. Raises `UsageError`."""
    box, folder = _read(path, _Box), path.parent
    smtp = _server(box.smtp, _SMTP, folder) if box.smtp else None
    if smtp:
        check_address(box.sender)
    return Mailbox(_server(box.pop, _POP, folder), aside, smtp, box.sender)
