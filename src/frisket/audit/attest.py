"""Attestations: what a person says of a device, with name, date and evidence. Pure.

The day is handed in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from frisket.audit.baseline import Baseline, Consideration
from frisket.audit.entries import Entry, covers, entries, nearness
from frisket.audit.load import Content
from frisket.catalog.setting import Kind, Setting
from frisket.errors import SettingRefused
from frisket.model.reading import Known, Reading, Readings, Unread, Value, Why, Witness
from frisket.model.target import Identity, Target

VIA = "attestation"
_FIELDS = ("key", "consideration", "answer", "who", "when", "evidence", "expires", "device")
# An answer without an end would be believed for ever; a year is the usual round of audits.
_LASTS = timedelta(days=365)
# People write their own date, which may already be tomorrow's where the auditor is.
_CLOCKS_DIFFER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Attestation:
    """One answer, about a `key` or, with true or false, about a whole `consideration`.

    It holds through the day `expires`, for the devices that any of `devices` means: `*`, an
    address, a name, a serial number or `model:GLOB`.
    """

    answer: Value
    who: str
    when: date
    evidence: str
    expires: date
    key: str = ""
    consideration: str = ""
    devices: tuple[str, ...] = ("*",)


def parse_attestations(
    text: str, content: Content, source: str = "attestations"
) -> tuple[Attestation, ...]:
    """Read `[[attestation]]` tables; entries left empty, as in a questionnaire, are passed over.

    `expires` is a year after `when` where it is not given. Raises `UsageError` naming the entry.
    """
    return tuple(
        read_attestation(entry, content)
        for entry in entries(text, "attestation", source)
        if not _left_empty(entry)
    )


def _left_empty(entry: Entry) -> bool:
    return all(entry.fields.get(name, "") == "" for name in ("answer", "who", "when", "evidence"))


def read_attestation(entry: Entry, content: Content) -> Attestation:
    """Return the attestation that one entry means, or raise `UsageError`."""
    entry.only(*_FIELDS)
    key, consideration = entry.text("key", ""), entry.text("consideration", "")
    if bool(key) is bool(consideration):
        raise entry.fault("give either key or consideration")
    if "answer" not in entry.fields:
        raise entry.fault("answer missing")
    when = entry.day("when")
    if when is None:
        raise entry.fault("when missing: the day on which it was looked at")
    expires = entry.day("expires") or _later(when)
    if expires < when:
        raise entry.fault("expires lies before when")
    answer = _answer(entry, key, content) if key else _yes_or_no(entry, consideration, content)
    return Attestation(
        answer=answer,
        who=entry.text("who", limit=120),
        when=when,
        evidence=entry.text("evidence"),
        expires=expires,
        key=key,
        consideration=consideration,
        devices=entry.texts("device") or ("*",),
    )


def _later(when: date) -> date:
    return when + _LASTS if when < date.max - _LASTS else date.max


def _answer(entry: Entry, key: str, content: Content) -> Value:
    if key not in content.catalog:
        raise entry.fault(f"unknown key {key[:80]!r}")
    setting = content.catalog[key]
    if setting.secret:
        raise entry.fault(f"{key} is secret and does not belong in a file")
    try:
        return _value(setting, entry.fields["answer"])
    except SettingRefused as fault:
        raise entry.fault(str(fault)) from fault


def _value(setting: Setting, answer: object) -> Value:
    return setting.parse(answer) if isinstance(answer, str) else setting.check(answer)


def _yes_or_no(entry: Entry, consideration: str, content: Content) -> bool:
    answer = entry.fields["answer"]
    if not isinstance(answer, bool):
        raise entry.fault("the answer to a consideration is true or false")
    found = _considerations(content.baselines.values()).get(consideration)
    if found is None:
        raise entry.fault(f"unknown consideration {consideration[:80]!r}")
    if not any(True for _ in _practices(found, content)):
        keys = {content.rules[r].key: None for need in found.needs for r in need.rules}
        raise entry.fault(
            f"{consideration} is no matter of one yes or no; answer {', '.join(keys)}"
        )
    return answer


def _considerations(baselines: Iterable[Baseline]) -> dict[str, Consideration]:
    return {c.id: c for baseline in baselines for c in baseline.considerations}


def _practices(consideration: Consideration, content: Content) -> Iterator[tuple[str, bool]]:
    """Yield the practice keys that a yes to `consideration` answers, and the value that meets it.

    Alternatives are left out: a yes does not say which of them holds.
    """
    for need in consideration.needs:
        rule = content.rules[need.rules[0]]
        practice = content.catalog[rule.key].kind is Kind.PRACTICE
        if practice and len(need.rules) == 1 and isinstance(rule.want, bool):
            yield rule.key, rule.want


def readings(  # noqa: PLR0917 - all that an answer's worth depends on
    attestations: Iterable[Attestation],
    target: Target,
    identity: Identity,
    today: date,
    content: Content,
    baseline: Baseline,
) -> Readings:
    """Return what people say of one device, one reading a key.

    Of several answers about a key one that still holds counts before an expired one, then the one
    that names the device most closely, then the latest. Where all have expired it is `Unread`.
    """
    considerations = _considerations((*content.baselines.values(), baseline))
    best: dict[str, tuple[tuple[bool, int, date], Attestation, Value]] = {}
    for attestation in attestations:
        near = max(
            (nearness(s) for s in attestation.devices if covers(s, target, identity)), default=-1
        )
        if near < 0 or attestation.when > today + _CLOCKS_DIFFER:
            continue
        rank = (attestation.expires >= today, near, attestation.when)
        for key, value in _answers(attestation, considerations, content).items():
            if key not in best or rank >= best[key][0]:
                best[key] = (rank, attestation, value)
    return Readings.single(
        {key: _reading(attestation, value, today) for key, (_, attestation, value) in best.items()}
    )


def _answers(
    attestation: Attestation, considerations: Mapping[str, Consideration], content: Content
) -> Mapping[str, Value]:
    if attestation.key:
        return {attestation.key: attestation.answer}
    consideration = considerations.get(attestation.consideration)
    if consideration is None:
        return {}
    met = attestation.answer is True
    return {key: want if met else not want for key, want in _practices(consideration, content)}


def _reading(attestation: Attestation, value: Value, today: date) -> Reading:
    if attestation.expires < today:
        detail = f"{attestation.who}, until {attestation.expires}"
        return Unread(Why.EXPIRED, via=VIA, detail=detail)
    return Known(
        value=value,
        witness=Witness.PERSON,
        when=datetime.combine(attestation.when, time.min, UTC),
        via=VIA,
        detail=f"{attestation.who}: {attestation.evidence}",
    )
