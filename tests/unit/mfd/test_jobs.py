"""The job engine: what prints, what waits, what is refused, and what is left on the disk."""

from __future__ import annotations

import asyncio
import gzip
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from tests.lab import make_device, running_device

from frisket.mfd.auditlog import LogKind
from frisket.mfd.device import Device
from frisket.mfd.job import Job, runs
from frisket.mfd.jobs import JobRefused
from frisket.mfd.ticket import Ticket
from frisket.proto.ipp.names import JobState

TICKET = Ticket(via="lpd", user="ana", name="report")


def pdf(path: Path, pages: int = 1, size: tuple[int, int] = (595, 842), **how: Any) -> bytes:
    document = pikepdf.new()
    for _ in range(pages):
        document.add_blank_page(page_size=size)
    document.save(path / "made.pdf", **how)
    return (path / "made.pdf").read_bytes()


def send(device: Device, ticket: Ticket, data: bytes) -> Job:
    incoming = device.jobs.receive()
    incoming.write(data)
    job = device.jobs.submit(ticket, incoming)
    assert job is not None
    return job


async def done(device: Device, job: Job) -> Job:
    await device.jobs.settled()
    found = device.jobs.get(job.id)
    assert found is not None
    return found


def quick(folder: Path, **settings: Any) -> Device:
    chosen = {key.replace("__", ".").replace("_", "-"): value for key, value in settings.items()}
    device = make_device(settings=chosen, folder=folder / "device")
    device.jobs.pace = 0
    return device


async def test_a_printed_job_is_counted_everywhere(tmp_path: Path) -> None:
    device = quick(tmp_path)
    toner, paper = device.counters.values[301], device.levels.tray(0)
    job = await done(
        device, send(device, replace(TICKET, copies=3, two_sided=True), pdf(tmp_path, 5))
    )
    assert (job.state, job.sheets, job.sides, job.pages) == (JobState.COMPLETED, 9, 15, 5)
    assert device.journal.counts["sheets"] == 9
    assert device.counters.values[301] == toner + 15
    assert device.counters.values[114] == 15
    assert device.levels.tray(0) == paper - 9
    assert not list(device.spool().glob("jobs/*"))


async def test_the_audit_log_has_the_job(tmp_path: Path) -> None:
    device = quick(tmp_path, audit_log__save=True)
    await done(device, send(device, TICKET, b"hello\n"))
    kinds = [(e.kind, e.user, e.result) for e in device.log if e.kind is LogKind.JOB]
    assert kinds == [(LogKind.JOB, "ana", "OK")]


async def test_monochrome_and_large_paper_count_apart(tmp_path: Path) -> None:
    device = quick(tmp_path)
    before = device.counters.values.copy()
    await done(
        device, send(device, replace(TICKET, color="monochrome"), pdf(tmp_path, 1, (842, 1191)))
    )
    rise = device.counters.values - before
    assert rise == {101: 1, 102: 2, 103: 1, 108: 1, 109: 2, 112: 1, 301: 1}


async def test_an_encrypted_pdf_is_aborted_without_a_sheet(tmp_path: Path) -> None:
    device = quick(tmp_path)
    lock = pikepdf.Encryption(owner="o", user="", R=6)
    job = await done(device, send(device, TICKET, pdf(tmp_path, encryption=lock)))
    assert (job.state, job.reason) == (JobState.ABORTED, "document-format-error")
    assert device.journal.counts["sheets"] == 0


async def test_paper_that_is_in_no_tray_stops_the_job_until_it_is(tmp_path: Path) -> None:
    device = quick(tmp_path)
    ticket = replace(TICKET, media="na_legal_8.5x14in")
    job = await done(device, send(device, ticket, b"a letter\n"))
    assert job.state is JobState.PROCESSING_STOPPED
    assert device.jobs.reasons == ("media-needed",)
    other = await done(device, send(device, TICKET, b"goes on\n"))
    assert other.state is JobState.COMPLETED
    device.jobs.cancel(job.id, "ana")
    assert not device.jobs.reasons


