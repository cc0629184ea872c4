"""Every rule is judged on cases written as data: `<rule id>.toml` beside this file.

A case has `name`, `expect` (a verdict), `readings` (key = value, said by the device) and may have
`network` (key = value, said by the network). `parameters` stand at the top of the file.
"""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from frisket.audit.evaluate import judge
from frisket.audit.load import load_content
from frisket.catalog.setting import Kind
from frisket.model.finding import Verdict
from frisket.model.reading import Known, Readings, Witness

HERE = Path(__file__).parent
NOW = datetime(2026, 1, 1, tzinfo=UTC)
FILES = sorted(HERE.glob("*.toml"))


@cache
def cases(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def said(raw: dict[str, Any], witness: Witness) -> Readings:
    catalog = load_content().catalog
    return Readings.single(
        {key: Known(catalog[key].check(value), witness, NOW, "case") for key, value in raw.items()}
    )


@pytest.mark.parametrize(
    ("path", "number"),
    [(path, number) for path in FILES for number in range(len(cases(path)["case"]))],
    ids=lambda item: item.stem if isinstance(item, Path) else None,
)
def test_case(path: Path, number: int) -> None:
    content = load_content()
    file = cases(path)
    case = file["case"][number]
    rule = content.rules[path.stem]
    readings = said(case.get("network", {}), Witness.NETWORK) | said(
        case["readings"], Witness.DEVICE
    )
    judged = judge(rule, readings, file.get("parameters", {}), content.catalog)
    assert judged.verdict == case["expect"], f"{case['name']}: {judged.because}"


def test_every_rule_has_cases_and_every_case_a_rule() -> None:
    assert {path.stem for path in FILES} == set(load_content().rules)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_cases_are_complete(path: Path) -> None:
    content = load_content()
    rule = content.rules[path.stem]
    practice = content.catalog[rule.key].kind is Kind.PRACTICE
    wanted = {Verdict.PASS, Verdict.FAIL, Verdict.MANUAL if practice else Verdict.UNKNOWN}
    if rule.when:
        wanted.add(Verdict.NOT_APPLICABLE)
    assert wanted <= {case["expect"] for case in cases(path)["case"]}
    assert set(cases(path)) <= {"parameters", "case"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_remedy_turns_a_failure_into_a_pass(path: Path) -> None:
    """What the rule itself proposes to set, it accepts; on a state key the case must say so."""
    content = load_content()
    rule = content.rules[path.stem]
    parameters = cases(path).get("parameters", {})
    fixes = rule.fixes(parameters, content.catalog)
    for key, value in fixes.items():
        content.catalog[key].check(value)
    if rule.key not in fixes:
        assert content.catalog[rule.key].kind is not Kind.SETTING or rule.how
        assert fixes or rule.how, "neither a setting nor an instruction"
        return
    needed = {key: v[0] if isinstance(v, tuple) else v for key, v in rule.when.items()}
    readings = said({**needed, **fixes}, Witness.DEVICE)
    assert judge(rule, readings, parameters, content.catalog).verdict is Verdict.PASS
