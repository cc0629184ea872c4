"""Print: the jobs that are held; one is chosen, then printed (with its PIN) or deleted."""

from __future__ import annotations

from dataclasses import replace

from frisket.mfd.device import Device
from frisket.mfd.glass import Field, PanelState
from frisket.mfd.job import Job
from frisket.mfd.jobs import JobRefused
from frisket.mfd.panel.keyboard import entry_of, field_parts, keys
from frisket.mfd.panel.screen import Needs, Screen
from frisket.mfd.panel.view import (
    ACROSS,
    BOTTOM,
    MARGIN,
    TOP,
    Button,
    Part,
    Text,
    back_button,
    card,
    foot_button,
    pager,
    pages_of,
)
from frisket.proto.ipp.names import JobState

_EACH = 6
_ROW = 48


def held(state: PanelState, device: Device) -> list[Job]:
    """Return the held jobs that this user may see, oldest first."""
    user = state.login.name if state.login else ""
    administrator = state.login is not None and state.login.is_administrator
    jobs = device.jobs.visible(user, administrator=administrator)
    return [job for job in jobs if job.state is JobState.PENDING_HELD]


def show(state: PanelState, device: Device) -> list[Part]:
    """Show the queue, or the number keys for a PIN."""
    if state.entry is not None:
        return [
            Text(MARGIN + 4, TOP + 20, "Enter the job's PIN.", 17),
            Button((ACROSS - MARGIN - 212, TOP + 4, 100, 32), "Back", "back"),
            Button((ACROSS - MARGIN - 104, TOP + 4, 104, 32), "OK", "submit", "primary"),
            *field_parts(state.entry, TOP + 56),
            *keys(state.entry),
        ]
    jobs = held(state, device)
    if not jobs:
        return [
            card((MARGIN, TOP + 40, ACROSS - 2 * MARGIN, 120)),
            Text(ACROSS // 2, TOP + 100, "No job is held.", 22, "muted", "mm"),
            back_button(),
        ]
    pages = pages_of(len(jobs), _EACH)
    page = min(state.page, pages - 1)
    parts: list[Part] = []
    for n, job in enumerate(jobs[page * _EACH : (page + 1) * _EACH]):
        chosen = state.chosen == str(job.id)
        area = (MARGIN, TOP + 44 + n * (_ROW + 4), ACROSS - 2 * MARGIN, _ROW)
        middle = area[1] + _ROW // 2
        kind = "Secure" if job.ticket.secured else "Held"
        parts += [
            Button(area, "", f"choose:{job.id}", "chosen" if chosen else "plain"),
            Text(MARGIN + 16, middle, job.ticket.name or f"Job {job.id}", 17, "ink", width=300),
            Text(MARGIN + 336, middle, job.ticket.user or "-", 16, "muted", width=130),
            Text(MARGIN + 480, middle, kind, 16, "accent"),
            Text(ACROSS - MARGIN - 16, middle, job.created[11:16], 16, "muted", "rm"),
        ]
    if len(jobs) and any(state.chosen == str(job.id) for job in jobs):
        parts += [
            foot_button("Print", "print"),
            Button((ACROSS - MARGIN - 300, BOTTOM - 48, 112, 40), "Delete", "delete", "danger"),
        ]
    title = f"{len(jobs)} job{'s' * (len(jobs) != 1)} held. Choose one."
    head = Text(MARGIN + 4, TOP + 24, title, 16, "muted")
    return [head, *parts, *pager(page, pages), back_button()]


def act(state: PanelState, action: str, device: Device) -> PanelState:
    """Choose, print or delete. Raises `JobRefused` for a job that is gone or a wrong PIN."""
    verb, _, argument = action.partition(":")
    if verb == "choose":
        return replace(state, chosen=argument)
    if action == "back" and state.entry is not None:
        return replace(state, entry=None)
    if action not in {"print", "delete", "submit", "key:start"}:
        return state
    job = next((j for j in held(state, device) if str(j.id) == state.chosen), None)
    if job is None:
        raise JobRefused("choose a job first")
    if action == "delete":
        device.jobs.cancel(job.id, state.actor, "job-canceled-at-device")
        return replace(state, chosen="", notice="The job has been deleted.")
    if job.ticket.pin and state.entry is None:
        line = Field("PIN", hidden=True, digits=True, longest=7)
        return replace(state, entry=entry_of(line))
    pin = state.entry.texts[0] if state.entry else ""
    try:
        device.jobs.release(job.id, state.actor, pin)
    except JobRefused as fault:
        return replace(state, entry=None, notice=f"Not printed: {fault}.")
    return replace(state, entry=None, chosen="", notice="The job is being printed.")


SCREEN = Screen("hold", "Print: Hold Queue", show, act, needs=Needs.FUNCTION)
