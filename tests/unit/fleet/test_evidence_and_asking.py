"""Evidence by its bytes, questions that audits leave open, and own baselines by version."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frisket.audit.attest import parse_attestations
from frisket.audit.baseline_diff import differences, sheet_differences
from frisket.audit.baseline_file import write_baseline
from frisket.audit.capture import Capture
from frisket.audit.load import load_content
from frisket.audit.session import Session
from frisket.audit.sheet import from_baseline, write_sheet
from frisket.errors import UsageError
from frisket.fleet.act import Carrying
from frisket.fleet.acts.texts import ACTS, describe, make
from frisket.fleet.asking import answers_of, left_open, questions_of
from frisket.fleet.evidence import LARGEST, TAKEN, UNKNOWN, evidence_of, safe_name, type_of
from frisket.fleet.own import BASELINE, POLICY, OwnBaselines, check_text
from frisket.fleet.results import record_of, unpacked
from frisket.fleet.roles import Reach
from frisket.model.reading import Readings
from frisket.model.target import Identity
from frisket.store.database import Database, open_database
from frisket.store.texts import Texts

CONTENT = load_content()
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SMALL = CONTENT.baselines["small-office"]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"%PDF-1.7\n", "application/pdf"),
        (b"\x89PNG\r\n\x1a\nrest", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"PK\x03\x04", "application/zip"),
        (b"<html><script>alert(1)</script>", "text/plain"),
        ("wörter\n".encode(), "text/plain"),
        (b"\x00\x01", UNKNOWN),
        (b"a\x1b[2J", UNKNOWN),
        (b"x" * 4095 + "ö".encode() + b"y" * 9, "text/plain"),
        (b"x" * 4000 + b"\xff" + b"y" * 900, UNKNOWN),
    ],
)
def test_a_file_is_what_its_bytes_are(body: bytes, kind: str) -> None:
    assert type_of(body) == kind


@given(st.binary(max_size=6000))
def test_no_bytes_are_taken_for_a_page(body: bytes) -> None:
    assert type_of(body) not in {"text/html", "image/svg+xml", "application/javascript"}


@given(st.text(max_size=300))
def test_a_name_is_safe_in_a_header(name: str) -> None:
    safe = safe_name(name)
    assert 0 < len(safe) <= 100
    assert safe.isascii()
    assert not set(safe) & set("/\\\"'\r\n;%")


def test_a_file_has_bounds_and_a_digest() -> None:
    kept = evidence_of("C:\\photos\\..\\a.jpg", b"\xff\xd8\xff")
    assert (kept.name, kept.digest) == ("a.jpg", hashlib.sha256(b"\xff\xd8\xff").hexdigest())
    for body in (b"", b"x" * (LARGEST + 1)):
        with pytest.raises(UsageError):
            evidence_of("a.txt", body)


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("a.html", b"<script>alert(1)</script>"),
        ("a.svg", b"<svg onload='x'/>"),
        ("a", b"plain text"),
        ("a.pdf", b"plain text"),
        ("a.png", b"%PDF-1.7"),
        ("a.txt", b"PK\x03\x04 packed"),
        ("a.txt", b"\x7fELF"),
        ("a.pdf.exe", b"%PDF-1.7"),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_refused(name: str, body: bytes) -> None:
    with pytest.raises(UsageError):
        evidence_of(name, body)


@pytest.mark.parametrize(("ending", "kind"), TAKEN.items())
def test_what_is_taken_is_never_a_page(ending: str, kind: str) -> None:
    assert kind not in {"text/html", "image/svg+xml", UNKNOWN}
    assert ending == ending.lower()


def test_what_is_packed_is_kept_as_it_is() -> None:
    """A bomb stays packed: nothing of ours opens it."""
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("../../zeros", b"\0" * (50 << 20))
    kept = evidence_of("bomb.zip", bomb.getvalue())
    assert kept.body == bomb.getvalue()
    assert len(kept.body) < 1 << 20


def opened(device: int) -> dict[int, object]:
    session = Session(CONTENT, SMALL, lambda: NOW)
    capture = Capture("10.0.0.1", Identity(), Readings(), NOW)
    result = session.judge(capture)
    record = record_of(device, SMALL.id, result, capture, CONTENT.catalog)
    return {device: left_open(unpacked(record.findings))}


def test_questions_become_answers_that_the_command_line_would_take() -> None:
    findings = opened(7) | opened(8)
    questions = questions_of(CONTENT, SMALL, findings)  # type: ignore[arg-type]
    assert {one.devices for one in questions} == {(7, 8)}
    assert len({one.key for one in questions}) == len(questions)
    tables = [one.table() for one in questions]
    place = next(n for n, one in enumerate(questions) if one.key == "service-mode.password-strong")
    given_ = {place: ("true", "saw it")}
    [answer] = answers_of(tables, given_, "Jo", date(2026, 2, 1), CONTENT)
    assert answer["answer"] is True
    assert answer["devices"] == [7, 8]
    text = (
        f'[[attestation]]\nkey = "{answer["key"]}"\nanswer = true\nwho = "Jo"\n'
        'when = 2026-02-01\nevidence = "saw it"\n'
    )
    [same] = parse_attestations(text, CONTENT)
    assert answer["expires"] == same.expires.isoformat()


@pytest.mark.parametrize(
    ("answer", "who"), [("perhaps", "Jo"), ("true", ""), ("", "Jo"), ("true", "J\x1bo")]
)
def test_answers_that_cannot_be_are_refused(answer: str, who: str) -> None:
    tables = [one.table() for one in questions_of(CONTENT, SMALL, opened(7))]  # type: ignore[arg-type]
    place = next(n for n, one in enumerate(tables) if one["yes_or_no"])
    with pytest.raises(UsageError):
        answers_of(tables, {place: (answer, "")}, who, date(2026, 2, 1), CONTENT)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    found = open_database(f"sqlite:///{tmp_path}/fleet.db")
    found.upgrade()
    yield found
    found.close()


def test_a_version_holds_once_it_is_approved(database: Database) -> None:
    own = replace(SMALL, id="ours", title="Ours", considerations=SMALL.considerations[:3])
    texts, holding = Texts(database, BASELINE), OwnBaselines(database, CONTENT)
    first = write_baseline(own, CONTENT)
    assert texts.save("ours", first, "ann", "begun", NOW) == 1
    assert "ours" not in holding.content().baselines
    one = texts.versions("ours")[0]
    body = {"kind": BASELINE, "name": "ours", "version": 1, "digest": one.digest}
    with database.read() as connection:
        assert ("title", "", "Ours") in describe(connection, body)
    with database.write() as connection:
        make(Carrying(connection, "sue", NOW), body)
        with pytest.raises(UsageError, match="holds already"):
            make(Carrying(connection, "sue", NOW), body)
    assert holding.content().baselines["ours"] == own
    later = replace(own, considerations=SMALL.considerations[:2])
    assert texts.save("ours", write_baseline(later, CONTENT), "ann", "", NOW) == 2
    # An edit is another version: what was approved still holds.
    assert holding.content().baselines["ours"] == own
    assert [one.version for one in texts.versions("ours")] == [2, 1]
    assert [one.version for one in texts.newest()] == [2]
    with database.write() as connection, pytest.raises(UsageError, match="not what was proposed"):
        make(Carrying(connection, "sue", NOW), body | {"version": 2})


def test_an_own_text_is_judged_like_a_packaged_one(database: Database) -> None:
    del database
    text = write_baseline(replace(SMALL, id="ours"), CONTENT)
    assert check_text(BASELINE, "ours", text, CONTENT) == replace(SMALL, id="ours")
    for name, wrong in (
        ("small-office", write_baseline(SMALL, CONTENT)),
        ("other", text),
        ("ours", text.replace("snmp.v1-off", "snmp.no-such-rule")),
        ("ours", "no = toml ="),
    ):
        with pytest.raises(UsageError):
            check_text(BASELINE, name, wrong, CONTENT)
    sheet = from_baseline(CONTENT.baselines["security-policy"], CONTENT)
    assert check_text(POLICY, "ours", write_sheet(sheet, CONTENT), CONTENT) == sheet


def test_what_holds_for_every_site_is_decided_by_who_may_everywhere() -> None:
    body = {"kind": BASELINE, "name": "ours", "version": 1, "digest": ""}
    for act in ACTS:
        assert act.within(Reach(everywhere=True), body)
        assert not act.within(Reach(sites=frozenset({1})), body)


def test_differences_are_said_line_by_line() -> None:
    policy = CONTENT.baselines["security-policy"]
    other = replace(
        policy,
        considerations=policy.considerations[1:],
        parameters={**policy.parameters, "password-length": 20},
    )
    lines = differences(policy, other)
    assert ("password-length", "12", "20") in lines
    assert [line[2] for line in lines if line[0].startswith("SP-01")] == [""]
    assert differences(policy, policy) == ()
    one, less = from_baseline(policy, CONTENT), from_baseline(SMALL, CONTENT)
    assert sheet_differences(one, one, CONTENT) == ()
    assert all(line[1] != line[2] for line in sheet_differences(one, less, CONTENT))
