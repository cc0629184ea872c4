"""From an IPP answer to a sample: identity, state, supplies, paper, alerts, counters. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from frisket.model.target import Identity
from frisket.probe.identity import Clues, clean, parse_device_id, recognise
from frisket.proto.ipp.names import GroupTag
from frisket.proto.ipp.values import Attribute, Collection, Message
from frisket.telemetry.answers import LARGEST_COUNT
from frisket.telemetry.ipp_table import NAME, IppTable
from frisket.telemetry.sample import (
    Alert,
    Counter,
    Level,
    Sample,
    Source,
    State,
    Status,
    Supply,
    Tray,
)
from frisket.telemetry.words import PERCENT

_MOST: Final = 64  # of one list; a recorded printer has 24 alerts
_NOTES: Final = 50
_SEVERITIES: Final = {"critical": "critical", "warning": "warning", "other": "other"}
_STATES: Final = {-1: State.OTHER, -2: State.UNKNOWN, -3: State.SOME}
_RECEPTACLE: Final = "receptacleThatIsFilled"


def interpret_ipp(message: Message, table: IppTable) -> Sample:
    """Return the sample that a printer's attributes give."""
    return _Reader(message, table).sample()


def pairs(text: str) -> dict[str, str]:
    """Read `type=toner;level=60;` (PWG 5100.13); a backslash takes the next letter as it is.

    Printers end them with NUL, leave the last semicolon out, or write a colon for one.
    """
    found: dict[str, str] = {}
    parts, word, escaped = [], "", False
    for letter in text.rstrip("\0")[:2000]:
        if escaped:
            word, escaped = word + letter, False
        elif letter == "\\":
            escaped = True
        elif letter == ";":
            parts.append(word)
            word = ""
        else:
            word += letter
    for part in [*parts, word][:40]:
        key, equals, value = part.partition("=")
        if equals:
            found.setdefault(key.strip().lower(), clean(value))
    return found


def _integer(text: str | None) -> int | None:
    """Return a number of 32 bits, None for anything else."""
    try:
        found = int(text or "")
    except ValueError:
        return None
    return found if -(2**31) <= found < 2**31 else None


