"""From variables to a sample: identity, status, alerts, supplies, paper and counters. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from frisket.model.target import Identity
from frisket.probe.identity import Clues, recognise
from frisket.probe.snmp_identity import ASKED, clues_of
from frisket.proto.snmp.wire.oid import Oid, format_oid
from frisket.proto.snmp.wire.values import OctetString, Value
from frisket.telemetry.answers import Answers, gather, number, origin, text
from frisket.telemetry.choice import about
from frisket.telemetry.sample import Alert, Counter, Sample, Source, Status
from frisket.telemetry.supplies import Reader, records
from frisket.telemetry.table import CountTable, Field, PollTable
from frisket.telemetry.words import DEVICE, GROUPS, PRINTER, SEVERITIES, UNITS, problems

RECOGNISED = "recognition"  # the source of what devices/recognition.toml reads out of descriptions
_STATUS = "status."
_NOT_SLUG = re.compile(r"[^a-z0-9]+")


@lru_cache(maxsize=1024)
def slug(label: str) -> str:
    """Return a label as a name: `Total (Black/Large)` is `total-black-large`."""
    return _NOT_SLUG.sub("-", label.casefold()).strip("-")


def interpret(varbinds: Mapping[Oid, Value], tables: Sequence[PollTable]) -> Sample:
    """Return the sample that variables of one device give, by the tables that are about it."""
    mine = about(varbinds, tables)
    answers = gather(varbinds, _columns(mine))
    identity, printer, sources = _identity(answers, mine)
    status, status_sources = _status(answers, mine)
    reader = Reader(answers, mine)
    return Sample(
        identity,
        printer,
        status,
        tuple(_alerts(answers, mine)),
        reader.supplies(),
        reader.trays(),
        tuple(_distinct(_counters(answers, mine))),
        sources | status_sources,
        tuple(answers.notes),
    )


@lru_cache(maxsize=256)
def _columns(tables: tuple[PollTable, ...]) -> frozenset[Oid]:
    named = {oid for table in tables for walk in table.walks for oid in walk}
    for table in tables:
        for counters in table.counter_tables:
            named |= {counters.names, counters.values}
    return frozenset(named - {()})


def _stated(tables: Sequence[PollTable], name: str) -> Iterator[tuple[PollTable, Field]]:
    for table in tables:
        for row in table.values:
            if row.field == name:
                yield table, row


def _identity(
    answers: Answers, tables: Sequence[PollTable]
) -> tuple[Identity, str, dict[str, Source]]:
    """Return who it is and why it is a printer: as recognised, then as tables add or replace."""
    bounded = {
        oid: OctetString(text(value).encode()) if isinstance(value, OctetString) else value
        for oid, value in answers.values.items()
        if oid in _ASKED
    }
    identity, printer = _recognised(clues_of(bounded))
    sources: dict[str, Source] = {}
    for name in Identity.__slots__:
        known = getattr(identity, name)
        if known:
            sources[name] = Source(RECOGNISED, "")
        for table, row in _stated(tables, name):
            said = text(answers.values.get(row.oid))
            if not said or (known and known != said and not row.supersedes):
                continue
            if row.supersedes or name not in sources or not sources[name].oid:
                known = said
                sources[name] = origin(table.name, row.oid, row.because)
        identity = replace(identity, **{name: known})
    return identity, printer, sources


_ASKED = frozenset(ASKED)


@lru_cache(maxsize=4096)
def _recognised(clues: Clues) -> tuple[Identity, str]:
    """Return what recognition makes of the clues; kept, since devices stay who they are."""
    return recognise(clues)


def _status(answers: Answers, tables: Sequence[PollTable]) -> tuple[Status, dict[str, Source]]:
    words: dict[str, tuple[str, ...]] = {}
    sources: dict[str, Source] = {}
    for name in ("printer", "device", "problems"):
        for table, row in _stated(tables, _STATUS + name):
            value = answers.values.get(row.oid)
            if name == "problems":
                said = problems(bytes(value)) if isinstance(value, OctetString) else ()
                answered = isinstance(value, OctetString)
            else:
                word = (PRINTER if name == "printer" else DEVICE).get(number(value) or 0, "")
                said, answered = (word,), bool(word)
            if answered:
                words[name] = said
                sources[_STATUS + name] = origin(table.name, row.oid)
    display: list[str] = []
    for table in tables:
        column = answers.column(table.columns.get("display", {}).get("text", ()))
        display += [line for index in sorted(column) if (line := text(column[index]))]
    status = Status(
        "".join(words.get("printer", ())),
        "".join(words.get("device", ())),
        words.get("problems", ()),
        tuple(display),
    )
    return status, sources


def _alerts(answers: Answers, tables: Sequence[PollTable]) -> Iterator[Alert]:
    for table in tables:
        columns = table.columns.get("alert", {})
        read = {name: answers.column(oid) for name, oid in columns.items()}
        for index in sorted(read.get("severity", {})):
            row = {name: column.get(index) for name, column in read.items()}
            yield Alert(
                format_oid(index),
                SEVERITIES.get(number(row.get("severity")) or 0, ""),
                GROUPS.get(number(row.get("group")) or 0, ""),
                number(row.get("member")) or 0,
                number(row.get("code")) or 0,
                text(row.get("text")),
                origin(table.name, (*columns["severity"], *index)),
            )


def _counters(answers: Answers, tables: Sequence[PollTable]) -> Iterator[Counter]:
    """Yield counters: by Canon number, by a vendor's variable, by record, then by Printer-MIB."""
    for table in tables:
        found: list[Counter] = []
        for counters in table.counter_tables:
            if not (counters.otherwise and found):
                found += _counter_table(answers, table, counters)
        yield from found
        for row in table.counters:
            value = answers.count(answers.values.get(row.oid), row.label, in_text=row.text)
            if value is not None:
                source = origin(table.name, row.oid)
                yield Counter(row.name, row.label, value, row.unit, source, row.number)
        for rule in table.records:
            codes = records(answers.values.get(rule.oid)) if rule.counters else {}
            source = origin(table.name, rule.oid)
            for code, label in rule.counters.items():
                if code in codes:
                    yield Counter(slug(label), label, codes[code], "impressions", source)
        yield from _markers(answers, table)


