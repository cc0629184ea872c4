"""What to do next with a result: sentences for people, in the order to act."""

from __future__ import annotations

from frisket.model.finding import AuditResult, Verdict
from frisket.report.figures import BAD, all_findings, counts


def next_steps(result: AuditResult) -> tuple[str, ...]:
    """Return what to do next, most pressing first; empty where all is well."""
    count = counts(all_findings(result))
    unreached = [i for i in result.incomplete if not i.skipped]
    steps: list[str] = []
    if count[Verdict.DISPUTED]:
        steps.append(
            f"Look into {_times(count[Verdict.DISPUTED], 'disputed finding')} first:"
            " what the device says of itself and what was seen of it differ."
        )
    if count[Verdict.FAIL]:
        steps.append(
            f"See with `frisket plan` what would close {_times(count[Verdict.FAIL], 'failure')}"
            " and what that breaks; `frisket apply` does it."
        )
    if contradicted := _contradicted(result):
        named = ", ".join(contradicted[:6]) + (" and others" if len(contradicted) > 6 else "")
        steps.append(
            f"Before closing {named}: read what contradicts it in this report, decide"
            " which demand counts here, and record the other in a file for `--waive`:"
            " owner, reason, expiry."
        )
    if count[Verdict.UNKNOWN]:
        steps.append(
            f"{_times(count[Verdict.UNKNOWN], 'finding')} could not be judged: give the device's"
            " administrator credential or reach more of its ports, then audit again."
        )
    if count[Verdict.MANUAL]:
        needs = "needs" if count[Verdict.MANUAL] == 1 else "need"
        steps.append(
            f"{_times(count[Verdict.MANUAL], 'finding')} {needs} a person's word:"
            " `frisket attest --init`."
        )
    if unreached:
        steps.append(
            f"{_times(len(unreached), 'target')} could not be judged: see why in this report,"
            " then audit again."
        )
    return tuple(steps)


def _contradicted(result: AuditResult) -> tuple[str, ...]:
    """Return the considerations that are not met and that something else contradicts."""
    return tuple(
        dict.fromkeys(
            finding.consideration
            for finding in all_findings(result)
            if finding.verdict in BAD and finding.conflicts
        )
    )


def _times(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
