"""Reads an audit back from its JSON, so that it can be drawn in another format."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from frisket.errors import CaptureError
from frisket.model.finding import (
    AuditResult,
    Conflict,
    DeviceResult,
    Evidence,
    Finding,
    Fix,
    Incomplete,
    Severity,
    Verdict,
)
from frisket.model.reading import Value
from frisket.model.target import Identity

_Item = TypeVar("_Item")
_Word = TypeVar("_Word", bound=StrEnum)

SCHEMA_VERSION = 1


def read_audit(data: bytes, *, limit: int = 256 * 1024 * 1024) -> AuditResult:
    """Return the audit that `data` holds (content/schemas/audit-1.json), or raise `CaptureError`.

    The figures in it are not believed; they are counted anew. `limit` bounds the bytes.
    """
    if len(data) > limit:
        raise CaptureError(f"the report is longer than {limit} bytes")
    try:
        raw = json.loads(data)
    except (ValueError, RecursionError) as fault:
        raise CaptureError("the report is not JSON") from fault
    return _audit(_Node(raw, "report"))


def read_findings(tables: Any) -> tuple[Finding, ...]:
    """Return the findings of one device from their tables, or raise `CaptureError`."""
    return _Node(tables, "findings").each(_finding)


@dataclass(frozen=True, slots=True)
class _Node:
    """A place in the document; every access checks the type and names the place."""

    value: Any
    where: str

    def fault(self, wanted: str) -> CaptureError:
        return CaptureError(f"{self.where[:200]}: {wanted} is expected")

    def at(self, name: str) -> _Node:
        """Return the member `name`; a missing one is null."""
        if not isinstance(self.value, dict):
            raise self.fault("an object")
        return _Node(self.value.get(name), f"{self.where}.{name}")

    def text(self, default: str | None = None) -> str:
        if self.value is None and default is not None:
            return default
        if not isinstance(self.value, str):
            raise self.fault("text")
        return self.value

    def flag(self) -> bool:
        if self.value is None:
            return False
        if not isinstance(self.value, bool):
            raise self.fault("true or false")
        return self.value

    def instant(self) -> datetime:
        try:
            when = datetime.fromisoformat(self.text())
        except ValueError:
            raise self.fault("a time") from None
        # Years at the ends of the calendar cannot be told in another zone.
        if when.utcoffset() != timedelta(0) or not 1900 < when.year < 9999:
            raise self.fault("a time in UTC")
        return when

    def word(self, kind: type[_Word]) -> _Word:
        try:
            return kind(self.text())
        except ValueError:
            raise self.fault(f"one of {', '.join(kind)}") from None

    def each(self, build: Callable[[_Node], _Item]) -> tuple[_Item, ...]:
        """Build every item of a list; a missing list is empty."""
        if self.value is None:
            return ()
        if not isinstance(self.value, list):
            raise self.fault("a list")
        return tuple(build(_Node(v, f"{self.where}[{n}]")) for n, v in enumerate(self.value))

    def table(self, build: Callable[[_Node], _Item]) -> dict[str, _Item]:
        """Build every member of an object; a missing object is empty."""
        if self.value is None:
            return {}
        if not isinstance(self.value, dict):
            raise self.fault("an object")
        return {key: build(_Node(v, f"{self.where}.{key}")) for key, v in self.value.items()}


def _value(node: _Node) -> Value:
    if isinstance(node.value, bool | int | str):
        return node.value
    if isinstance(node.value, list):
        return node.each(_Node.text)
    raise node.fault("a value")


def _texts(node: _Node) -> tuple[str, ...]:
    return node.each(_Node.text)


def _evidence(node: _Node) -> Evidence:
    return Evidence(
        key=node.at("key").text(),
        value=_value(node.at("value")),
        witness=node.at("witness").text(),
        via=node.at("via").text(),
        at=node.at("at").instant(),
        detail=node.at("detail").text(""),
    )


def _fix(node: _Node) -> Fix:
    if node.value is None:
        return Fix()
    return Fix(
        set=node.at("set").table(_value),
        menu=node.at("menu").text(""),
        how=node.at("how").text(""),
        breaks=_texts(node.at("breaks")),
        restart=node.at("restart").flag(),
    )


def _conflict(node: _Node) -> Conflict:
    return Conflict(node.at("other").text(), node.at("text").text())


def _finding(node: _Node) -> Finding:
    return Finding(
        consideration=node.at("consideration").text(),
        feature=node.at("feature").text(),
        rule=node.at("rule").text(),
        title=node.at("title").text(""),
        verdict=node.at("verdict").word(Verdict),
        severity=node.at("severity").word(Severity),
        because=node.at("because").text(),
        evidence=node.at("evidence").each(_evidence),
        fix=_fix(node.at("fix")),
        stops=node.at("stops").text(""),
        maps=node.at("maps").table(_texts),
        conflicts=node.at("conflicts").each(_conflict),
        alternatives=_texts(node.at("alternatives")),
    )


def _device(node: _Node) -> DeviceResult:
    who = node.at("identity")
    return DeviceResult(
        target=node.at("target").text(),
        identity=Identity(*(who.at(name).text("") for name in Identity.__slots__)),
        findings=node.at("findings").each(_finding),
        notes=_texts(node.at("notes")),
    )


def _incomplete(node: _Node) -> Incomplete:
    return Incomplete(
        node.at("target").text(), node.at("why").text(), skipped=node.at("skipped").flag()
    )


def _audit(node: _Node) -> AuditResult:
    version = node.at("schema_version").value
    if version != SCHEMA_VERSION or isinstance(version, bool):
        raise CaptureError(f"this is no audit report of version {SCHEMA_VERSION}")
    return AuditResult(
        baseline=node.at("baseline").text(),
        started=node.at("started").instant(),
        finished=node.at("finished").instant(),
        devices=node.at("devices").each(_device),
        incomplete=node.at("incomplete").each(_incomplete),
        schema_version=SCHEMA_VERSION,
    )
