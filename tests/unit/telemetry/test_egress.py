"""What leaves a site is on the list, and what is not on the list is found."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from tests.fuzz.test_erds import REPORTS
from tests.project.tree import ROOT

from frisket.model.target import Identity
from frisket.proto.erds import message
from frisket.proto.erds.message import Report
from frisket.proto.erds.wire import report_octets
from frisket.telemetry.batch import Batch, Kind, Record, Value, decode, encode
from frisket.telemetry.collector.leaving import leaving
from frisket.telemetry.egress import (
    COLLECTOR,
    ERDS,
    batch_pairs,
    json_pairs,
    load_manifest,
    mail_pairs,
    manifest_json,
    manifest_text,
    record_pairs,
    strangers,
)
from frisket.telemetry.flat import flatten
from frisket.telemetry.mailing import envelope_mail
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

MANIFEST = load_manifest()
SOURCE = Source("printer-mib", "1.3.6.1.2.1.43", "because")


def sample() -> Sample:
    """Return a sample in which nothing is empty; its free texts tell of documents and people."""
    level = Level(State.MEASURED, SOURCE, 40, 100, "percent")
    return Sample(
        identity=Identity(*(f.name for f in fields(Identity))),
        printer="it has counters",
        status=Status("printing", "running", ("jammed",), ("Printing salaries.pdf",)),
        alerts=(Alert("17", "critical", "input", 1, 808, "Job of M. Smith held", SOURCE),),
        supplies=(
            Supply("1.1", "Black", "toner", "black", False, level),
            Supply("record 81", "Drum", "drum", "", False, Level(State.SOME, SOURCE)),
        ),
        trays=(Tray("1.2", "Drawer 2", "A4", level),),
        counters=(Counter("total-1", "Total 1", 5, "impressions", SOURCE, 101),),
        sources={"serial": SOURCE, "status.printer": SOURCE},
        notes=("the display said Printing salaries.pdf",),
    )


def record(values: dict[str, Value], kind: Kind = Kind.FULL) -> Record:
    return Record(1, "VMF1", 1.0, kind, values)


def test_all_that_the_collector_tells_of_a_sample_is_on_the_list() -> None:
    values = leaving({"address": "10.0.0.7", **flatten(sample())})
    batch = decode(encode(Batch("c1", "s1", 1, 1, (record(values),))))
    assert strangers(MANIFEST[COLLECTOR], batch_pairs(batch)) == ()
    assert "salaries" not in repr(batch)
    assert "Smith" not in repr(batch)


def test_what_stays_would_be_found_if_it_left() -> None:
    found = strangers(MANIFEST[COLLECTOR], record_pairs(record(flatten(sample()))))
    assert {(s.path, s.why) for s in found} == {
        ("status.display", "is not on the list"),
        ("notes", "is not on the list"),
        ("alert.17", "part 5 is not empty"),
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("document", "salaries.pdf"),
        ("job.owner", "smith"),
        ("identity.user", "smith"),
        ("supply.salaries.pdf", ["a"] * 9),
        ("counter.total-1", "salaries.pdf"),
        ("counter.total-1", True),
        ("supply.1.1", ["a"] * 10),
        ("status.problems", ["jammed", 5]),
        ("status.problems", "jammed"),
        ("text", "Job of M. Smith held"),
    ],
)
def test_a_stranger_is_found(name: str, value: Value) -> None:
    assert [s.path for s in strangers(MANIFEST[COLLECTOR], [(name, value)])] == [name]


def test_what_is_gone_may_be_told() -> None:
    values: dict[str, Value] = {"alert.17": None, "identity.name": None, "counter.total-1": None}
    assert strangers(MANIFEST[COLLECTOR], record_pairs(record(values, Kind.CHANGE))) == ()


@given(REPORTS)
def test_all_that_a_device_may_report_is_on_the_list(report: Report) -> None:
    assert strangers(MANIFEST[ERDS], json_pairs(report_octets(report))) == ()


def test_every_field_of_the_erds_list_is_one_that_the_messages_have() -> None:
    """A list that grants more than is used is no exact list."""
    names = {
        f.name
        for kind in vars(message).values()
        if isinstance(kind, type) and hasattr(kind, "__dataclass_fields__")
        for f in fields(kind)
    }
    paths = [f.path for f in MANIFEST[ERDS].fields if not f.path.startswith("http.")]
    assert {re.split(r"[.\[\]]+", path)[-1] for path in paths} - {"version"} <= names


@pytest.mark.parametrize("more", [{"user": "smith"}, {"counters": [{"document": "x"}]}])
def test_a_field_more_in_a_report_is_found(more: dict[str, object]) -> None:
    body = json.dumps({"version": 1, "serial": "VMF1", **more}).encode()
    (found,) = strangers(MANIFEST[ERDS], json_pairs(body))
    assert found.why == "is not on the list"


def test_the_list_is_told_to_people() -> None:
    text = manifest_text(MANIFEST)
    for row in manifest_json(MANIFEST)["fields"]:
        assert row["field"] in text
        assert row["what"] in text
    page = (ROOT / "docs" / "reference" / "egress.md").read_text(encoding="utf-8")
    missing = [f.path for c in MANIFEST.values() for f in c.fields if f"`{f.path}`" not in page]
    assert not missing, "docs/reference/egress.md is behind content/egress.toml"


def test_a_mail_says_no_more_than_is_listed() -> None:
    mail = envelope_mail(b"envelope", sender="frisket@site.example", to="g@x.example", at=0.0)
    whole = message_from_bytes(mail.as_bytes(), _class=EmailMessage, policy=policy.SMTP)
    assert strangers(MANIFEST[COLLECTOR], mail_pairs(whole)) == ()
    whole["X-Mailer"] = "something"
    assert [s.path for s in strangers(MANIFEST[COLLECTOR], mail_pairs(whole))] == ["mail.x-mailer"]
