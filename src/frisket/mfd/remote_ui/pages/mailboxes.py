"""Mail Boxes: which hold documents, their PIN, and printing or deleting what is in them."""

from __future__ import annotations

from collections.abc import Callable

from frisket.errors import SettingRefused
from frisket.mfd.boxes import MEMORY_INBOX, NUMBERS, BoxRefused
from frisket.mfd.inbox import print_stored
from frisket.mfd.jobs import JobRefused
from frisket.mfd.remote_ui.visit import Needs, Route, Visit, draw, redirect, refuse
from frisket.mfd.users import Role
from frisket.proto.http.wire import Response


def title_of(box: int) -> str:
    """Return what a box is called."""
    return "Memory RX Inbox" if box == MEMORY_INBOX else f"Mail Box {box:02}"


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def _may_enter(visit: Visit, box: int) -> bool:
    """Say whether a box exists for this visitor; faxes in memory are the Administrator's."""
    memory = box == MEMORY_INBOX and visit.user.login.role is Role.ADMINISTRATOR
    return box in NUMBERS or memory


def boxes(visit: Visit, problem: str = "") -> Response:
    """List the mail boxes with the number of their documents."""
    device = visit.device
    counts = device.jobs.boxes.counts()
    numbers = [*NUMBERS, MEMORY_INBOX]
    return draw(
        visit,
        "mailboxes.html.j2",
        422 if problem else 200,
        rows=[
            (box, title_of(box), counts.get(box, 0), device.jobs.boxes.has_pin(box))
            for box in numbers
            if _may_enter(visit, box) and (counts.get(box) or device.jobs.boxes.has_pin(box))
        ],
        problem=problem,
    )


def enter(visit: Visit) -> Response:
    """Check a box's PIN and remember it for this session."""
    box = _number(visit.form.text("box"))
    if not _may_enter(visit, box):
        return boxes(visit, "Mail boxes are numbered 00 to 99.")
    pin = visit.form.text("pin")[:32]
    try:
        visit.device.jobs.boxes.open(box, pin, visit.actor)
    except BoxRefused as fault:
        visit.device.journal.add("failed_logins", f"{visit.actor} via Remote UI: box {box:02}")
        return boxes(visit, f"{title_of(box)} stays closed: {fault}.")
    visit.user.boxes[box] = pin
    return redirect(f"/rps/mailboxes/{box}")


def show_box(visit: Visit, problem: str = "") -> Response:
    """Show the documents of an open box."""
    box = _number(visit.values["box"])
    if not _may_enter(visit, box):
        return refuse(visit, 404, "Cannot open this page", "There is no such mail box.")
    if box not in visit.user.boxes:
        return redirect("/rps/mailboxes")
    try:
        documents = visit.device.jobs.boxes.open(box, visit.user.boxes[box], visit.actor)
    except BoxRefused:
        # The PIN was changed meanwhile.
        del visit.user.boxes[box]
        return redirect("/rps/mailboxes")
    return draw(
        visit,
        "mailbox.html.j2",
        422 if problem else 200,
        box=box,
        title=title_of(box),
        documents=documents,
        problem=problem,
    )


def _act(visit: Visit, act: Callable[[int, int, str], str]) -> Response:
    """Do something to a box that is open, and go back to it with what it said."""
    box = _number(visit.values["box"])
    if not _may_enter(visit, box) or box not in visit.user.boxes:
        return redirect("/rps/mailboxes")
    try:
        notice = act(box, _number(visit.form.text("document")), visit.user.boxes[box])
    except (BoxRefused, JobRefused, SettingRefused) as fault:
        return show_box(visit, f"Refused: {fault}.")
    return redirect(f"/rps/mailboxes/{box}", notice, visit)


def print_document(visit: Visit) -> Response:
    """Print a document; it stays in the box."""

    def act(_: int, document: int, pin: str) -> str:
        job = print_stored(visit.device, document, pin, visit.actor)
        return f"The document is printed as job {job.id}."

    return _act(visit, act)


def delete_document(visit: Visit) -> Response:
    """Delete a document."""

    def act(_: int, document: int, pin: str) -> str:
        visit.device.jobs.boxes.delete(document, pin, visit.actor)
        return "The document has been deleted."

    return _act(visit, act)


def set_pin(visit: Visit) -> Response:
    """Set a box's PIN, or take it away."""

    def act(box: int, _: int, __: str) -> str:
        pin = visit.form.text("new")
        visit.device.jobs.boxes.set_pin(box, pin, visit.actor)
        visit.user.boxes[box] = pin
        return "The PIN is set." if pin else "There is no PIN now."

    return _act(visit, act)


ROUTES = (
    Route("GET", "/rps/mailboxes", boxes, Needs.USER),
    Route("GET", "/rps/bpbl.cgi", boxes, Needs.USER),
    Route("POST", "/rps/mailboxes/open", enter, Needs.USER),
    Route("GET", "/rps/mailboxes/{box}", show_box, Needs.USER),
    Route("POST", "/rps/mailboxes/{box}/print", print_document, Needs.USER),
    Route("POST", "/rps/mailboxes/{box}/delete", delete_document, Needs.USER),
    Route("POST", "/rps/mailboxes/{box}/pin", set_pin, Needs.USER),
)
