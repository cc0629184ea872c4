"""Documents that wait in the device: printing them from mail boxes, and what becomes of a fax."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from frisket.errors import SettingRefused
from frisket.mfd.auditlog import LogKind
from frisket.mfd.boxes import MEMORY_INBOX, Stored
from frisket.mfd.device import Device
from frisket.mfd.job import Job
from frisket.mfd.jobs import JobRefused
from frisket.mfd.spool import Incoming
from frisket.mfd.ticket import Action, Decision, Ticket

_NOW = Decision(Action.PRINT, "printed at the device")


def print_stored(device: Device, document: int, pin: str, actor: str) -> Job:
    """Print a stored document, which stays. Raises `BoxRefused` (PIN) or `JobRefused`."""
    stored = device.jobs.boxes.find(document, pin, actor)
    incoming = device.jobs.receive()
    try:
        with Path(stored.file).open("rb") as file:
            while (data := file.read(1 << 20)) and incoming.write(data):
                pass
    except OSError as fault:
        device.jobs.drop(incoming)
        raise JobRefused(f"the document cannot be read: {fault.strerror}") from fault
    ticket = replace(stored.ticket, via="mail box", box=-1, pin="", encrypted=False, hold=False)
    job = device.jobs.submit(ticket, incoming, _NOW)
    if job is None:
        raise JobRefused("there is nothing to print")
    return job


def receive_fax(
    device: Device,
    ticket: Ticket,
    incoming: Incoming,
    forward: Callable[[Path], bool] | None = None,
) -> Job | Stored | None:
    """Keep, forward or print a received fax (`ticket.via` is fax or ifax), as the settings say.

    Memory lock comes first: nothing is printed or sent on while it is on. `forward` is the
    device's forwarding rule, where it has one; a fax that could not be forwarded is kept where
    <Handle Files with Forwarding Errors> is on, and printed otherwise. None: it went elsewhere.
    """
    incoming.finish()
    store = device.store
    if incoming.fault:
        return device.jobs.submit(ticket, incoming)
    if store.on(f"{ticket.via}.memory-lock"):
        return _keep(device, ticket, incoming)
    if forward is not None and store.on("forwarding.enabled"):
        good = forward(incoming.path)
        user = ticket.user or "-"
        device.log.add(LogKind.TRANSMISSION, user, "Forward", ticket.name, ok=good)
        if good:
            device.jobs.drop(incoming)
            return None
        if store.on("fax.handle-forwarding-errors"):
            return _keep(device, ticket, incoming)
    return device.jobs.submit(ticket, incoming, _NOW)


def _keep(device: Device, ticket: Ticket, incoming: Incoming) -> Stored | Job | None:
    try:
        return device.jobs.boxes.store(MEMORY_INBOX, ticket, incoming.path, incoming.octets)
    except SettingRefused:
        # The memory is full: paper is the only place left.
        return device.jobs.submit(ticket, incoming, _NOW)