def _counter_table(answers: Answers, table: PollTable, counters: CountTable) -> Iterator[Counter]:
    names = answers.column(counters.names)
    for index, value in sorted(answers.column(counters.values).items()):
        code = index[-1] if counters.numbered else None
        known = table.numbers.get(code, "") if code is not None else ""
        label = text(names.get(index)) or known or f"Counter {index[-1]}"
        count = answers.count(value, label)
        if count is not None:
            source = origin(table.name, (*counters.values, *index))
            name = slug(known or label) or f"counter-{index[-1]}"
            yield Counter(name, label, count, counters.unit, source, code)


def _markers(answers: Answers, table: PollTable) -> Iterator[Counter]:
    """Yield prtMarkerLifeCount and prtMarkerPowerOnCount; a second marker's are numbered."""
    columns = table.columns.get("marker", {})
    units = answers.column(columns.get("unit", ()))
    for name, label in (("life", "Life of the marker"), ("started", "Since it was switched on")):
        column = answers.column(columns.get(name, ()))
        for place, (index, value) in enumerate(sorted(column.items()), 1):
            many = f" {place}" if place > 1 else ""
            count = answers.count(value, label + many)
            if count is not None:
                source = origin(table.name, (*columns[name], *index))
                unit = UNITS.get(number(units.get(index)) or 0, "")
                yield Counter(slug(name + many), label + many, count, unit, source)


def _distinct(counters: Iterator[Counter]) -> Iterator[Counter]:
    """Yield each name and each number once; a name met again gets its object's last arcs."""
    names: set[str] = set()
    numbers: set[int] = set()
    for counter in counters:
        if counter.number is not None and counter.number in numbers:
            continue
        name = counter.name
        if name in names:
            name = f"{name}-{counter.source.oid.rpartition('.')[2]}"
        if name in names:
            continue
        names.add(name)
        if counter.number is not None:
            numbers.add(counter.number)
        yield counter if name == counter.name else replace(counter, name=name)
