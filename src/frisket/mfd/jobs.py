"""The job engine: receives, decides, holds, prints one job after the other, and erases."""

from __future__ import annotations

import asyncio
import hmac
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from frisket.errors import FrisketError, SettingRefused
from frisket.ledger import Ledger, LedgerFault
from frisket.mfd.auditlog import LogKind
from frisket.mfd.boxes import Boxes
from frisket.mfd.document.detect import is_blank
from frisket.mfd.document.model import DocumentFault
from frisket.mfd.document.read import read_document
from frisket.mfd.erase import Erasure, erase
from frisket.mfd.job import INCOMING, Job, JobTable, overdue
from frisket.mfd.press import DONE, Machine, Outcome, put_on_paper
from frisket.mfd.spool import MOST_OCTETS, Incoming
from frisket.mfd.ticket import Action, Decision, Rules, Ticket, decide
from frisket.proto.ipp.names import JobState, PrinterState

_MOST_ACTIVE = 500
_HELD = "job-hold-until-specified"
_ACTIONS = {
    Action.PRINT: (JobState.PENDING, "none"),
    Action.HOLD: (JobState.PENDING_HELD, _HELD),
    Action.CANCEL: (JobState.CANCELED, "job-canceled-at-device"),
    Action.STORE: (JobState.COMPLETED, "job-completed-successfully"),
}


_FAULT: Outcome | None = Outcome(JobState.ABORTED, "aborted-by-system", "internal fault")


class JobRefused(FrisketError):
    """The device does not do that to the job."""


