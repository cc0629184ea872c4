"""What the spool holds for the gateway: records as frames, and gaps as records."""

from __future__ import annotations

from typing import Final

from frisket.errors import WireError
from frisket.telemetry.batch import Kind, Record, frame
from frisket.telemetry.collector.change import News
from frisket.telemetry.collector.spool import Gap, Maker

MOST_OCTETS: Final = 200 << 10  # with room for the number and the time


def gap_frame(number: int, gap: Gap) -> bytes:
    """Return a gap of the whole collector as a record's frame."""
    since, until = gap.since / 1000, max(gap.since, gap.until) / 1000
    values: dict[str, str | float | int] = {"from": since, "to": until, "why": gap.why.value}
    if gap.count:
        values["count"] = gap.count
    return frame(Record(number, "", until, Kind.GAP, {**values}))


def maker(news: News) -> Maker:
    """Return what makes the frame of a record. Raises `WireError` for one that no gateway takes."""
    if len(frame(Record(1, news.device, 0.0, news.kind, news.values))) > MOST_OCTETS:
        raise WireError(f"a record has at most {MOST_OCTETS} octets")

    def made(number: int, at: int) -> bytes:
        return frame(Record(number, news.device, at / 1000, news.kind, news.values))

    return made


def device_key(serial: str, hardware: str, engine: str, address: str) -> str:
    """Return who a device is in its site: serial number, else hardware address, else engine."""
    for found in (serial, hardware, engine):
        if found and len(found) <= 200 and found.isascii() and found.isprintable():
            return found
    if not address:
        raise WireError("a device without any name")
    return address
