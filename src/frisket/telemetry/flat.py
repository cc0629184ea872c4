"""A sample as flat names and values, the way it is spooled, sent and stored; and back. Pure.

Names: `identity.model`, `status.printer`, `supply.1.1` (what it is), `supply.1.1.level` (how much
is left), `tray.…` likewise, `counter.total` (the count), `counter.total.is` (what is counted),
`alert.17`, `source.serial`. What hardly ever changes stands apart from what does: only changes
are stored. docs/reference/collector-protocol.md has the table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from frisket.model.target import Identity
from frisket.telemetry.batch import (
    LONGEST_TEXT,
    MOST_PARTS,
    MOST_VALUES,
    Part,
    Value,
    name_part,
)
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

Flat = dict[str, Value]
_INT64: Final = 1 << 63
_SOURCELESS: Final = Source("", "")


def flatten(sample: Sample) -> Flat:
    """Return the sample's names and values, bounded: what a hostile device adds is cut off."""
    flat: Flat = {}
    for name, value in _pairs(sample):
        if len(flat) >= MOST_VALUES:
            break
        flat[name] = value
    return flat


def unflatten(values: Mapping[str, Value]) -> Sample:
    """Return the sample of these values; what is malformed or not a sample's is left out."""
    texts = {name: value for name, value in values.items() if isinstance(value, str)}
    identity = Identity(*(texts.get(f"identity.{name}", "") for name in Identity.__slots__))
    return Sample(
        identity=identity,
        printer=texts.get("printer", ""),
        status=Status(
            texts.get("status.printer", ""),
            texts.get("status.device", ""),
            _words(values.get("status.problems")),
            _words(values.get("status.display")),
        ),
        alerts=tuple(_alerts(values)),
        supplies=tuple(_supplies(values)),
        trays=tuple(_trays(values)),
        counters=tuple(_counters(values)),
        sources={
            name.removeprefix("source."): _source(parts)
            for name, parts in _lists(values, "source.")
            if len(parts) >= 3
        },
        notes=_words(values.get("notes")),
    )


def _pairs(sample: Sample) -> Iterator[tuple[str, Value]]:
    # Counters first: where a device overflows the bounds, what is billed must stay.
    for counter in sample.counters:
        if _number(counter.value) is None:
            continue
        name = f"counter.{_name(counter.name)}"
        yield name, counter.value
        about: list[Part] = [_cut(counter.label), _cut(counter.unit), counter.number]
        yield f"{name}.is", [*about, *_origin(counter.source)]
    for name in Identity.__slots__:
        if text := getattr(sample.identity, name):
            yield f"identity.{name}", _cut(text)
    if sample.printer:
        yield "printer", _cut(sample.printer)
    yield from _status(sample.status)
    for supply in sample.supplies:
        name = f"supply.{_name(supply.index)}"
        about = [_cut(supply.name), _cut(supply.kind), _cut(supply.color)]
        about.append(supply.receptacle)
        yield from _level(name, about, supply.level)
    for tray in sample.trays:
        about = [_cut(tray.name), _cut(tray.media)]
        yield from _level(f"tray.{_name(tray.index)}", about, tray.level)
    for alert in sample.alerts:
        row: list[Part] = [_cut(alert.severity), _cut(alert.group), _number(alert.member)]
        row += [_number(alert.code), _cut(alert.text), *_origin(alert.source)]
        yield f"alert.{_name(alert.index)}", row
    for name, source in sample.sources.items():
        yield f"source.{_name(name)}", _origin(source)
    beyond = [c.name for c in sample.counters if _number(c.value) is None]
    notes = [*sample.notes, *(f"counter {name} gave more than 64 bits hold" for name in beyond)]
    if notes:
        yield "notes", [_cut(note) for note in notes[:MOST_PARTS]]


def _status(status: Status) -> Iterator[tuple[str, Value]]:
    for name, text in (("printer", status.printer), ("device", status.device)):
        if text:
            yield f"status.{name}", _cut(text)
    for name, words in (("problems", status.problems), ("display", status.display)):
        if words:
            yield f"status.{name}", [_cut(word) for word in words[:MOST_PARTS]]