class Jobs:
    """The jobs of one device; held ones survive a restart.

    `limit` bounds a document's octets, `pace` is seconds per sheet, `paused` stops the printer
    after the present job. Everything but `receive` writing happens in the event loop's thread.
    """

    __slots__ = (
        "_jobs",
        "_machine",
        "_trash",
        "_worker",
        "boxes",
        "limit",
        "pace",
        "paused",
        "since",
    )

    def __init__(self, machine: Machine, ledger: Ledger, boxes: Ledger) -> None:
        self._machine = machine
        self._jobs = JobTable(ledger)
        self._trash: list[Path] = []
        self._worker: asyncio.Task[None] | None = None
        self.limit = MOST_OCTETS
        # Sixty times as fast as the real engine: practice should not take all day.
        self.pace = 1 / machine.personality.pages_per_minute
        self.paused = False
        self.since = machine.now()  # when the device was switched on
        machine.troubles.watchers.append(lambda trouble: None if trouble else self.resume())
        self.boxes = Boxes(boxes, machine.log, self._stamp, self._discard)

    def _recover(self) -> None:
        """Bring the jobs of a device that was switched off, or cut off, into order."""
        for job in self._jobs:
            lost = not job.is_ended and not (job.file and Path(job.file).exists())
            if lost or job.state is JobState.PROCESSING:
                self._end(job, Outcome(JobState.ABORTED, "aborted-by-system", "power was lost"))
        # Files that a crash left behind belong to nobody; they are erased like any other.
        if self._machine.lasting:
            kept = {job.file for job in self._jobs} | {d.file for d in self.boxes}
            strays = self._folder().glob("job-*")
            self._trash += [path for path in strays if str(path) not in kept]

    # -- looking

    def get(self, number: int) -> Job | None:
        """Return a job by its number, None where there is none (any more)."""
        self.expire()
        return self._jobs.get(number)

    def active(self) -> list[Job]:
        """Return the jobs that are not at their end, oldest first."""
        self.expire()
        return [job for job in self._jobs if not job.is_ended]

    def history(self) -> list[Job]:
        """Return the ended jobs, newest first; nothing where <Display Job Log> is off."""
        return self.ended() if self._machine.store.on("job-log.display") else []

    def ended(self) -> list[Job]:
        """Return the ended jobs whether or not the job log is shown, newest first."""
        return [job for job in reversed(list(self._jobs)) if job.is_ended]

    def visible(self, user: str, *, administrator: bool) -> list[Job]:
        """Return the active jobs that a user may see (<Restrict Access to Other User Jobs>)."""
        everything = administrator or not self._machine.store.on("jobs.restrict-others")
        return [job for job in self.active() if everything or (user and job.ticket.user == user)]

    @property
    def state(self) -> PrinterState:
        """Return the printer's state by its IPP name."""
        states = {job.state for job in self._jobs}
        if JobState.PROCESSING in states:
            return PrinterState.PROCESSING
        stopped = self.paused or JobState.PROCESSING_STOPPED in states
        return PrinterState.STOPPED if stopped else PrinterState.IDLE

    @property
    def reasons(self) -> tuple[str, ...]:
        """Return why the printer waits: media-needed, media-empty, paused."""
        stopped = [j for j in self._jobs if j.state is JobState.PROCESSING_STOPPED]
        words = dict.fromkeys(job.message.partition(":")[0] for job in stopped)
        return (*words, *(("paused",) if self.paused else ()))

    # -- receiving

    def _folder(self) -> Path:
        return self._machine.spool() / "jobs"

    def receive(self, compression: str = "none") -> Incoming:
        """Return a file for a document that is coming in; give it to `submit`, or to `drop`."""
        return Incoming(self._folder(), self.limit, compression)

    def drop(self, incoming: Incoming) -> None:
        """Forget a document that belongs to no job."""
        incoming.finish()
        self._discard(incoming.path)

    def create(self, ticket: Ticket) -> Job:
        """Make a job whose document is still to come. Raises `JobRefused` when there are many."""
        self.expire()
        if len(self._jobs) >= _MOST_ACTIVE and len(self.active()) >= _MOST_ACTIVE:
            raise JobRefused("too many jobs")
        number, at = self._jobs.number(), self._stamp()
        return self._jobs.put(Job(number, ticket.cleaned(), JobState.PENDING, at, INCOMING))

    def submit(
        self, ticket: Ticket, incoming: Incoming, decision: Decision | None = None
    ) -> Job | None:
        """Take a whole document as a job; None where it was blank, for then there is nothing to do.

        `decision` overrides the settings: a stored document that a person prints. Raises
        `JobRefused`; the document is gone then.
        """
        incoming.finish()
        if not incoming.fault and incoming.octets <= 1024 and is_blank(incoming.head):
            self.drop(incoming)
            return None
        try:
            job = self.create(ticket)
        except (JobRefused, LedgerFault) as fault:
            self.drop(incoming)
            raise JobRefused(str(fault)) from fault
        return self.attach(job.id, incoming, decision)

    def attach(
        self,
        number: int,
        incoming: Incoming,
        decision: Decision | None = None,
        announced: str = "",
    ) -> Job:
        """Give a created job its document (`announced` as a format), and decide about it."""
        incoming.finish()
        job = self._need(number)
        if announced:
            job = replace(job, ticket=replace(job.ticket, format=announced))
        job = replace(job, file=str(incoming.path), octets=incoming.octets)
        if incoming.fault:
            return self._end(job, Outcome(JobState.ABORTED, "aborted-by-system", incoming.fault))
        rules = Rules.of(self._machine.store)
        decision = decision or decide(job.ticket, rules, self._machine.is_known)
        state, reason = _ACTIONS[decision.action]
        if decision.action is Action.CANCEL:
            return self._end(job, Outcome(state, reason, decision.reason))
        if decision.action is Action.STORE:
            return self._store(job, job.ticket.box)
        job = replace(job, state=state, reason=reason, message=decision.reason)
        try:
            self._jobs.put(job)
        except LedgerFault as fault:
            return self._end(job, Outcome(JobState.ABORTED, "aborted-by-system", str(fault)))
        self._kick()
        return job

    def _store(self, job: Job, box: int) -> Job:
        try:
            self.boxes.store(box, job.ticket, Path(job.file), job.octets)
        except SettingRefused as fault:
            return self._end(job, Outcome(JobState.ABORTED, "aborted-by-system", str(fault)))
        stored = Outcome(JobState.COMPLETED, DONE.reason, f"stored in box {box:02}")
        return self._end(replace(job, file=""), stored)

    # -- what people do to jobs

    def _need(self, number: int) -> Job:
        job = self._jobs.get(number)
        if job is None:
            raise JobRefused("no such job")
        if job.is_ended:
            raise JobRefused(f"the job is {job.word} already")
        return job

    def cancel(self, number: int, actor: str, reason: str = "job-canceled-by-user") -> Job:
        """Delete a job that is not at its end. Raises `JobRefused`."""
        job = self._need(number)
        return self._end(job, Outcome(JobState.CANCELED, reason, f"cancelled by {actor}"))

    def hold(self, number: int) -> Job:
        """Hold a job that waits. Raises `JobRefused`."""
        job = self._need(number)
        if job.state not in {JobState.PENDING, JobState.PENDING_HELD}:
            raise JobRefused("the job is being printed")
        ticket = replace(job.ticket, hold=True)
        return self._jobs.put(
            replace(job, ticket=ticket, state=JobState.PENDING_HELD, reason=_HELD)
        )

    def release(self, number: int, actor: str, pin: str = "") -> Job:
        """Print a held job, for the right PIN where it is a Secure Print. Raises `JobRefused`."""
        self.expire()
        job = self._need(number)
        if job.state is not JobState.PENDING_HELD:
            raise JobRefused("the job is not held")
        if not hmac.compare_digest(job.ticket.pin.encode(), pin.encode()):
            self._machine.journal.add("failed_logins", f"PIN of job {number} by {actor}")
            detail = f"Secure Print {job.ticket.name}: wrong PIN"
            self._machine.log.add(LogKind.JOB, actor, "Release Job", detail, ok=False)
            raise JobRefused("wrong PIN")
        ticket = replace(job.ticket, hold=False)
        job = self._jobs.put(replace(job, ticket=ticket, state=JobState.PENDING, reason="none"))
        self._kick()
        return job

    def resume(self) -> None:
        """Go on: paper was put in, or the printer is no longer paused."""
        for job in self.active():
            if job.state is JobState.PROCESSING_STOPPED:
                self._jobs.put(replace(job, state=JobState.PENDING, reason="none", message=""))
        self._kick()

    def expire(self) -> None:
        """Delete Secure Print jobs that waited longer than the setting allows.

        A job whose document never came is given up as well.
        """
        hours = self._machine.store.number("print.secure-print.delete-after")
        for job in self._jobs:
            if why := overdue(job, self._machine.now(), timedelta(hours=hours)):
                self._end(job, Outcome(JobState.CANCELED, "job-canceled-at-device", why))

    # -- keeping

    def _stamp(self) -> str:
        return self._machine.now().isoformat(timespec="seconds")

    def _end(self, job: Job, outcome: Outcome) -> Job:
        """Bring a job to its end: record it, write the log, erase its file."""
        file = job.file
        job = replace(
            job,
            state=outcome.state,
            reason=outcome.reason,
            message=outcome.message,
            ended=self._stamp(),
            file="",
        )
        try:
            self._jobs.put(job)
        except LedgerFault:
            # The disk is full: the job ends all the same, and its file makes room.
            self._jobs.note(job)
        words = f"{job.ticket.name} via {job.ticket.via}: {job.sheets} sheets {outcome.message}"
        good = outcome.state is JobState.COMPLETED
        self._machine.log.add(LogKind.JOB, job.ticket.user or "-", "Print", words.strip(), ok=good)
        self._jobs.trim()
        if file:
            self._discard(Path(file))
        return job

    def _discard(self, path: Path) -> None:
        self._trash.append(path)
        self._kick()

    # -- printing

    def _kick(self) -> None:
        """Let the worker look for work; also once the loop runs, for what a restart left."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        if self._worker is None:
            self._worker = loop.create_task(self._work())

    async def settled(self) -> None:
        """Wait until nothing is left to print or to erase."""
        self._kick()
        while self._worker is not None:
            await asyncio.shield(self._worker)

    def start(self) -> None:
        """Go on with what waited when the device was switched off."""
        self._recover()
        if len(self._jobs) or self._trash:
            self._kick()

    def close(self) -> None:
        """Stop printing; what waits is kept for the next start."""
        if self._worker is not None:
            self._worker.cancel()
            self._worker = None

    def _pending(self) -> Job | None:
        if self.paused:
            return None
        return next((j for j in self._jobs if j.state is JobState.PENDING and j.file), None)

    async def _work(self) -> None:
        try:
            while True:
                if self._trash:
                    await self._erase(self._trash.pop(0))
                elif job := self._pending():
                    await self._print(job)
                else:
                    return
        finally:
            if self._worker is asyncio.current_task():
                self._worker = None

    async def _erase(self, path: Path) -> None:
        try:
            await asyncio.to_thread(erase, path, Erasure.of(self._machine.store))
        except OSError as fault:
            self._machine.journal.add("bugs", f"{path.name} cannot be erased: {fault.strerror}")

    async def _print(self, job: Job) -> None:
        """Print a job to its end, or until it has to wait."""
        machine = self._machine
        machine.power.wake("job")
        machine.power.busy = True
        work = asyncio.ensure_future(self._run(job))
        try:
            await asyncio.wait({work})
        finally:
            work.cancel()
            machine.power.busy = False
        if bug := work.exception():
            # Whatever a document does to its reader, the device stays up.
            machine.journal.add("bugs", f"job {job.id}: {bug!r}")
        outcome = _FAULT if bug else work.result()
        job = self._jobs.get(job.id) or job
        if outcome is None or job.is_ended:
            return
        if outcome.state is JobState.PROCESSING_STOPPED:
            stopped = replace(job, state=outcome.state, reason=outcome.reason)
            self._jobs.put(replace(stopped, message=outcome.message))
            return
        if machine.store.text("storage.deletion-timing") == "during-job":
            await self._erase(Path(job.file))
        self._end(job, outcome)

    async def _run(self, job: Job) -> Outcome | None:
        number, path = job.id, Path(job.file)
        try:
            self._jobs.put(replace(job, state=JobState.PROCESSING, reason="job-printing"))
            document = await asyncio.to_thread(read_document, path, job.ticket.format)
        except DocumentFault as fault:
            return Outcome(JobState.ABORTED, fault.reason, str(fault))
        except (OSError, LedgerFault) as fault:
            return Outcome(JobState.ABORTED, "aborted-by-system", f"disk: {fault}")
        job = self._jobs.get(number) or job
        if job.is_ended:
            return None
        started = job.started or self._stamp()
        job = replace(job, format=document.format, pages=document.pages, started=started)
        self._jobs.note(job)

        def advance(sheets: int, sides: int) -> bool:
            now = self._jobs.get(number)
            if now is None or now.is_ended:
                return False
            self._jobs.note(replace(now, sheets=now.sheets + sheets, sides=now.sides + sides))
            return True

        return await put_on_paper(self._machine, job, document, self.pace, advance)
