"""Records one device for a poll table to be judged by, scrubbed of whose device it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from frisket.errors import FrisketError, LinkError, WireError
from frisket.net.budget import Limits
from frisket.net.dial import Dialer
from frisket.probe.snmp_identity import SYS_LOCATION, SYS_NAME, SYS_OBJECT_ID, identifier_of
from frisket.proto.ipp.names import GroupTag
from frisket.proto.ipp.values import Message
from frisket.proto.snmp.client import Manager
from frisket.proto.snmp.errors import StatusError, WalkBroken
from frisket.proto.snmp.wire.oid import Oid, parse_oid
from frisket.proto.snmp.wire.values import Value
from frisket.telemetry.acquaintance import IPP, Acquaintance
from frisket.telemetry.answers import text
from frisket.telemetry.capture import Capture
from frisket.telemetry.contact import Access, open_contact
from frisket.telemetry.ipp_poll import message_of
from frisket.telemetry.ipp_read import interpret_ipp, joined
from frisket.telemetry.ipp_table import IppTable
from frisket.telemetry.read import interpret, slug
from frisket.telemetry.reading import Reading
from frisket.telemetry.sample import Sample
from frisket.telemetry.scrub import SYS_CONTACT, Scrubber, scrub_variables
from frisket.telemetry.table import PollTable

LIMITS: Final = Limits(packets=4000, bytes_received=8 << 20, seconds=600.0)
_ENTERPRISES: Final = parse_oid("1.3.6.1.4.1")
_STANDARD: Final = (parse_oid("1.3.6.1.2.1.43"), parse_oid("1.3.6.1.2.1.25.3"))
_BITS: Final = parse_oid("1.3.6.1.2.1.25.3.5.1.2.1")
_MOST: Final = 6000  # variables of one branch
_NAMES: Final = ("printer-name", "printer-dns-sd-name", "printer-info")


@dataclass(slots=True)
class Recorded:
    """What a recording gave: the raw answers, and what stood in the way of the rest."""

    via: list[str] = field(default_factory=list)
    varbinds: dict[Oid, Value] = field(default_factory=dict)
    ipp: Message | None = None
    notes: list[str] = field(default_factory=list)


async def record(
    dialer: Dialer, access: Access, tables: Sequence[PollTable], ipp: IppTable
) -> Recorded:
    """Read all that the poll tables name, Printer-MIB, Host Resources and the maker's own branch.

    What fails is noted. Nothing is scrubbed yet.
    """
    found = Recorded()
    try:
        await _snmp(found, dialer, access, tables)
    except FrisketError as fault:
        found.notes.append(f"SNMP: {fault}")
    if access.ipp != "never":
        try:
            found.ipp, _ = await message_of(dialer, ipp, access.patience)
            found.via.append(IPP)
        except (LinkError, WireError) as fault:
            found.notes.append(f"IPP: {fault}")
    return found


async def _snmp(
    found: Recorded, dialer: Dialer, access: Access, tables: Sequence[PollTable]
) -> None:
    contact = await open_contact(dialer, access, Acquaintance())
    reading = Reading(dialer, access, contact, tables)
    try:
        await reading.run()
        found.via.append(contact.via)
        found.notes += reading.notes
        found.varbinds.update(reading.values)
        await _get_contact(found, reading.manager)
        object_id = identifier_of(reading.values.get(SYS_OBJECT_ID))
        branches = [*_STANDARD]
        if object_id[: len(_ENTERPRISES)] == _ENTERPRISES:
            branches.append(object_id[: len(_ENTERPRISES) + 1])
        for branch in branches:
            await _walk(found, reading.manager, branch)
    finally:
        found.varbinds.update(reading.values)
        reading.contact.manager.close()


async def _get_contact(found: Recorded, manager: Manager) -> None:
    """Read who looks after the device: a name that must not stand elsewhere either."""
    found.varbinds.update(
        (oid, value) for oid, value in await manager.get([SYS_CONTACT]) if text(value)
    )


async def _walk(found: Recorded, manager: Manager, branch: Oid) -> None:
    try:
        found.varbinds.update(
            await manager.walk(branch, max_varbinds=_MOST, max_bytes=LIMITS.bytes_received)
        )
    except WalkBroken as broken:
        found.varbinds.update(broken.partial)
        found.notes.append(str(broken))
    except StatusError as fault:
        found.notes.append(str(fault))


def sample_of(capture: Capture, tables: Sequence[PollTable], ipp: IppTable) -> Sample:
    """Return the sample that a capture gives."""
    snmp = interpret(capture.varbinds, tables)
    return joined(snmp, interpret_ipp(capture.ipp, ipp) if capture.ipp else Sample(), ipp)


def scrubbed(recorded: Recorded, tables: Sequence[PollTable], ipp: IppTable) -> Capture:
    """Return the capture of a recording, in which nothing says whose device it is."""
    raw = Capture(" and ".join(recorded.via), recorded.varbinds, recorded.ipp)
    sample = sample_of(raw, tables, ipp)
    scrubber = Scrubber(sample.identity)
    serials = [row.oid for table in tables for row in table.values if row.field == "serial"]
    scrubber.learn("serial", [sample.identity.serial, *_texts(recorded.varbinds, serials)])
    scrubber.learn("name", [sample.identity.name, *_texts(recorded.varbinds, [SYS_NAME])])
    scrubber.learn("place", [sample.identity.location])
    scrubber.learn("place", _texts(recorded.varbinds, [SYS_LOCATION]))
    scrubber.learn("contact", _texts(recorded.varbinds, [SYS_CONTACT]))
    scrubber.learn("name", _named(recorded.ipp))
    binary = frozenset({_BITS, *(row.oid for table in tables for row in table.records)})
    return Capture(
        raw.via,
        scrub_variables(recorded.varbinds, scrubber, binary),
        scrubber.message(recorded.ipp, ipp.asked) if recorded.ipp else None,
    )


def _texts(varbinds: Mapping[Oid, Value], oids: Sequence[Oid]) -> Iterator[str]:
    return (said for oid in oids if (said := text(varbinds.get(oid))))


def _named(message: Message | None) -> Iterator[str]:
    for name in _NAMES:
        attribute = message.get(GroupTag.PRINTER, name) if message else None
        yield from attribute.texts() if attribute else ()


def file_name(sample: Sample, via: str) -> str:
    """Return `<make>#<model_firmware>#<what answered>`, the name of a capture."""
    who = sample.identity
    model = slug(who.model) or "unknown"
    firmware = f"_{slug(who.firmware)}" if who.firmware else ""
    return f"{slug(who.vendor) or 'unknown'}#{model}{firmware}#{slug(via.replace(' and ', '-'))}"