async def test_an_empty_tray_stops_in_the_middle_and_goes_on(tmp_path: Path) -> None:
    device = quick(tmp_path)
    device.levels.refill(0, 4)
    job = await done(device, send(device, TICKET, pdf(tmp_path, 7)))
    assert (job.state, job.sheets) == (JobState.PROCESSING_STOPPED, 4)
    assert device.jobs.reasons == ("media-empty",)
    device.levels.refill(0, 100)
    device.jobs.resume()
    job = await done(device, job)
    assert (job.state, job.sheets, job.sides) == (JobState.COMPLETED, 7, 7)
    assert device.journal.counts["sheets"] == 7


async def test_secure_print_waits_for_its_pin(tmp_path: Path) -> None:
    device = quick(tmp_path)
    job = await done(device, send(device, replace(TICKET, pin="0042"), b"payslip\n"))
    assert job.state is JobState.PENDING_HELD
    with pytest.raises(JobRefused, match="wrong PIN"):
        device.jobs.release(job.id, "eve", "42")
    assert device.journal.counts["failed_logins"] == 1
    device.jobs.release(job.id, "ana", "0042")
    assert (await done(device, job)).state is JobState.COMPLETED


async def test_secure_print_is_deleted_after_its_time(tmp_path: Path) -> None:
    clock = [datetime(2026, 3, 1, 8, 0, tzinfo=UTC)]
    settings = {"print.secure-print.delete-after": 2}
    device = make_device(settings=settings, folder=tmp_path / "device", now=lambda: clock[0])
    job = send(device, replace(TICKET, pin="1"), b"payslip\n")
    clock[0] += timedelta(hours=1, minutes=59)
    assert [held.id for held in device.jobs.active()] == [job.id]
    clock[0] += timedelta(minutes=1)
    assert device.jobs.active() == []
    await device.jobs.settled()
    assert not list(device.spool().glob("jobs/*"))


async def test_held_jobs_survive_a_restart_and_torn_ones_do_not(tmp_path: Path) -> None:
    device = quick(tmp_path, print__hold__forced=True)
    held = await done(device, send(device, TICKET, b"one\n"))
    torn = device.jobs.create(TICKET)
    stray = device.jobs.receive()
    again = quick(tmp_path, print__hold__forced=True)
    again.jobs.start()
    assert [job.id for job in again.jobs.active()] == [held.id]
    lost = again.jobs.get(torn.id)
    assert lost is not None
    assert lost.state is JobState.ABORTED
    again.jobs.release(held.id, "ana")
    assert (await done(again, held)).state is JobState.COMPLETED
    assert not stray.path.exists()
    stray.finish()


@pytest.mark.parametrize(
    ("mode", "zero"),
    [("once-zero", True), ("once-random", False), ("three-random", False), ("dod", False)],
)
async def test_complete_deletion_overwrites_the_blocks(
    tmp_path: Path, mode: str, zero: bool
) -> None:
    settings: dict[str, bool | str] = {"storage.complete-deletion": True}
    settings["storage.deletion-mode"] = mode
    device = make_device(settings=settings, folder=tmp_path / "device")
    device.jobs.pace = 0
    secret = b"the secret figures\n" * 5000
    incoming = device.jobs.receive()
    incoming.write(secret)
    incoming.finish()
    # A second name for the same blocks shows what is left of them after the first is gone.
    os.link(incoming.path, tmp_path / "blocks")
    device.jobs.submit(TICKET, incoming)
    await device.jobs.settled()
    assert not incoming.path.exists()
    left = (tmp_path / "blocks").read_bytes()
    assert len(left) == len(secret)
    assert b"secret" not in left
    assert (left == bytes(len(secret))) is zero


async def test_without_complete_deletion_the_blocks_stay(tmp_path: Path) -> None:
    device = quick(tmp_path)
    incoming = device.jobs.receive()
    incoming.write(b"the secret figures\n")
    incoming.finish()
    os.link(incoming.path, tmp_path / "blocks")
    device.jobs.submit(TICKET, incoming)
    await device.jobs.settled()
    assert not incoming.path.exists()
    assert (tmp_path / "blocks").read_bytes() == b"the secret figures\n"


async def test_an_endless_job_is_aborted(tmp_path: Path) -> None:
    device = quick(tmp_path)
    device.jobs.limit = 10_000
    incoming = device.jobs.receive()
    assert incoming.write(b"x" * 9_999)
    assert not incoming.write(b"xx")
    job = device.jobs.submit(TICKET, incoming)
    assert job is not None
    assert job.state is JobState.ABORTED
    await device.jobs.settled()
    assert device.journal.counts["sheets"] == 0
    assert not list(device.spool().glob("jobs/*"))


