"""A plan for people to read: what changes, who asks for it, what it breaks, what stays open."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Final

from rich.console import Console
from rich.text import Text

from frisket.catalog.setting import show
from frisket.drivers.base import IPP, PJL, SNMP_COMMUNITY, SNMP_V3, WEB
from frisket.drivers.difference import Step, Work
from frisket.drivers.order import Phase
from frisket.drivers.plan import DevicePlan, Plan, alike
from frisket.model.finding import Severity
from frisket.report.escape import visible

_STYLE = {Severity.HIGH: "bold red", Severity.MEDIUM: "yellow", Severity.LOW: "cyan"}
_MOST: Final = 8  # devices named of those that are planned alike
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
    """Yield the lines of a plan; devices that it does the same to stand together."""
    shown: dict[tuple[Work, ...], str] = {}
    for devices in alike(plan):
        yield from _devices(plan, devices, shown, verbose=verbose)
        yield Text("")
    for missed in plan.missed:
        yield Text.assemble(("! ", "red"), f"{visible(missed.target)}: {visible(missed.why)}")
    yield _summary(plan)
    if not verbose and any(device.work for device in plan.devices):
        yield Text("`frisket plan --verbose` shows the steps of the work by hand.", "dim")


def _summary(plan: Plan) -> Text:
    changing = [device for device in plan.devices if device.steps]
    refused = sum(bool(plan.refusals(device)) for device in changing)
    by_hand = sum(len(device.work) for device in plan.devices)
    text = f"Plan: {plan.changes} to change on {len(changing)} of {len(plan.devices)} devices"
    text += f", {by_hand} to do by hand"
    text += f", {refused} devices refused" if refused else ""
    text += f", {len(plan.missed)} not planned" if plan.missed else ""
    return Text(f"{text}.", "bold")


def _devices(
    plan: Plan, devices: list[DevicePlan], shown: dict[tuple[Work, ...], str], *, verbose: bool
) -> Iterator[Text]:
    device = devices[0]
    most = len(devices) if verbose else _MOST
    for each in devices[:most]:
        names = (each.identity.model, each.pin.serial and f"serial {each.pin.serial}")
        facts = ", ".join(visible(name) for name in names if name)
        yield Text.assemble((f"# {visible(str(each.target))}", "bold"), f"  {facts}")
    if len(devices) > most:
        yield Text(f"# ... and {len(devices) - most} more, all of them alike", "bold")
    if device.why:
        yield Text(f"  {visible(device.why)}", "yellow")
    elif not device.steps:
        yield Text("  nothing to change", "green")
    if device.steps:
        yield Text(f"  {_over(device)}", "dim")
    for stage in device.stages:
        yield Text(f"  {_WHEN[stage.phase]}:", "dim")
        for key in stage.keys:
            yield from _step(device.step(key), verbose=verbose)
        if stage.restart:
            yield Text("  ↻ restart", "bold")
    if device.steps:
        yield from _standing(device)
    for each in devices:
        for refusal in plan.refusals(each):
            yield Text(f"  refused: {refusal}", "bold red")
    if device.unsupported:
        yield Text(f"  cannot be set from here ({len(device.unsupported)}):", "dim")
    for item in device.unsupported:
        rows = " ".join(item.rows)
        yield Text(f"    · {item.key} = {show(item.wanted)}: {item.why}  ({rows})", "dim")
    yield from _work(device, shown, verbose=verbose)


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


def _step(step: Step, *, verbose: bool) -> Iterator[Text]:
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
    if verbose:
        yield Text(f"        {visible(step.menu)} > {visible(step.label)}", "dim")
    for text in step.breaks:
        yield Text(f"        breaks: {text}", "dim")
    if step.used_by:
        yield Text(f"        used by: {'; '.join(step.used_by)}", "dim")


def _standing(device: DevicePlan) -> Iterator[Text]:
    before, after = device.before, device.after
    panel = ("the panel",)
    yield from _change("ways to manage", (*before.ways, *panel), (*after.ways, *panel))
    yield from _change("ways to print", before.print_paths, after.print_paths)


def _change(what: str, before: tuple[str, ...], after: tuple[str, ...]) -> Iterator[Text]:
    """Yield what is open before and after; only once where nothing changes."""
    if before == after:
        yield Text(f"  {what}, before and after: {_named(before)}")
        return
    text = Text(f"  {what}, before: ")
    for name in before:
        text.append(f"{_plain(name)}  ", "default" if name in after else "red")
    yield text if before else text.append("none")
    text = Text(f"  {' ' * len(what)}   after: ")
    for name in after:
        text.append(f"{'' if name in before else '+'}{_plain(name)}  ", "green")
    for name in before:
        if name not in after:
            text.append(f"-{_plain(name)}  ", "red strike")
    yield text if after else text.append("none of them", "bold red")


def _plain(label: str) -> str:
    """Return a device's label without the brackets that its manuals put around it."""
    return label.removeprefix("<").removesuffix(">").removesuffix(" Settings")


def _named(names: tuple[str, ...]) -> str:
    return ", ".join(_plain(name) for name in names) or "none"


def _work(
    device: DevicePlan, shown: dict[tuple[Work, ...], str], *, verbose: bool
) -> Iterator[Text]:
    """Yield the work order; one that was shown already is named by its device."""
    work = device.work
    if not work:
        return
    if work in shown:
        yield Text(f"  by hand ({len(work)}): the same as on {shown[work]}", "dim")
        return
    shown[work] = device.address
    yield Text(f"  by hand ({len(work)}):", "dim")
    for number, item in enumerate(work, 1):
        severity = (f"  {item.severity.value}", _STYLE[item.severity])
        yield Text.assemble(
            f"    {number}. {visible(item.title)}", severity, (f"  {item.row}", "dim")
        )
        if verbose:
            for count, step in enumerate(item.steps, 1):
                yield Text(f"         {count}) {visible(step, 400)}")