@dataclass(slots=True)
class _Reader:
    message: Message
    table: IppTable
    notes: list[str] = field(default_factory=list)

    def sample(self) -> Sample:
        """Return all of it."""
        identity, printer, sources = self._identity()
        status, status_sources = self._status()
        return Sample(
            identity,
            printer,
            status,
            tuple(self._alerts()),
            tuple(self._supplies()),
            tuple(self._trays()),
            tuple(self._counters()),
            sources | status_sources,
            tuple(self.notes[:_NOTES]),
        )

    def _get(self, name: str) -> Attribute | None:
        return self.message.get(GroupTag.PRINTER, name)

    def _texts(self, name: str) -> tuple[str, ...]:
        """Return the values of an attribute as texts, at most so many."""
        attribute = self._get(name)
        if attribute is None:
            return ()
        texts = attribute.texts()
        if not texts:
            octets = (value.data for value in attribute.values)
            texts = tuple(o.decode("utf-8", "replace") for o in octets if isinstance(o, bytes))
        return texts[:_MOST]

    def _integers(self, name: str) -> tuple[int, ...]:
        attribute = self._get(name)
        return attribute.integers()[:_MOST] if attribute else ()

    def _text(self, name: str) -> str:
        return next((found for text in self._texts(name) if (found := clean(text))), "")

    def _identity(self) -> tuple[Identity, str, dict[str, Source]]:
        named = "printer-dns-sd-name" if self._text("printer-dns-sd-name") else "printer-name"
        device = next(iter(self._texts("printer-device-id")), "")
        fields = parse_device_id(device)
        # Kyocera writes SER, HP SN.
        in_id = next((fields[key] for key in ("SN", "SERN", "SER") if key in fields), "")
        own = self._text("printer-serial-number")
        versions = [clean(text) for text in self._texts("printer-firmware-string-version")]
        clues = Clues(
            make_and_model=self._text("printer-make-and-model"),
            device_id=device,
            serial=own or in_id,
            firmware=next((version for version in versions if version), ""),
            name=self._text(named),
            location=self._text("printer-location"),
        )
        identity, printer = recognise(clues)
        came = {
            "vendor": "printer-make-and-model",
            "model": "printer-make-and-model",
            "serial": "printer-serial-number" if own else "printer-device-id",
            "firmware": "printer-firmware-string-version",
            "name": named,
            "location": "printer-location",
        }
        sources = {n: Source(NAME, origin) for n, origin in came.items() if getattr(identity, n)}
        return identity, printer, sources

    def _status(self) -> tuple[Status, dict[str, Source]]:
        sources: dict[str, Source] = {}
        state = next(iter(self._integers("printer-state")), 0)
        word = self.table.states.get(state, "")
        if word:
            sources["status.printer"] = Source(NAME, "printer-state")
        problems: dict[str, None] = {}
        reasons = self._texts("printer-state-reasons")
        for reason in reasons:
            kind = clean(reason)
            base = kind
            for suffix in ("-report", "-warning", "-error"):
                base = base.removesuffix(suffix)
            if base in self.table.reasons:
                problems[self.table.reasons[base]] = None
            elif base.startswith("cups-"):
                continue  # a print server's own, of the queue
            elif base != "none" and not kind.endswith("-report"):
                problems[base.replace("-", " ")] = None
        if reasons:
            sources["status.problems"] = Source(NAME, "printer-state-reasons")
        display = (self._text("printer-state-message"),)
        return Status(word, "", tuple(problems), tuple(filter(None, display))), sources

    def _level(self, what: str, row: Mapping[str, str], unit: str, attribute: str) -> Level:
        source = Source(NAME, attribute)
        amount, capacity = _integer(row.get("level")), _integer(row.get("maxcapacity"))
        whole = capacity if capacity is not None and capacity > 0 else None
        if amount is None:
            return Level(State.UNKNOWN, source, None, whole, unit)
        if amount < 0:
            if amount not in _STATES:
                self.notes.append(f"{what}: {amount} is no level")
            return Level(_STATES.get(amount, State.UNKNOWN), source, None, whole, unit)
        if whole is None and unit == PERCENT and amount <= 100:
            whole = 100
        if whole is not None and amount > whole:
            self.notes.append(f"{what}: {amount} is more than the capacity of {whole}")
        return Level(State.MEASURED, source, amount, whole, unit)

    def _kind(self, word: str) -> str:
        return self.table.kinds.get(word.replace("-", "").casefold(), clean(word))

    def _supplies(self) -> Iterator[Supply]:
        """Yield printer-supply, which has units and capacities; where there is none, markers."""
        rows = [pairs(text) for text in self._texts("printer-supply")]
        names = self._texts("printer-supply-description")
        if not rows:
            yield from self._markers()
        for place, row in enumerate(rows):
            kind = self._kind(row.get("type", ""))
            color = row.get("colorantname", "")
            given = clean(names[place]) if place < len(names) else ""
            name = given or f"{color} {kind}".strip() or f"Supply {place + 1}"
            unit = self.table.units.get(row.get("unit", "").casefold(), "")
            filled = row.get("class") == _RECEPTACLE or kind.startswith("waste")
            level = self._level(name, row, unit, f"printer-supply[{place}]")
            index = row.get("index") or str(place + 1)
            yield Supply(index, name, kind, "" if color == "none" else color, filled, level)

    def _markers(self) -> Iterator[Supply]:
        names, kinds = self._texts("marker-names"), self._texts("marker-types")
        colors = self._texts("marker-colors")
        for place, amount in enumerate(self._integers("marker-levels")):
            kind = self._kind(kinds[place]) if place < len(kinds) else ""
            shown = clean(colors[place]) if place < len(colors) else ""
            color = self.table.colors.get(shown, self.table.colors.get(shown.upper(), shown))
            named = clean(names[place]) if place < len(names) else ""
            name = named or f"{color} {kind}".strip() or f"Supply {place + 1}"
            attribute = f"marker-levels[{place}]"
            level = self._level(name, {"level": str(amount)}, PERCENT, attribute)
            filled = kind.startswith("waste")
            yield Supply(str(place + 1), name, kind, color, filled, level)

    def _trays(self) -> Iterator[Tray]:
        for place, text in enumerate(self._texts("printer-input-tray")):
            row = pairs(text)
            name = row.get("name", "") or f"Tray {place + 1}"
            unit = self.table.units.get(row.get("unit", "").casefold(), "sheets")
            media = row.get("medianame", "")
            level = self._level(name, row, unit, f"printer-input-tray[{place}]")
            index = row.get("index") or str(place + 1)
            yield Tray(index, name, "" if media in {"other", "unknown"} else media, level)

    def _alerts(self) -> Iterator[Alert]:
        texts = self._texts("printer-alert-description")
        for place, said in enumerate(self._texts("printer-alert")):
            row = pairs(said)
            if "code" not in row:
                continue
            group = row.get("group", "")
            yield Alert(
                str(place + 1),
                _SEVERITIES.get(row.get("severity", ""), ""),
                self.table.groups.get(group, ""),
                max(_integer(row.get("groupindex")) or 0, 0),
                self.table.codes.get(row["code"], 2),
                clean(texts[place]) if place < len(texts) else "",
                Source(NAME, f"printer-alert[{place}]"),
            )

    def _counters(self) -> Iterator[Counter]:
        for row in self.table.counters:
            attribute = self._get(row.attribute)
            if row.member and attribute is not None:
                first = attribute.first
                attribute = first.get(row.member) if isinstance(first, Collection) else None
            value = next(iter(attribute.integers()), None) if attribute else None
            if value is None:
                continue
            if not 0 <= value <= LARGEST_COUNT:
                self.notes.append(f"{row.label}: {value} is no count")
                continue
            name = row.attribute + (f"/{row.member}" if row.member else "")
            yield Counter(row.name, row.label, value, row.unit, Source(NAME, name))


