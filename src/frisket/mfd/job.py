"""One job: what came, what became of it, and how it is kept on disk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from frisket.ledger import Ledger, Record
from frisket.mfd.ticket import Ticket, parse_ticket
from frisket.proto.ipp.names import JobState, job_state_name

INCOMING = "job-incoming"  # the reason of a job whose document is still to come
_PATIENCE = timedelta(minutes=5)
_KEPT = 100  # ended jobs that the job log shows
_COMPACT = 2000  # ledger records between two clean-ups

ENDED = frozenset({JobState.CANCELED, JobState.ABORTED, JobState.COMPLETED})


@dataclass(frozen=True, slots=True)
class Job:
    """A job of the device. States and `reason` go by their IPP names (RFC 8011 5.3.7, 5.3.8).

    `pages` are sides of one copy, `sides` and `sheets` what has been printed so far, `octets` the
    document's size; times are ISO 8601, "" for not yet. `file` is its spool file, "" for none.
    """

    id: int
    ticket: Ticket
    state: JobState
    created: str
    reason: str = "none"
    message: str = ""
    started: str = ""
    ended: str = ""
    file: str = ""
    octets: int = 0
    format: str = ""
    pages: int = 0
    sides: int = 0
    sheets: int = 0

    @property
    def is_ended(self) -> bool:
        """Say whether nothing more will happen to it."""
        return self.state in ENDED

    @property
    def word(self) -> str:
        """Return the state's IPP keyword."""
        return job_state_name(self.state)

    def record(self) -> Record:
        """Return it as the ledger keeps it."""
        return asdict(self)


def parse_job(record: Record) -> Job:
    """Return the job of a ledger record."""
    ticket = parse_ticket(record["ticket"])
    return Job(**{**record, "ticket": ticket, "state": JobState(record["state"])})


def overdue(job: Job, now: datetime, patience: timedelta) -> str:
    """Say why a job has waited too long, "" where it may go on waiting.

    A Secure Print waits for its PIN for `patience`, a created job for its document five minutes.
    """
    age = now - datetime.fromisoformat(job.created)
    if job.state is JobState.PENDING_HELD and job.ticket.secured and age >= patience:
        return "never released"
    if job.reason == INCOMING and not job.is_ended and age > _PATIENCE:
        return "no document came"
    return ""


class JobTable:
    """All jobs of a device by number, kept in a ledger; of the ended ones the last hundred."""

    __slots__ = ("_jobs", "_ledger", "_next", "_written")

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._jobs: dict[int, Job] = {}
        self._next = 1
        self._written = 0
        for record in ledger.read():
            job = parse_job(record)
            self._jobs[job.id] = job
            self._next = job.id + 1
            self._written += 1

    def __len__(self) -> int:
        return len(self._jobs)

    def __iter__(self) -> Iterator[Job]:
        return iter(list(self._jobs.values()))

    def get(self, number: int) -> Job | None:
        """Return a job by its number."""
        return self._jobs.get(number)

    def number(self) -> int:
        """Return the next job's number."""
        self._next += 1
        return self._next - 1

    def put(self, job: Job) -> Job:
        """Keep a new or changed job. Raises `LedgerFault`."""
        self._ledger.append(job.record())
        self.note(job)
        self._written += 1
        if self._written >= _COMPACT:
            self._ledger.replace(each.record() for each in self)
            self._written = 0
        return job

    def note(self, job: Job) -> Job:
        """Change a job in memory only: its progress is worth no disk access."""
        self._jobs[job.id] = job
        return job

    def trim(self) -> None:
        """Forget the oldest ended jobs."""
        for job in [job for job in self if job.is_ended][:-_KEPT]:
            del self._jobs[job.id]


def runs(
    pages: int, copies: int, *, two_sided: bool, done: int = 0, most: int = 10
) -> Iterator[tuple[int, int]]:
    """Yield (sheets, sides) in the order of printing, up to `most` sheets each, after `done`."""
    each = (pages + 1) // 2 if two_sided else pages
    last = pages - (each - 1) * (2 if two_sided else 1)
    total = each * copies
    while done < total:
        sheets = min(most, total - done)
        # Every copy ends with a sheet that may be printed on one side only.
        ends = (done + sheets) // each - done // each
        sides = (sheets - ends) * (2 if two_sided else 1) + ends * last
        yield sheets, sides
        done += sheets
