"""A plan for people to read: what changes, who asks for it, what it breaks, what stays open."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.text import Text

from frisket.catalog.setting import show
from frisket.drivers.base import IPP, PJL, SNMP_COMMUNITY, SNMP_V3, WEB
from frisket.drivers.difference import Step, Work
from frisket.drivers.order import Phase
from frisket.drivers.plan import DevicePlan, Plan
from frisket.model.finding import Severity
from frisket.report.escape import visible

_STYLE = {Severity.HIGH: "bold red", Severity.MEDIUM: "yellow", Severity.LOW: "cyan"}
_WHEN = {
    Phase.REACH: "first what opens the way that all else is done over",
    Phase.OPEN: "first, to have a way that survives",
    Phase.CHANGE: "then",
    Phase.LOGIN: "then our own login; use the new algorithms from now on",
    Phase.CLOSE: "then what closes a way",
    Phase.LAST: "last, for it closes the way we work over; it cannot be undone from here",
}


def print_plan(plan: Plan, *, verbose: bool = False) -> None:
    """Print a plan to standard output."""
    width = None if sys.stdout.isatty() else 160
    console = Console(highlight=False, width=width)
    for line in lines(plan, verbose=verbose):
        console.print(line, soft_wrap=True)


def lines(plan: Plan, *, verbose: bool = False) -> Iterator[Text]:
    """Yield the lines of a plan."""
    for device in plan.devices:
        yield from _device(plan, device, verbose=verbose)
        yield Text("")
    for missed in plan.missed:
        yield Text.assemble(("! ", "red"), f"{visible(missed.target)}: {visible(missed.why)}")
    yield _summary(plan)


def _summary(plan: Plan) -> Text:
    changing = [device for device in plan.devices if device.steps]
    refused = sum(bool(plan.refusals(device)) for device in changing)
    by_hand = sum(len(device.work) for device in plan.devices)
    text = f"Plan: {plan.changes} to change on {len(changing)} of {len(plan.devices)} devices"
    text += f", {by_hand} to do by hand"
    text += f", {refused} devices refused" if refused else ""
    text += f", {len(plan.missed)} not planned" if plan.missed else ""
    return Text(f"{text}.", "bold")


def _device(plan: Plan, device: DevicePlan, *, verbose: bool) -> Iterator[Text]:
    names = (device.identity.model, device.pin.serial and f"serial {device.pin.serial}")
    facts = ", ".join(visible(name) for name in names if name)
    yield Text.assemble((f"# {visible(str(device.target))}", "bold"), f"  {facts}")
    if device.why:
        yield Text(f"  {visible(device.why)}", "yellow")
    elif not device.steps:
        yield Text("  nothing to change", "green")
    if device.steps:
        yield Text(f"  {_over(device)}", "dim")
    for stage in device.stages:
        yield Text(f"  {_WHEN[stage.phase]}:", "dim")
        for key in stage.keys:
            yield from _step(device.step(key))
        if stage.restart:
            yield Text("  ↻ restart", "bold")
    if device.steps:
        yield from _standing(device)
    for refusal in plan.refusals(device):
        yield Text(f"  refused: {refusal}", "bold red")
    for item in device.unsupported:
        rows = " ".join(item.rows)
        yield Text(f"  · {item.key} = {show(item.wanted)}: {item.why}  ({rows})", "dim")
    yield from _work(device.work, verbose=verbose)


_ACCESS = {
    SNMP_V3: "SNMPv3",
    SNMP_COMMUNITY: "an SNMP community",
    WEB: "the Remote UI",
    IPP: "IPP",
    PJL: "PJL on the print port",
}


def _over(device: DevicePlan) -> str:
    """Say in words over which access the work is done, and by which it is begun."""
    own, entry = (_ACCESS.get(name, name) for name in (device.access, device.entry))
    return f"over {own}" if own == entry else f"over {own}, which is opened by {entry}"


def _step(step: Step) -> Iterator[Text]:
    asked = f"{' '.join(step.rows)} · {', '.join(step.rules)}"
    yield Text.assemble(
        ("    ~ ", "yellow"),
        f"{step.key}: ",
        (visible(show(step.now)) or "empty", "red"),
        " -> ",
        (visible(show(step.wanted)) or "empty", "green"),
        "  ",
        (step.severity.value, _STYLE[step.severity]),
        (f"  {asked}", "dim"),
        ("  (takes effect at the restart)" if step.restart else "", "dim"),
        ("  (the device says it is so, the network sees otherwise)" if step.insist else "", "red"),
    )
    for text in step.breaks:
        yield Text(f"        breaks: {text}", "dim")


def _standing(device: DevicePlan) -> Iterator[Text]:
    before, after = device.before, device.after
    yield _change("ways to manage", before.ways, after.ways)
    yield _change("ways to print", before.print_paths, after.print_paths)


def _change(what: str, before: Iterable[str], after: Iterable[str]) -> Text:
    stays, goes = list(after), [name for name in before if name not in set(after)]
    text = Text(f"  {what}: ")
    for name in stays:
        new = name not in set(before)
        text.append(f"{'+' if new else ''}{name}  ", "green" if new else "default")
    for name in goes:
        text.append(f"-{name}  ", "red strike")
    return text if stays or goes else text.append("none")


def _work(work: tuple[Work, ...], *, verbose: bool) -> Iterator[Text]:
    if not work:
        return
    yield Text(f"  by hand ({len(work)}):", "dim")
    for number, item in enumerate(work, 1):
        yield Text.assemble(f"    {number}. {visible(item.title)}", (f"  {item.row}", "dim"))
        if verbose:
            for count, step in enumerate(item.steps, 1):
                yield Text(f"         {count}) {visible(step, 400)}")