def _level(name: str, about: list[Part], level: Level) -> Iterator[tuple[str, Value]]:
    unit: list[Part] = [_cut(level.unit), _number(level.capacity)]
    yield name, [*about, *unit, *_origin(level.source)]
    if level.state is not State.MEASURED:
        yield f"{name}.level", level.state.value
    else:
        amount = _number(level.amount)
        yield f"{name}.level", State.UNKNOWN.value if amount is None else amount


def _origin(source: Source) -> list[Part]:
    return [_cut(source.table), _cut(source.oid), _cut(source.rule)]


def _number(value: int | None) -> int | None:
    return value if value is not None and -_INT64 <= value < _INT64 else None


def _cut(text: str) -> str:
    # A lone surrogate cannot be encoded, and PostgreSQL keeps no NUL.
    return text[:LONGEST_TEXT].encode(errors="replace").decode().replace("\0", "�")


def _name(text: str) -> str:
    """Return an index or a counter's name, unchanged where it is an ordinary one."""
    plain = text.replace(".", "").replace("-", "").replace("_", "")
    ordinary = plain.isascii() and plain.isalnum() and len(text) <= 60
    return text if ordinary else name_part(text)


def _words(value: Value | None) -> tuple[str, ...]:
    if not isinstance(value, list):
        return ()
    return tuple(part for part in value if isinstance(part, str))


def _lists(values: Mapping[str, Value], start: str) -> Iterator[tuple[str, list[Part]]]:
    for name, value in values.items():
        if name.startswith(start) and isinstance(value, list):
            yield name, value


def _source(parts: list[Part]) -> Source:
    table, oid, rule = parts[-3:]
    return Source(_text(table), _text(oid), _text(rule))


def _text(part: Part) -> str:
    return part if isinstance(part, str) else ""


def _whole(part: Value | None) -> int | None:
    return part if isinstance(part, int) and not isinstance(part, bool) else None


def _read_level(values: Mapping[str, Value], name: str, parts: list[Part]) -> Level:
    unit, capacity = parts[-5:-3]
    said = values.get(f"{name}.level")
    amount = _whole(said)
    if amount is not None:
        state = State.MEASURED
    else:
        state = State(said) if isinstance(said, str) and said in set(State) else State.UNKNOWN
    return Level(state, _source(parts), amount, _whole(capacity), _text(unit))


def _supplies(values: Mapping[str, Value]) -> Iterator[Supply]:
    for name, parts in _lists(values, "supply."):
        if len(parts) == 9:
            index = name.removeprefix("supply.")
            called, kind, color = (_text(part) for part in parts[:3])
            level = _read_level(values, name, parts)
            yield Supply(index, called, kind, color, parts[3] is True, level)


def _trays(values: Mapping[str, Value]) -> Iterator[Tray]:
    for name, parts in _lists(values, "tray."):
        if len(parts) == 7:
            level = _read_level(values, name, parts)
            yield Tray(name.removeprefix("tray."), _text(parts[0]), _text(parts[1]), level)


def _alerts(values: Mapping[str, Value]) -> Iterator[Alert]:
    for name, parts in _lists(values, "alert."):
        if len(parts) == 8:
            severity, group, member, code, text = parts[:5]
            yield Alert(
                name.removeprefix("alert."),
                _text(severity),
                _text(group),
                _whole(member) or 0,
                _whole(code) or 0,
                _text(text),
                _source(parts),
            )


def _counters(values: Mapping[str, Value]) -> Iterator[Counter]:
    for name, value in values.items():
        count = _whole(value)
        if not name.startswith("counter.") or count is None:
            continue
        short = name.removeprefix("counter.")
        about = values.get(f"{name}.is")
        if isinstance(about, list) and len(about) == 6:
            source, number = _source(about), _whole(about[2])
            yield Counter(short, _text(about[0]), count, _text(about[1]), source, number)
        else:
            yield Counter(short, short, count, "", _SOURCELESS)
