"""`frisket policy`: the Security Policy Settings of one device, or of a fleet."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from frisket.audit.load import Content, load_content
from frisket.audit.sheet import Sheet, contrasts, from_baseline, read_sheet, write_sheet
from frisket.cli.support.carry import Carrying, accept, carry_on, carry_out
from frisket.cli.support.logins import Logging, open_credentials, open_pins
from frisket.cli.support.options import Accepting, Spreading, Visiting
from frisket.cli.support.planning import network_of
from frisket.cli.support.policies import each, plan_policies
from frisket.cli.support.policy_shown import (
    FORMAT,
    Shown,
    contrast_table,
    policy_table,
    print_contrasts,
    print_policy,
)
from frisket.cli.support.saved_plans import save_plan
from frisket.cli.support.session import now, read_text
from frisket.cli.support.shown import TableOrJson, print_json, say
from frisket.drivers.plan import Plan
from frisket.drivers.policy_visit import PolicySeen
from frisket.errors import UsageError
from frisket.fleet.policies import Policies
from frisket.model.finding import Incomplete

app = App(name="policy", help="Show, compare, export and distribute Security Policy Settings.")

EXIT_SAME, EXIT_DIFFERENT, EXIT_INCOMPLETE = 0, 1, 3
TEMPLATE = "template:"
Format = Annotated[TableOrJson, Parameter(alias="-f")]
Output = Annotated[Path | None, Parameter(alias="-o")]
Conflicts = Annotated[tuple[str, ...], Parameter(name="--accept-conflict")]


def _is_file(word: str) -> bool:
    return word.endswith(".toml")


def _policies(
    visiting: Visiting, logging: Logging, content: Content, accepted: tuple[str, ...] = ()
) -> Policies:
    if strange := set(accepted) - {item.id for item in content.policy}:
        raise UsageError(f"--accept-conflict names an item, such as SP-27; not {min(strange)[:40]}")
    credentials = open_credentials(logging, visiting.inventory, needed=True, web=True)
    return Policies(content, network_of(visiting), credentials, open_pins(logging), accepted)


def _of_file(word: str, content: Content) -> Sheet:
    """Return the policy of a file or a template. Raises `UsageError`."""
    if word.startswith(TEMPLATE):
        name = word.removeprefix(TEMPLATE)
        if name == "none":
            return Sheet()
        if name == "all":
            name = "security-policy"
        if name not in content.baselines:
            known = ", ".join(sorted({"all", "none", *content.baselines}))
            raise UsageError(f"there is no {word[:60]!r}", hint=f"templates: {known}")
        return from_baseline(content.baseline(name), content)
    return read_sheet(read_text(Path(word), "policy"), word, content)


def _of_device(word: str, policies: Policies, visiting: Visiting) -> PolicySeen:
    """Return the policy of the one device that a word names. Raises `UsageError`."""
    found, missed = each(visiting, (word,), "reading", policies.see)
    if missed:
        raise UsageError(f"{missed[0].target}: {missed[0].why}")
    if len(found) != 1:
        raise UsageError(f"{word[:60]} names {len(found)} devices; name one")
    return found[0][1]


@app.command
def show(
    *targets: str,
    format: Format = "table",  # noqa: A002
    visiting: Visiting = Visiting(),
    logging: Logging = Logging(),
) -> int:
    """Show policies: each item, what is entered beside it, and how the device holds its settings.

    held: the value is as forced, and locked. open: as forced, and can be changed all the same.
    other value: the device does not do what its policy says.

    Parameters
    ----------
    targets
        Devices as for `frisket audit`, a policy file (*.toml), or a template (template:all,
        template:enterprise, template:small-office, template:modern, template:none).
    format
        table or json.
    """
    content = load_content()
    files = [word for word in targets if _is_file(word) or word.startswith(TEMPLATE)]
    words = tuple(word for word in targets if word not in files)
    shown = [Shown(word, _of_file(word, content)) for word in files]
    missed: list[Incomplete] = []
    if words or not files:
        policies = _policies(visiting, logging, content)
        found, missed = each(visiting, words, "reading", policies.see)
        shown += [
            Shown(str(target), seen.sheet, seen.states, seen.values, seen.identity.serial)
            for target, seen in found
        ]
    rows = [{"target": miss.target, "why": miss.why} for miss in missed]
    if format == "json":
        tables = [policy_table(one, content) for one in shown]
        print_json({"format_version": FORMAT, "policies": tables, "incomplete": rows})
    else:
        for one in shown:
            print_policy(one, content)
    for row in rows:
        say(f"{row['target']}: {row['why']}")
    return EXIT_INCOMPLETE if missed else 0


@app.command
def diff(
    one: str,
    other: str,
    *,
    format: Format = "table",  # noqa: A002
    visiting: Visiting = Visiting(),
    logging: Logging = Logging(),
) -> int:
    """Compare two policies: of devices, files or templates. Exit code: 0 the same, 1 different.

    Parameters
    ----------
    one
        A device, a policy file (*.toml) or a template (template:all).
    other
        Likewise.
    format
        table or json.
    """
    content = load_content()
    sheets = []
    policies: Policies | None = None
    for word in (one, other):
        if _is_file(word) or word.startswith(TEMPLATE):
            sheets.append(_of_file(word, content))
            continue
        policies = policies or _policies(visiting, logging, content)
        sheets.append(_of_device(word, policies, visiting).sheet)
    found = contrasts(sheets[0], sheets[1], content)
    if format == "json":
        print_json(contrast_table((one, other), found))
    elif found:
        print_contrasts((one, other), found)
    else:
        say("the two policies are the same")
    return EXIT_DIFFERENT if found else EXIT_SAME


@app.command
def export(
    source: str,
    *,
    output: Output = None,
    visiting: Visiting = Visiting(),
    logging: Logging = Logging(),
) -> int:
    """Write a policy as the text that the tool reads: from a good device, or a template.

    Parameters
    ----------
    source
        A device, or template:all, template:enterprise, template:small-office, template:modern,
        template:none.
    output
        The file to write; without it, standard output.
    """
    content = load_content()
    heading = [f"Security policy, {now().date()}, from {source}"]
    if _is_file(source) or source.startswith(TEMPLATE):
        sheet = _of_file(source, content)
    else:
        seen = _of_device(source, _policies(visiting, logging, content), visiting)
        sheet = seen.sheet
        heading.append(f"{seen.identity.model}, serial number {seen.identity.serial}".lstrip(", "))
    text = write_sheet(sheet, content, heading)
    if output is None:
        sys.stdout.write(text)
        return 0
    _write(output, text)
    say(f"wrote {output}; take it into devices with: frisket policy distribute {output} TARGET…")
    return 0


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as fault:
        raise UsageError(f"cannot write {path}: {fault.strerror}") from fault


def _source(word: str, content: Content, policies: Policies, visiting: Visiting) -> Sheet:
    """Return the policy of a file, a template or a good device."""
    if _is_file(word) or word.startswith(TEMPLATE):
        return _of_file(word, content)
    return _of_device(word, policies, visiting).sheet


def _planned(
    policies: Policies,
    sheet: Sheet,
    words: tuple[str, ...],
    visiting: Visiting,
    accepting: Accepting,
) -> Plan:
    return accept(plan_policies(policies, sheet, words, visiting), accepting)


@app.command
def distribute(
    source: str = "",
    *targets: str,
    accept_conflict: Conflicts = (),
    output: Output = None,
    auto_approve: bool = False,
    resume: str = "",
    spreading: Spreading = Spreading(),
    format: Annotated[Literal["table", "jsonl"], Parameter(alias="-f")] = "table",  # noqa: A002
    visiting: Visiting = Visiting(),
    logging: Logging = Logging(),
    accepting: Accepting = Accepting(),
) -> int:
    """Take one policy into many devices, as each device's own rules demand.

    The security policy password stands in the credentials; a wrong one stops that device before
    anything is written, and is not tried again. What the policy forces is on record with its
    former value, read back, and put back by `frisket apply --undo RUN`.

    Parameters
    ----------
    source
        A policy file (*.toml), a template, or the device whose policy is good.
    targets
        Devices as for `frisket audit`.
    accept_conflict
        An item (SP-27) that is meant although it contradicts another, or shuts our login out.
    output
        Save the plan here, for `frisket apply`, and change nothing.
    auto_approve
        Do not ask.
    resume
        Go on with this run, which was interrupted.
    format
        table at the end, or jsonl with every event as it happens.
    """
    if bool(resume) == bool(source and targets):
        raise UsageError("give a policy and targets, or --resume RUN")
    content = load_content()
    policies = _policies(visiting, logging, content, accept_conflict)
    carrying = Carrying(
        policies.credentials, policies.pins, visiting, spreading, format, auto_approve
    )
    if resume:
        return carry_on(resume, carrying)
    sheet = _source(source, content, policies, visiting)
    plan = _planned(policies, sheet, targets, visiting, accepting)
    if output is not None:
        save_plan(plan, output)
        return EXIT_INCOMPLETE if plan.missed else 0
    return carry_out(plan, carrying)


@app.command(name="import")
def take_in(
    source: str,
    target: str,
    *,
    accept_conflict: Conflicts = (),
    auto_approve: bool = False,
    format: Annotated[Literal["table", "jsonl"], Parameter(alias="-f")] = "table",  # noqa: A002
    visiting: Visiting = Visiting(),
    logging: Logging = Logging(),
    accepting: Accepting = Accepting(),
) -> int:
    """Take a policy into one device; as `distribute`, for one.

    Parameters
    ----------
    source
        A policy file (*.toml) or a template.
    target
        One device.
    accept_conflict
        An item (SP-27) that is meant although it contradicts another, or shuts our login out.
    auto_approve
        Do not ask.
    format
        table at the end, or jsonl with every event as it happens.
    """
    content = load_content()
    sheet = _of_file(source, content)
    policies = _policies(visiting, logging, content, accept_conflict)
    plan = _planned(policies, sheet, (target,), visiting, accepting)
    if len(plan.devices) + len(plan.missed) != 1:
        count = len(plan.devices) + len(plan.missed)
        raise UsageError(
            f"{target[:60]} names {count} devices", hint="use: frisket policy distribute"
        )
    return carry_out(
        plan,
        Carrying(policies.credentials, policies.pins, visiting, Spreading(), format, auto_approve),
    )
