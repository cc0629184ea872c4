"""`frisket attest`: the questions that only a person can answer."""

from __future__ import annotations

import asyncio
import sys
from functools import partial
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from frisket.audit.attest import parse_attestations
from frisket.audit.load import load_content
from frisket.audit.questionnaire import questionnaire
from frisket.cli.support.options import Visiting, Words
from frisket.cli.support.progress import progress
from frisket.cli.support.run import Collected, Run, visit_all
from frisket.cli.support.session import open_session, read_text
from frisket.cli.support.shown import in_order, say
from frisket.errors import UsageError

app = App(name="attest", help="Write the questionnaire that devices still need, or check one.")


@app.default
def attest(
    *targets: str,
    init: bool = False,
    check: Path | None = None,
    baseline: Annotated[str, Parameter(alias="-b")] = "small-office",
    output: Annotated[Path | None, Parameter(alias="-o")] = None,
    words: Words = Words(),
    visiting: Visiting = Visiting(),
) -> int:
    """Write the questionnaire that devices still need, or check a filled-in one.

    Parameters
    ----------
    targets
        As for `frisket audit`.
    init
        Audit the targets and write the questions that were left open, as TOML.
    check
        Check a filled-in questionnaire and say what it holds.
    baseline
        small-office, enterprise, security-policy or modern.
    output
        Write to this file instead of standard output; it must not exist yet.
    """
    content = load_content()
    if check is not None:
        found = parse_attestations(read_text(check, "attestations"), content, str(check))
        say(f"{check}: {len(found)} answers, nothing wrong with them")
        return 0
    if not init:
        raise UsageError("say --init with targets, or --check with a file")
    collected = Collected()
    run = Run(open_session(content, baseline, words), collected, visiting)
    asyncio.run(visit_all(run, targets, partial(progress, "auditing", quiet=visiting.quiet)))
    for missed in collected.missed:
        say(f"{missed.target}: {missed.why}")
    if not collected.devices:
        raise UsageError("no device was audited, so there is nothing to ask")
    devices = sorted(collected.devices, key=lambda device: in_order(device.target))
    findings = {device.target: device.findings for device in devices}
    _write(questionnaire(content, run.session.baseline, findings), output)
    return 0


def _write(text: str, output: Path | None) -> None:
    if output is None:
        sys.stdout.write(text)
        return
    try:
        with output.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as fault:
        raise UsageError(f"cannot write {output}: {fault.strerror}") from fault
    say(f"wrote {output}; fill it in and give it to: frisket audit --attest {output}")
