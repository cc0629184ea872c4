"""The egress manifest: which fields leave a site, and what of real traffic is not among them.

Pure but for reading `content/egress.toml`. The checker knows names and kinds, not values: that no
document's name can be among them follows from there being no field for one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from functools import cache
from typing import Any, Final

from frisket.catalog.load import build, content, read_toml
from frisket.errors import ContentError
from frisket.telemetry.batch import Batch, Record
from frisket.telemetry.envelope import Envelope

COLLECTOR: Final = "collector"
ERDS: Final = "erds"
_STAR: Final = r"[A-Za-z0-9_-]{1,60}(?:\.[0-9]{1,10}){0,8}"
_DEEPEST: Final = 8
# "level" is an amount, or the word of a state; "scalar" a switch, number or word.
_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "text": (str,),
    "number": (int, float),
    "flag": (bool,),
    "octets": (bytes,),
    "empty": (str,),
    "level": (int, str),
    "scalar": (bool, int, str),
}


@dataclass(frozen=True, slots=True)
class Field:
    """One field that may leave. `parts` and `each` describe lists, `kind` everything else."""

    path: str
    what: str
    kind: str = ""
    parts: tuple[str, ...] = ()
    each: str = ""


@dataclass(frozen=True, slots=True)
class Channel:
    """One way out of a site, and all that goes by it."""

    name: str
    about: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Stranger:
    """A field that is not on the list, or not as the list has it."""

    path: str
    why: str


Manifest = Mapping[str, Channel]


@cache
def load_manifest() -> Manifest:
    """Return the packaged manifest by channel. Raises `ContentError`."""
    found = {}
    for name, raw in read_toml(content("egress.toml")).items():
        where = f"egress.toml [{name}]"
        fields = tuple(build(Field, row, where) for row in raw["fields"])
        for field in fields:
            _check(field, where)
        if len({field.path for field in fields}) != len(fields):
            raise ContentError(f"{where}: a path stands twice")
        found[name] = Channel(name, raw["about"], fields)
    return found


def _check(field: Field, where: str) -> None:
    kinds = [*field.parts, *filter(None, (field.kind, field.each))]
    described = sum(map(bool, (field.kind, field.parts, field.each)))
    if described != 1 or any(kind not in _TYPES for kind in kinds):
        raise ContentError(f"{where}: {field.path} needs one of kind, parts and each")


@cache
def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.escape(path).replace(r"\*", _STAR))


def _fits(kind: str, value: object) -> bool:
    if value is None:
        return True
    if isinstance(value, bool) and bool not in _TYPES[kind]:
        return False
    return isinstance(value, _TYPES[kind]) and (kind != "empty" or value == "")


def _fault(field: Field, value: object) -> str:
    if value is None:
        return ""
    if field.kind:
        return "" if _fits(field.kind, value) else f"is no {field.kind}"
    if not isinstance(value, list | tuple):
        return "is no list"
    if field.each:
        return "" if all(_fits(field.each, part) for part in value) else f"has no {field.each}"
    if len(value) > len(field.parts):
        return f"has {len(value)} parts; {len(field.parts)} are listed"
    bad = [n for n, part in enumerate(value) if not _fits(field.parts[n], part)]
    return f"part {bad[0] + 1} is not {field.parts[bad[0]]}" if bad else ""


def strangers(channel: Channel, pairs: Iterable[tuple[str, object]]) -> tuple[Stranger, ...]:
    """Return what of these paths and values is not on a channel's list; () where all of it is."""
    found: dict[str, Stranger] = {}
    for path, value in pairs:
        field = next((f for f in channel.fields if _pattern(f.path).fullmatch(path)), None)
        why = "is not on the list" if field is None else _fault(field, value)
        if why:
            found.setdefault(path, Stranger(path[:120], why))
    return tuple(found.values())


# -- what goes out, as paths and values


def record_pairs(record: Record) -> Iterator[tuple[str, object]]:
    """Yield what a record of the collector says."""
    yield "record.seq", record.seq
    yield "record.device", record.device
    yield "record.at", record.at
    yield "record.kind", record.kind.value
    yield from record.values.items()


def batch_pairs(batch: Batch) -> Iterator[tuple[str, object]]:
    """Yield what a batch of the collector says, its records too."""
    for name in ("collector", "spool", "first", "oldest"):
        yield f"batch.{name}", getattr(batch, name)
    for record in batch.records:
        yield from record_pairs(record)


def envelope_pairs(envelope: Envelope) -> Iterator[tuple[str, object]]:
    """Yield what an envelope says around its body."""
    yield "envelope.kind", envelope.kind.value
    for name in ("audience", "sent", "certificate", "signature"):
        yield f"envelope.{name}", getattr(envelope, name)


def json_pairs(body: bytes, prefix: str = "") -> Iterator[tuple[str, object]]:
    """Yield what a JSON object says: eRDS reports, enrolments (`enrol.`), orders (`orders.`).

    Raises `ValueError` where it is none; deeper than eight is one stranger.
    """
    yield from _walk(prefix, json.loads(body), 0)


def _walk(path: str, value: object, depth: int) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict) and depth < _DEEPEST:
        for name, inner in value.items():
            dot = "" if not path or path.endswith(".") else "."
            yield from _walk(f"{path}{dot}{name}", inner, depth + 1)
    elif isinstance(value, list) and depth < _DEEPEST:
        for inner in value:
            yield from _walk(f"{path}[]", inner, depth + 1)
    else:
        yield path, value


def http_pairs(headers: Mapping[str, str]) -> Iterator[tuple[str, object]]:
    """Yield the fields of an HTTP request, names in lower case."""
    for name, value in headers.items():
        yield f"http.{name.lower()}", value


def mail_pairs(mail: EmailMessage) -> Iterator[tuple[str, object]]:
    """Yield the fields of a mail, and those of its parts; what is attached is an envelope."""
    for part in mail.walk():
        for name, value in part.items():
            yield f"mail.{name.lower()}", str(value)


# -- for people


def manifest_rows(manifest: Manifest) -> list[dict[str, str]]:
    """Return the manifest as rows: channel, field, what."""
    return [
        {"channel": channel.name, "field": field.path, "what": field.what}
        for channel in manifest.values()
        for field in channel.fields
    ]


def manifest_text(manifest: Manifest) -> str:
    """Return the manifest as plain text."""
    lines: list[str] = []
    for channel in manifest.values():
        wide = max(len(field.path) for field in channel.fields)
        lines += [f"{channel.name}: {channel.about}", ""]
        lines += [f"  {field.path:{wide}}  {field.what}" for field in channel.fields]
        lines.append("")
    return "\n".join(lines)


def manifest_json(manifest: Manifest) -> dict[str, Any]:
    """Return the manifest as JSON has it."""
    return {"schema_version": 1, "fields": manifest_rows(manifest)}