async def test_a_full_disk_spoils_the_job_only(tmp_path: Path) -> None:
    device = quick(tmp_path)
    incoming = device.jobs.receive()
    assert incoming._file is not None
    incoming._file.close()
    incoming._file = Path("/dev/full").open("wb", buffering=0)  # noqa: SIM115
    assert not incoming.write(b"x" * 100_000)
    job = device.jobs.submit(TICKET, incoming)
    assert job is not None
    assert (job.state, job.message) == (
        JobState.ABORTED,
        "the disk cannot take the job: No space left on device",
    )
    assert (await done(device, send(device, TICKET, b"next\n"))).state is JobState.COMPLETED


async def test_a_zip_bomb_stops_at_the_limit(tmp_path: Path) -> None:
    device = quick(tmp_path)
    device.jobs.limit = 1 << 20
    incoming = device.jobs.receive("gzip")
    incoming.write(gzip.compress(bytes(50 << 20)))
    assert incoming.fault
    assert incoming.path.stat().st_size <= 1 << 20
    device.jobs.drop(incoming)
    await device.jobs.settled()


async def test_blank_data_is_no_job(tmp_path: Path) -> None:
    device = quick(tmp_path)
    incoming = device.jobs.receive()
    incoming.write(b"\r\n")
    assert device.jobs.submit(TICKET, incoming) is None
    assert device.jobs.ended() == []


async def test_cancel_while_printing_stops_the_paper(tmp_path: Path) -> None:
    device = quick(tmp_path)
    device.jobs.pace = 0.001
    job = send(device, TICKET, pdf(tmp_path, 300))
    while device.journal.counts["sheets"] == 0:
        await asyncio.sleep(0)
    device.jobs.cancel(job.id, "ana")
    await device.jobs.settled()
    assert 0 < device.journal.counts["sheets"] < 300


async def test_a_restart_loses_the_job_on_paper_only(tmp_path: Path) -> None:
    async with running_device(services=["raw"], folder=tmp_path / "device") as (device, host):
        device.jobs.pace = 0.01
        printing = send(device, TICKET, pdf(tmp_path, 500))
        held = send(device, replace(TICKET, hold=True), b"later\n")
        waiting = send(device, TICKET, b"next\n")
        while device.journal.counts["sheets"] == 0:
            await asyncio.sleep(0.001)
        await host.reboot("test")
        device.jobs.pace = 0
        assert (await done(device, printing)).word == "aborted"
        assert (await done(device, waiting)).word == "completed"
        assert [job.id for job in device.jobs.active()] == [held.id]
        assert not device.power.busy


async def test_others_see_nothing_of_a_job_where_that_is_restricted(tmp_path: Path) -> None:
    device = quick(tmp_path, jobs__restrict_others=True, job_log__display=False)
    job = send(device, replace(TICKET, hold=True), b"x\n")
    assert device.jobs.visible("bob", administrator=False) == []
    assert [j.id for j in device.jobs.visible("ana", administrator=False)] == [job.id]
    assert [j.id for j in device.jobs.visible("bob", administrator=True)] == [job.id]
    device.jobs.cancel(job.id, "ana")
    assert device.jobs.history() == []
    await device.jobs.settled()


@pytest.mark.parametrize(
    ("pages", "copies", "two_sided", "sheets", "sides"),
    [
        (5, 1, False, 5, 5),
        (5, 3, True, 9, 15),
        (4, 2, True, 4, 8),
        (1, 12, True, 12, 12),
        (25, 1, True, 13, 25),
    ],
)
def test_runs_add_up(pages: int, copies: int, two_sided: bool, sheets: int, sides: int) -> None:
    for most in (1, 3, 10):
        for done_before in range(sheets + 1):
            found = list(runs(pages, copies, two_sided=two_sided, done=done_before, most=most))
            assert sum(n for n, _ in found) == sheets - done_before
        found = list(runs(pages, copies, two_sided=two_sided, most=most))
        assert sum(n for _, n in found) == sides