def joined(snmp: Sample, ipp: Sample, table: IppTable) -> Sample:
    """Return one sample of what a device says by both, under the rules of the table."""
    if not ipp:
        return snmp
    if not snmp:
        return ipp
    filled = {
        name: replace(source, rule=table.rules["identity"])
        for name, source in ipp.sources.items()
        if name not in snmp.sources
    }
    status = snmp.status
    if not status.printer and not status.problems:
        status = replace(status, printer=ipp.status.printer, problems=ipp.status.problems)
    known = {counter.name for counter in snmp.counters}
    return replace(
        snmp,
        identity=snmp.identity | ipp.identity,
        status=status,
        alerts=snmp.alerts or ipp.alerts,
        supplies=_supplies(snmp.supplies, ipp.supplies, table.rules["levels"]),
        trays=snmp.trays or ipp.trays,
        counters=(*snmp.counters, *(one for one in ipp.counters if one.name not in known)),
        sources={**filled, **snmp.sources},
        notes=(*snmp.notes, *ipp.notes)[:_NOTES],
    )


def _supplies(snmp: tuple[Supply, ...], ipp: tuple[Supply, ...], rule: str) -> tuple[Supply, ...]:
    """Return SNMP's supplies with levels that only IPP measures; IPP's where SNMP has none."""
    if not snmp:
        return ipp
    by_key = {key: supply.level for supply in ipp for key in _keys(supply)}
    found = []
    for supply in snmp:
        level = next((by_key[key] for key in _keys(supply) if key in by_key), None)
        open_ = supply.level.percent is None and supply.level.state is not State.NEARLY_EMPTY
        if open_ and level is not None and level.percent is not None:
            level = replace(level, source=replace(level.source, rule=rule))
            found.append(replace(supply, level=level))
        else:
            found.append(supply)
    return tuple(found)


def _keys(supply: Supply) -> Iterator[tuple[str, ...]]:
    """Yield what tells a supply from others: its name; else color, with whether it is a toner."""
    yield ("name", *sorted(supply.name.casefold().split()))
    if supply.color:
        yield (
            "color",
            supply.color.casefold(),
            str("toner" in supply.kind or "ink" in supply.kind),
        )
