"""Status Monitor and mail boxes: who sees, prints, cancels and opens what."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.lab import make_device
from tests.remote_ui import Visitor, header, text_of, visitor

from frisket.mfd.boxes import MEMORY_INBOX
from frisket.mfd.device import Device
from frisket.mfd.job import Job
from frisket.mfd.ticket import Ticket
from frisket.mfd.users import Role


@pytest.fixture
def device(tmp_path: Path) -> Device:
    return make_device(folder=tmp_path, settings={"audit-log.save": True})


def received(device: Device, **wishes: object) -> Job:
    """Let a held or stored document come in."""
    incoming = device.jobs.receive()
    incoming.write(b"%PDF-1.4\n" + b"x" * 2000)
    job = device.jobs.submit(Ticket(via="ipp", **{"hold": True, **wishes}), incoming)  # type: ignore[arg-type]
    assert job is not None
    return job


def test_jobs_are_shown_as_the_settings_say(device: Device) -> None:
    received(device, user="ann", name="secret plan")
    ended = received(device, user="ann", name="old plan")
    device.jobs.cancel(ended.id, "ann")
    received(device, user="someone", name="holiday")
    admin, someone = visitor(device), visitor(device, Role.GENERAL)
    everything = text_of(someone.get("/rps/jobs"))
    assert "secret plan" in everything
    assert "old plan" in everything
    device.store.set("jobs.restrict-others", True, "test", "lab")
    mine = text_of(someone.get("/rps/jobs"))
    assert "plan" not in mine
    assert "holiday" in mine
    assert "secret plan" in text_of(admin.get("/rps/jobs"))
    device.store.set("job-log.display", False, "test", "lab")
    assert "old plan" not in text_of(admin.get("/rps/jobs"))


def test_only_the_owner_and_the_administrator_cancel(device: Device) -> None:
    number = str(received(device, user="ann", name="plan").id)
    someone = visitor(device, Role.GENERAL)
    assert "cannot cancel" in text_of(someone.post("/rps/jobs/cancel", {"job": number}))
    assert "cannot print" in text_of(someone.post("/rps/jobs/release", {"job": number}))
    assert 'aria-label="Cancel' not in someone.get("/rps/jobs").body.decode()
    assert visitor(device).post("/rps/jobs/cancel", {"job": number}).status == 302
    assert device.jobs.active() == []
    for strange in ("", "-1", "x", "99999999999999999999", "1"):
        assert visitor(device).post("/rps/jobs/cancel", {"job": strange}).status == 422


def test_a_secure_print_asks_for_its_pin(device: Device) -> None:
    number = str(received(device, user="someone", name="pay slip", pin="4711").id)
    someone = visitor(device, Role.GENERAL)
    assert "4711" not in someone.get("/rps/jobs").body.decode()
    wrong = someone.post("/rps/jobs/release", {"job": number, "pin": "1234"})
    assert "wrong PIN" in text_of(wrong)
    assert device.journal.counts["failed_logins"] == 1
    assert someone.post("/rps/jobs/release", {"job": number, "pin": "4711"}).status == 302
    assert device.jobs.active()[0].word == "pending"


def entered(device: Device, box: int, pin: str = "") -> Visitor:
    browser = visitor(device, Role.GENERAL)
    browser.post("/rps/mailboxes/open", {"box": str(box), "pin": pin})
    return browser


def test_mail_boxes_open_with_their_pin(device: Device) -> None:
    received(device, user="ann", name="contract", box=7, hold=False)
    device.jobs.boxes.set_pin(7, "1234", "test")
    stranger = entered(device, 7, "4321")
    assert device.journal.counts["failed_logins"] == 1
    assert header(stranger.get("/rps/mailboxes/7"), "location") == "/rps/mailboxes"
    assert header(stranger.post("/rps/mailboxes/7/pin", {"new": ""}), "location")
    assert device.jobs.boxes.has_pin(7)
    owner = entered(device, 7, "1234")
    page = owner.get("/rps/mailboxes/7")
    assert "contract" in text_of(page)
    assert "1234" not in page.body.decode()
    device.jobs.boxes.set_pin(7, "5", "test")
    assert owner.get("/rps/mailboxes/7").status == 302, "the PIN was changed"


def test_documents_are_printed_and_deleted(device: Device) -> None:
    received(device, user="ann", name="contract", box=7, hold=False)
    number = str(next(iter(device.jobs.boxes)).id)
    other = entered(device, 8)
    assert "empty" in text_of(other.get("/rps/mailboxes/8"))
    browser = entered(device, 7)
    assert browser.post("/rps/mailboxes/7/print", {"document": number}).status == 302
    assert device.jobs.active()[0].ticket.via == "mail box"
    assert browser.post("/rps/mailboxes/7/print", {"document": "99"}).status == 422
    assert browser.post("/rps/mailboxes/7/pin", {"new": "12345678"}).status == 422
    browser.post("/rps/mailboxes/7/pin", {"new": "11"})
    assert browser.get("/rps/mailboxes/7").status == 200
    browser.post("/rps/mailboxes/7/delete", {"document": number})
    assert list(device.jobs.boxes) == []


def test_a_box_that_is_not_open_gives_nothing_away(device: Device) -> None:
    received(device, user="ann", name="contract", box=7, hold=False)
    device.jobs.boxes.set_pin(7, "1234", "test")
    number = str(next(iter(device.jobs.boxes)).id)
    other = entered(device, 8)
    for act in ("print", "delete"):
        assert other.post(f"/rps/mailboxes/8/{act}", {"document": number}).status == 422
    assert len(list(device.jobs.boxes)) == 1
    assert device.jobs.active() == []


@pytest.mark.parametrize("box", ["100", "101", "-1", "x", "999999999999"])
def test_boxes_that_are_not_there_or_not_theirs(device: Device, box: str) -> None:
    browser = visitor(device, Role.GENERAL)
    assert browser.post("/rps/mailboxes/open", {"box": box}).status == 422
    assert browser.get(f"/rps/mailboxes/{box}").status == 404


def test_faxes_in_memory_are_the_administrators(device: Device) -> None:
    browser = visitor(device)
    browser.post("/rps/mailboxes/open", {"box": str(MEMORY_INBOX)})
    assert "Memory RX Inbox" in text_of(browser.get(f"/rps/mailboxes/{MEMORY_INBOX}"))


def test_initializing_deletes_jobs_and_documents(device: Device) -> None:
    received(device, user="ann", name="contract", box=7, hold=False)
    received(device, user="ann", name="plan")
    device.jobs.boxes.set_pin(7, "1234", "test")
    visitor(device).post("/rps/data/initialize", {"sure": "on"})
    assert device.jobs.active() == []
    assert list(device.jobs.boxes) == []


def test_the_portal_shows_what_is_left() -> None:
    device = make_device()
    device.levels.refill(0, 0)
    text = text_of(visitor(device).get("/rps/"))
    assert "Drawer 1: no paper." in text
    hidden = make_device(quirks={"supply_levels_unknown": True})
    assert "unknown" in text_of(visitor(hidden).get("/rps/"))
