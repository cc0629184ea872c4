"""Where the audit log's heads go: proposed by one person, approved by another."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection

from frisket.errors import UsageError
from frisket.fleet.act import Body, Carrying, ProposedAct, Told
from frisket.fleet.roles import Permission
from frisket.store.cosignatures import Place, add_receiver, drop_receiver

ADD: Final = "log.receiver.add"
DROP: Final = "log.receiver.drop"


def describe_new(_: Connection, body: Body) -> tuple[tuple[str, str, str], ...]:
    """Say where heads would go, and whom that server is checked by."""
    checked = "the authority given with it" if body["ca"] else "the authorities of this machine"
    return (
        ("Syslog server", "", f"{body['host']} port {body['port']}"),
        ("Its certificate is checked by", "", checked),
    )


def describe_old(_: Connection, body: Body) -> tuple[tuple[str, str, str], ...]:
    """Say which server would get no more heads."""
    return (("Syslog server", f"{body['host']} port {body['port']}", ""),)


def add(carrying: Carrying, body: Body) -> Told:
    """Send heads there from now on."""
    place = Place(str(body["host"]), int(body["port"]), str(body["ca"]))
    add_receiver(carrying.connection, place, carrying.name, carrying.now)
    return {}


def drop(carrying: Carrying, body: Body) -> Told:
    """Send nothing there any more."""
    if not drop_receiver(carrying.connection, int(body["id"])):
        raise UsageError("there is no such server any more")
    return {}


_P, _A = Permission.PROPOSE_USERS, Permission.APPROVE_USERS
ACTS = (
    ProposedAct(ADD, "Receiver of the audit log's heads", _P, _A, describe_new, add),
    ProposedAct(DROP, "Receiver of the audit log's heads, no more", _P, _A, describe_old, drop),
)
