"""Held jobs at the panel, copies, and what the Status Monitor tells."""

from __future__ import annotations

from pathlib import Path

from tests.unit.mfd.panel.operator import Operator, operator

from frisket.mfd.device import Device
from frisket.mfd.job import Job
from frisket.mfd.ticket import Ticket
from frisket.mfd.users import Role
from frisket.proto.ipp.names import JobState

DOCUMENT = b"%!PS\nshowpage\n"


def submit(device: Device, ticket: Ticket) -> int:
    incoming = device.jobs.receive()
    incoming.write(DOCUMENT)
    job = device.jobs.submit(ticket, incoming)
    assert isinstance(job, Job)
    return job.id


def at_queue(folder: Path, *tickets: Ticket, **settings: bool) -> Operator:
    panel = operator({"auth.management": False, **settings}, folder=folder)
    for ticket in tickets:
        submit(panel.device, ticket)
    return panel.touch("open:hold")


SECRET = Ticket(via="ipp", user="anna", name="payroll.pdf", pin="4711")
HELD = Ticket(via="ipp", user="ben", name="menu.pdf", hold=True)


def state_of(panel: Operator, number: int) -> JobState:
    job = panel.device.jobs.get(number)
    assert job is not None
    return job.state


def test_a_secure_print_is_released_by_its_pin_only(tmp_path: Path) -> None:
    panel = at_queue(tmp_path, SECRET)
    assert "payroll.pdf" in panel.words
    assert "4711" not in panel.words
    panel.touch("choose:1", "print").type("1111").key("submit")
    assert "wrong PIN" in panel.state.notice
    assert state_of(panel, 1) is JobState.PENDING_HELD
    assert panel.device.journal.counts["failed_logins"] == 1
    panel.touch("print").type("4711").key("submit")
    assert state_of(panel, 1) is not JobState.PENDING_HELD
    assert "being printed" in panel.state.notice


def test_start_prints_the_chosen_job(tmp_path: Path) -> None:
    panel = at_queue(tmp_path, SECRET).touch("choose:1").key("start").type("4711").key("submit")
    assert state_of(panel, 1) is not JobState.PENDING_HELD


def test_a_held_job_is_deleted(tmp_path: Path) -> None:
    panel = at_queue(tmp_path, SECRET).touch("choose:1", "delete")
    assert state_of(panel, 1) is JobState.CANCELED
    assert "No job is held." in panel.words


def test_without_a_choice_nothing_happens(tmp_path: Path) -> None:
    panel = at_queue(tmp_path, SECRET)
    assert not panel.has("print")
    panel.key("start")
    assert panel.state.notice == "Choose a job first."


def test_a_job_that_is_gone_meanwhile_is_no_error(tmp_path: Path) -> None:
    panel = at_queue(tmp_path, SECRET).touch("choose:1")
    panel.device.jobs.cancel(1, "anna")
    panel.key("start")
    assert panel.state.notice == "Choose a job first."


def test_others_jobs_are_hidden_where_the_setting_says_so(tmp_path: Path) -> None:
    panel = operator({"jobs.restrict-others": True}, folder=tmp_path)
    for ticket in (SECRET, HELD):
        submit(panel.device, ticket)
    panel.device.users.put("anna", Role.GENERAL, "anna-secret", "test")
    panel.touch("open:hold").login("anna", "anna-secret")
    assert panel.state.screen == "hold"
    assert "payroll.pdf" in panel.words
    assert "menu.pdf" not in panel.words
    # A number guessed for somebody else's job leads nowhere.
    panel.touch("key:start")
    assert panel.state.notice == "Choose a job first."


def test_a_hostile_job_name_is_drawn_without_harm(tmp_path: Path) -> None:
    ticket = Ticket(via="lpd", user="\u202e" * 9, name="\U0001f4a9\n\x1b[31m" + "W" * 5000, pin="1")
    panel = at_queue(tmp_path, ticket)
    assert panel.view.parts
    panel.touch("key:home", "open:status")
    assert "W" * 50 in panel.words


def test_a_copy_is_counted_by_the_journal_and_the_counters() -> None:
    panel = operator({"auth.management": False}).touch("open:copy", "add:1", "add:1")
    panel.touch("toggle:color").key("start")
    assert panel.device.journal.counts["sheets"] == 3
    assert panel.device.counters.values[101] == 3
    assert panel.device.counters.values[408] == 3


def test_a_copy_needs_a_login_where_authentication_is_on() -> None:
    panel = operator().touch("open:copy").key("start")
    assert panel.device.journal.counts["sheets"] == 0
    assert panel.state.screen == "login"


def test_empty_trays_and_unknown_levels_are_told() -> None:
    panel = operator().touch("open:status", "tab:errors")
    assert "Multi-Purpose Tray is empty." in panel.words
    panel = operator(quirks={"supply_levels_unknown": True}).touch("open:status", "tab:paper")
    assert "64 %" not in panel.words
