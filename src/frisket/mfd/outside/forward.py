"""Forwarding rules: received faxes and I-faxes that go on to a destination (guide SP-44)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase

from frisket.errors import FrisketError, SettingRefused
from frisket.ledger import Ledger
from frisket.mfd.auditlog import LogKind
from frisket.mfd.device import Device
from frisket.mfd.outside.deliver import Parcel, deliver
from frisket.mfd.ticket import Ticket

_MOST = 1000
_SUFFIXES = {"application/pdf": "pdf", "text/plain": "txt"}


@dataclass(frozen=True, slots=True)
class ForwardingRule:
    """What is forwarded (`via` is fax, ifax or "" for both; `sender` a pattern) and to whom.

    `destination` is a name of the address book: forwarding to anybody else is not offered.
    """

    name: str
    destination: str
    via: str = ""
    sender: str = "*"


def _ledger(device: Device) -> Ledger:
    return Ledger(device.spool() / "forwarding.ledger")


def forwarding_rules(device: Device) -> tuple[ForwardingRule, ...]:
    """Return the rules, in the order they were made."""
    rules: dict[str, ForwardingRule] = {}
    for record in _ledger(device).read():
        if record.get("removed"):
            rules.pop(record["name"], None)
        else:
            rules[record["name"]] = ForwardingRule(**record)
    return tuple(rules.values())


def put_rule(device: Device, rule: ForwardingRule, actor: str) -> None:
    """Make a rule or change it. Raises `SettingRefused`."""
    if not rule.name or rule.via not in {"", "fax", "ifax"}:
        raise SettingRefused("a forwarding rule has a name, and is for fax, ifax or both")
    if rule.destination not in device.addresses:
        raise SettingRefused("documents are forwarded to a destination of the address book")
    rules = forwarding_rules(device)
    if len(rules) >= _MOST:
        raise SettingRefused(f"the device holds {_MOST} forwarding rules")
    _ledger(device).append(asdict(rule))
    detail = f"{rule.name}: to {rule.destination}"
    device.log.add(LogKind.MACHINE_MANAGEMENT, actor, "Register Forwarding Settings", detail)


def remove_rule(device: Device, name: str, actor: str) -> None:
    """Delete a rule. Raises `SettingRefused` where there is none."""
    if name not in {rule.name for rule in forwarding_rules(device)}:
        raise SettingRefused("no such forwarding rule")
    _ledger(device).append({"name": name, "removed": True})
    device.log.add(LogKind.MACHINE_MANAGEMENT, actor, "Delete Forwarding Settings", name)


def clear_rules(device: Device) -> None:
    """Delete every rule ([Initialize All Data/Settings])."""
    _ledger(device).replace(())


def rule_for(device: Device, ticket: Ticket) -> ForwardingRule | None:
    """Return the first rule for a received document; none where a setting forbids it."""
    store = device.store
    if not store.on("forwarding.enabled") or store.on(f"{ticket.via}.memory-lock"):
        return None
    for rule in forwarding_rules(device):
        sender = ticket.user.casefold()
        if rule.via in {"", ticket.via} and fnmatchcase(sender, rule.sender.casefold()):
            return rule
    return None


async def forward(device: Device, rule: ForwardingRule, ticket: Ticket, octets: bytes) -> bool:
    """Send a received document on; say whether it got there (a failure is in the audit log)."""
    to = next((each for each in device.addresses if each.name == rule.destination), None)
    if to is None:
        return False
    suffix = _SUFFIXES.get(ticket.format, "bin")
    stamp = device.now().strftime("%Y%m%d%H%M%S")
    parcel = Parcel(f"{ticket.via}-{stamp}.{suffix}", ticket.format or "text/plain", octets)
    try:
        await deliver(device, to, parcel, "-")
    except FrisketError:
        return False
    return True
