"""Recorded messages of real printers: every one decodes, and as libcups decoded it."""

from __future__ import annotations

import re
from datetime import timedelta, timezone
from pathlib import Path

import pytest

from frisket.errors import WireError
from frisket.proto.ipp import names, wire

RECORDINGS = Path(__file__).parents[3] / "shared" / "data" / "ipp"
MESSAGES = sorted(
    path
    for folder in ("jipp", "gmuth", "python-ipp", "go-mfp", "goipp")
    for path in (RECORDINGS / folder).rglob("*")
    if path.suffix in {".bin", ".ipp", ".response"}
)
LINE = re.compile(r"^        (?:    )?([\w-]+) \((1setOf )?([\w-]+)\) = (.*)$", re.ASCII)

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not MESSAGES, reason="no IPP recordings in ../shared/data"),
]


def shown(value: wire.Value) -> str | None:
    """Write a value as ippAttributeString of libcups does; None where it uses names of its own."""
    data, result = value.data, None
    if value.tag == names.ValueTag.ENUM:
        return None
    match data:
        case None:
            result = names.value_name(value.tag)
        case bool():
            result = "true" if data else "false"
        case int() | str():
            result = str(data)
        case bytes():
            result = "".join(chr(octet) for octet in data)
        case wire.Range(low, high):
            result = f"{low}-{high}"
        case wire.Resolution(across, feed, units):
            unit = "dpi" if units == 3 else "dpcm"
            result = f"{across}{unit}" if across == feed else f"{across}x{feed}{unit}"
        case wire.DateTime():
            result = local(data)
        case wire.Localized():
            result = f"{data.text}[{data.language}]"
        case wire.Collection(members):
            parts = [(member.name, [shown(item) for item in member.values]) for member in members]
            if any(None in texts for _, texts in parts):
                return None
            inner = (f"{name}={','.join(map(str, texts))}" for name, texts in parts)
            result = "{" + " ".join(inner) + "}"
    return result


def local(date: wire.DateTime) -> str | None:
    """Write a moment in the device's own offset."""
    moment = date.moment()
    ahead = timedelta(hours=date.utc_hours, minutes=date.utc_minutes)
    if moment is None:
        return None
    own = moment.astimezone(timezone(-ahead if date.direction == "-" else ahead))
    return own.strftime("%Y-%m-%dT%H:%M:%S") + (own.strftime("%z") if ahead else "Z")


def reference(path: Path) -> list[tuple[str, str, str]]:
    """Read the attributes libcups found in a response: name, syntax, text."""
    name = "_".join(path.relative_to(RECORDINGS).parts) + ".txt"
    try:
        text = (RECORDINGS / "reference_ipptool" / name).read_text("utf-8", "replace")
    except FileNotFoundError:
        return []
    _, _, received = text.partition("RECEIVED: ")
    found = [LINE.match(line) for line in received.splitlines()]
    return [(line[1], line[3], line[4]) for line in found if line]


def plain(text: str) -> str:
    """Leave out the escapes and blanks that only the reference's printing adds."""
    octal = re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), text)
    return re.sub(r"[\\\s]", "", octal)


def test_every_recorded_message_survives_a_round_trip() -> None:
    assert len(MESSAGES) > 200
    for path in MESSAGES:
        try:
            message = wire.decode(path.read_bytes())
        except WireError:
            assert "malformed" in path.parts, path
            continue
        assert wire.decode(wire.encode(message)) == message, path
        assert wire.encode(message) == path.read_bytes(), path


def test_attributes_are_the_ones_libcups_read() -> None:
    compared = 0
    for path in MESSAGES:
        expected = reference(path)
        if not expected:
            continue
        message = wire.decode(path.read_bytes())
        ours = [item for group in message.groups for item in group.attributes]
        assert [item.name for item in ours] == [name for name, _, _ in expected], path
        for item, (name, syntax, text) in zip(ours, expected, strict=True):
            assert names.value_name(item.values[0].tag) == syntax, (path, name)
            texts = [shown(value) for value in item.values]
            if None not in texts:
                compared += 1
                assert plain(",".join(map(str, texts))) == plain(text), (path, name)
    assert compared > 4000
