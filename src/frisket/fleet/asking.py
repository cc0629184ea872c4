"""Questionnaires: which questions audits left open, and what answers to them become. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Final

from frisket.audit.attest import Attestation, read_attestation
from frisket.audit.baseline import Baseline
from frisket.audit.entries import Entry
from frisket.audit.load import Content
from frisket.audit.questionnaire import ask, hint, open_questions
from frisket.catalog.setting import Kind, Type
from frisket.errors import UsageError
from frisket.model.finding import Finding, Severity, Verdict

MOST_DEVICES: Final = 500
MOST_QUESTIONS: Final = 200


@dataclass(frozen=True, slots=True)
class Question:
    """One question about a key, for devices by number. `yes_or_no` asks for a choice.

    `on_or_off` says that the choice is how a setting stands.
    """

    key: str
    title: str
    ask: str
    hint: str
    where: str
    yes_or_no: bool
    on_or_off: bool
    devices: tuple[int, ...]

    def table(self) -> dict[str, Any]:
        """Return it as it is kept."""
        return asdict(self) | {"devices": list(self.devices)}


def left_open(tables: Sequence[Mapping[str, Any]]) -> list[Finding]:
    """Return the findings of a kept result that only a person can settle."""
    wanted = {Verdict.MANUAL.value, Verdict.UNKNOWN.value}
    return [
        Finding(
            consideration=one["consideration"],
            feature=one["feature"],
            rule=one["rule"],
            title=one["title"],
            verdict=Verdict(one["verdict"]),
            severity=Severity(one["severity"]),
            because=one["because"],
            alternatives=tuple(one.get("alternatives", ())),
        )
        for one in tables
        if one["verdict"] in wanted
    ]


def questions_of(
    content: Content, baseline: Baseline, findings: Mapping[int, Sequence[Finding]]
) -> tuple[Question, ...]:
    """Return the open questions in the baseline's order, each once, for all devices it is about.

    Raises `UsageError` where nothing is open or more is asked than a person answers.
    """
    if len(findings) > MOST_DEVICES:
        raise UsageError(f"a questionnaire is about {MOST_DEVICES} devices at most")
    by_name = {str(device): found for device, found in findings.items()}
    found = tuple(_questions(content, baseline, by_name))
    if not found:
        raise UsageError("the audits of these devices left no question open")
    return found[:MOST_QUESTIONS]


def _questions(
    content: Content, baseline: Baseline, findings: Mapping[str, Sequence[Finding]]
) -> Iterator[Question]:
    for rule, devices in open_questions(content, baseline, findings):
        setting = content.catalog[rule.key]
        yield Question(
            key=rule.key,
            title=rule.title,
            ask=ask(rule, setting),
            hint=hint(setting),
            where=setting.menu,
            yes_or_no=setting.type is Type.BOOLEAN,
            on_or_off=setting.type is Type.BOOLEAN and setting.kind is Kind.SETTING,
            devices=tuple(int(device) for device in devices),
        )


def answers_of(
    questions: Sequence[Mapping[str, Any]],
    given: Mapping[int, tuple[str, str]],
    who: str,
    when: date,
    content: Content,
) -> list[dict[str, Any]]:
    """Return the answers to keep; `given` is answer and evidence by the question's place.

    Questions left empty are passed over. Raises `UsageError` naming the question.
    """
    found: list[dict[str, Any]] = []
    for place, question in enumerate(questions):
        answer, evidence = given.get(place, ("", ""))
        if not answer:
            continue
        fields = {"key": question["key"], "answer": answer, "who": who, "when": when}
        fields["evidence"] = evidence or "answered in a questionnaire"
        attestation = read_attestation(Entry(f"question {place + 1}", fields), content)
        found.append({"place": place, **kept(attestation), "devices": question["devices"]})
    if not found:
        raise UsageError("no question is answered")
    return found


def kept(attestation: Attestation) -> dict[str, Any]:
    """Return an attestation as it is kept, but for its devices."""
    answer = attestation.answer
    return {
        "key": attestation.key,
        "consideration": attestation.consideration,
        "answer": list(answer) if isinstance(answer, tuple) else answer,
        "who": attestation.who,
        "looked": attestation.when.isoformat(),
        "evidence": attestation.evidence,
        "expires": attestation.expires.isoformat(),
    }
