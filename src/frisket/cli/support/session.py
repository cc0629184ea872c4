"""What every command shares: the present, a user's files, and the session that judges."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from frisket.audit.attest import parse_attestations
from frisket.audit.baseline_file import read_baseline
from frisket.audit.load import Content, with_baselines
from frisket.audit.session import Session
from frisket.audit.waive import parse_waivers
from frisket.cli.support.options import Words
from frisket.errors import UsageError


def now() -> datetime:
    """Return the present in UTC."""
    return datetime.now(UTC)


def read_text(path: Path, what: str) -> str:
    """Return a user's file as text, or raise `UsageError`."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise UsageError(f"cannot read {what} {path}: {fault}") from fault


def open_session(content: Content, baseline: str, words: Words) -> Session:
    """Return a session with the user's attestations and waivers read. Raises `UsageError`."""
    if words.baseline_file is not None:
        text = read_text(words.baseline_file, "baseline")
        own = read_baseline(text, str(words.baseline_file), content)
        content, baseline = with_baselines(content, [own]), own.id
    answers = [
        row
        for path in words.attest
        for row in parse_attestations(read_text(path, "attestations"), content, str(path))
    ]
    exceptions = [
        row
        for path in words.waive
        for row in parse_waivers(read_text(path, "waivers"), content, str(path))
    ]
    return Session(content, content.baseline(baseline), now, tuple(answers), tuple(exceptions))
