"""A billing statement as a paper: what the counters say, what they do not, and its signature."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from frisket.report.paper import Attached, Block, Figures, Grid, Paper, Words
from frisket.report.speech import Speech
from frisket.telemetry.billing import Line, Signed, Statement, as_json


def statement_paper(
    stated: Statement, signed: Signed, key: str, made: datetime, speech: Speech
) -> Paper:
    """Return a signed statement as a paper; what was signed goes along within its PDF.

    `key` is the fingerprint of the key that signed it.
    """
    device = stated.device
    facts = (device.serial, device.model, device.name, device.site)
    attached = Attached(
        f"statement-{stated.month}.json",
        "application/json",
        speech.say("The signed statement"),
        as_json(stated, signed),
    )
    return Paper(
        speech.say("Billing statement %(month)s", month=stated.month),
        " · ".join(fact for fact in facts if fact),
        made,
        tuple(_blocks(stated, signed, key, speech)),
        speech,
        wide=True,
        attached=(attached,),
    )


def _blocks(stated: Statement, signed: Signed, key: str, speech: Speech) -> Iterator[Block]:
    say = speech.say
    prints = sum(line.pages for line in stated.lines if line.meaning == "total")
    yield Figures(
        (
            *([(f"{prints:,}", say("pages in all"))] if prints else []),
            (f"{stated.readings:,}", say("readings")),
            (f"{len(stated.lines):,}", say("counters")),
            (say("yes") if stated.complete else say("no"), say("complete")),
        )
    )
    if stated.complete:
        yield Words(say("It is complete: no counter broke off, and no day is without a reading."))
    for text in stated.notes:
        yield Words(text)
    rows = tuple(
        (
            "" if line.number is None else str(line.number),
            line.label,
            line.unit,
            _time(line.opened, speech),
            f"{line.opening:,}",
            _time(line.closed, speech),
            f"{line.closing:,}",
            f"{line.pages:,}",
        )
        for line in stated.lines
    )
    heads = ("No.", "Counter", "Unit", "Opened", "Opening", "Closed", "Closing", "Counted")
    yield Grid(
        say("Counters"),
        tuple(map(say, heads)),
        rows,
        frozenset({0, 4, 6, 7}),
        (0.7, 3.4, 1.5, 2, 1.4, 2, 1.4, 1.3),
        empty=say("No counter was read."),
    )
    yield _breaks(stated.lines, speech)
    silent = tuple((_time(a, speech), _time(b, speech), why) for a, b, why in stated.silences)
    yield Grid(
        say("Times without a reading"),
        (say("From"), say("To"), say("Why")),
        silent,
        widths=(1, 1, 3),
        empty=say("There are none."),
    )
    yield Words(
        say(
            "Nothing in it is estimated. Times are of %(zone)s. The signed statement is attached "
            "to this file, and %(key)s is the fingerprint of the key (Ed25519) that signed it:",
            zone=str(speech.zone),
            key=key,
        )
    )
    yield Grid(
        say("Signature"),
        (say("Ed25519, RFC 8032"),),
        ((signed.signature.hex(),),),
        codes=frozenset({0}),
    )


def _breaks(lines: tuple[Line, ...], speech: Speech) -> Grid:
    say = speech.say
    rows = tuple(
        (
            line.label,
            _time(one.at, speech),
            say(one.mark),
            f"{one.before:,}",
            f"{one.after:,}",
            f"{one.pages:,}",
            f"{one.uncounted:,}",
        )
        for line in lines
        for one in line.breaks
    )
    heads = ("Counter", "When", "What", "Before", "After", "Counted", "Not counted")
    return Grid(
        say("Where a counter did not simply rise"),
        tuple(map(say, heads)),
        rows,
        frozenset({3, 4, 5, 6}),
        (3, 2, 2, 1.4, 1.4, 1.4, 1.4),
        empty=say("Nowhere."),
    )


def _time(text: str, speech: Speech) -> str:
    return speech.second(datetime.fromisoformat(text)) if text else ""
