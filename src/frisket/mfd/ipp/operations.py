"""What each IPP operation does; one function each, answering with status and groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from frisket.ledger import LedgerFault
from frisket.mfd.auditlog import LogKind
from frisket.mfd.device import Device
from frisket.mfd.ipp.job import CREATED, job_attributes
from frisket.mfd.ipp.printer import printer_attributes
from frisket.mfd.ipp.refusal import (
    IppRefused,
    bad,
    check_frame,
    check_target,
    first_number,
    first_text,
)
from frisket.mfd.ipp.settable import set_attributes
from frisket.mfd.ipp.wishes import compression_of, format_of, ticket_of
from frisket.mfd.job import INCOMING, Job
from frisket.mfd.jobs import JobRefused
from frisket.mfd.spool import Incoming
from frisket.mfd.ticket import Rules, Ticket
from frisket.mfd.users import Login
from frisket.proto.ipp.names import GroupTag, Operation, Status, operation_name
from frisket.proto.ipp.values import Attribute, Group, Message, opening

WITH_DOCUMENT = frozenset({Operation.PRINT_JOB, Operation.SEND_DOCUMENT})


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: its operation group, the job it is about (0: none), who asks, the document.

    `login` is there where a password was checked; else `user` is no more than a claim. `tls`: it
    came encrypted.
    """

    request: Message
    group: Group
    job: int
    user: str
    login: Login | None
    incoming: Incoming | None
    tls: bool = False

    @property
    def is_administrator(self) -> bool:
        """Say whether an administrator's password came with the request."""
        return self.login is not None and self.login.is_administrator


@dataclass(frozen=True, slots=True)
class Done:
    """A status, the groups behind the operation group, and attributes that were ignored."""

    groups: tuple[Group, ...] = ()
    ignored: tuple[Attribute, ...] = ()


Act = Callable[[Device, Asked], Done]


def _wanted(asked: Asked) -> frozenset[str]:
    found = asked.group.get("requested-attributes")
    return frozenset(found.texts()) if found else frozenset()


def _job_group(device: Device, job: Job, wanted: frozenset[str]) -> Group:
    return Group(GroupTag.JOB, job_attributes(device, job, wanted))


def _find(device: Device, asked: Asked, *, own: bool) -> Job:
    """Return the job that is asked about; with `own` only its owner's or an administrator's."""
    if not asked.job:
        raise bad("a job-id is needed")
    job = device.jobs.get(asked.job)
    mine = job is not None and (asked.is_administrator or job.ticket.user == asked.user)
    hidden = device.store.on("jobs.restrict-others") and not mine
    if job is None or hidden:
        raise IppRefused(Status.CLIENT_ERROR_NOT_FOUND, "no such job")
    if own and not mine:
        raise IppRefused(Status.CLIENT_ERROR_NOT_AUTHORIZED, "another user's job")
    return job


def _ticket(device: Device, asked: Asked) -> tuple[Ticket, tuple[Attribute, ...]]:
    compression_of(asked.group)
    blank = Ticket(via="ipp", user=asked.user, authenticated=asked.login is not None)
    ticket, ignored = ticket_of(device, asked.request, asked.group, blank)
    # A PIN and a document that travel encrypted are what Encrypted Secure Print is for.
    return replace(ticket, encrypted=bool(ticket.pin) and asked.tls), ignored


def _print_job(device: Device, asked: Asked) -> Done:
    ticket, ignored = _ticket(device, asked)
    assert asked.incoming is not None
    job = device.jobs.submit(ticket, asked.incoming)
    if job is None:
        raise IppRefused(Status.CLIENT_ERROR_BAD_REQUEST, "the document is empty")
    return Done((_job_group(device, job, CREATED),), ignored)


def _validate_job(device: Device, asked: Asked) -> Done:
    _, ignored = _ticket(device, asked)
    return Done((), ignored)


def _create_job(device: Device, asked: Asked) -> Done:
    ticket, ignored = _ticket(device, asked)
    job = device.jobs.create(ticket)
    return Done((_job_group(device, job, CREATED),), ignored)


def _send_document(device: Device, asked: Asked) -> Done:
    job = _find(device, asked, own=True)
    last = asked.group.get("last-document")
    if last is None:
        raise bad("last-document is needed")
    compression_of(asked.group)
    announced = format_of(device, asked.group)
    if job.reason != INCOMING:
        raise IppRefused(
            Status.SERVER_ERROR_MULTIPLE_DOCUMENT_JOBS_NOT_SUPPORTED
            if not job.is_ended
            else Status.CLIENT_ERROR_NOT_POSSIBLE,
            "one document a job",
        )
    assert asked.incoming is not None
    if not asked.incoming.octets and not asked.incoming.fault:
        if last.first is not True:
            raise bad("a document is needed")
        device.jobs.drop(asked.incoming)
        job = device.jobs.cancel(job.id, asked.user)
    else:
        job = device.jobs.attach(job.id, asked.incoming, announced=announced)
    return Done((_job_group(device, job, CREATED),))


def _close_job(device: Device, asked: Asked) -> Done:
    job = _find(device, asked, own=True)
    if job.reason == INCOMING and not job.is_ended:
        device.jobs.cancel(job.id, asked.user)
    return Done()


def _cancel_job(device: Device, asked: Asked) -> Done:
    device.jobs.cancel(_find(device, asked, own=True).id, asked.user or "ipp")
    return Done()


def _cancel_my_jobs(device: Device, asked: Asked) -> Done:
    listed = asked.group.get("job-ids")
    numbers = listed.integers() if listed else None
    for job in device.jobs.active():
        if job.ticket.user == asked.user and (numbers is None or job.id in numbers):
            device.jobs.cancel(job.id, asked.user)
    return Done()


def _hold_job(device: Device, asked: Asked) -> Done:
    device.jobs.hold(_find(device, asked, own=True).id)
    return Done()


def _release_job(device: Device, asked: Asked) -> Done:
    """Release a job that was held on request; what the device itself holds waits for its panel."""
    job = _find(device, asked, own=True)
    if job.ticket.secured or Rules.of(device.store).forced_hold:
        raise IppRefused(Status.CLIENT_ERROR_NOT_POSSIBLE, "to be released at the device")
    device.jobs.release(job.id, asked.user or "ipp")
    return Done()


def _get_jobs(device: Device, asked: Asked) -> Done:
    which = first_text(asked.group, "which-jobs") or "not-completed"
    if which not in {"completed", "not-completed", "all"}:
        listed = tuple(each for each in asked.group.attributes if each.name == "which-jobs")
        status = Status.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED
        raise IppRefused(status, "which-jobs", listed)
    jobs: list[Job] = []
    if which != "completed":
        jobs += device.jobs.visible(asked.user, administrator=asked.is_administrator)
    if which != "not-completed":
        restricted = device.store.on("jobs.restrict-others") and not asked.is_administrator
        ended = device.jobs.history()
        jobs += [job for job in ended if not restricted or job.ticket.user == asked.user]
    mine = asked.group.get("my-jobs")
    if mine is not None and mine.first is True:
        jobs = [job for job in jobs if job.ticket.user == asked.user]
    limit = first_number(asked.group, "limit")
    jobs = jobs[:limit] if limit > 0 else jobs
    wanted = _wanted(asked)
    return Done(tuple(_job_group(device, job, wanted) for job in jobs))


def _get_job_attributes(device: Device, asked: Asked) -> Done:
    job = _find(device, asked, own=False)
    return Done((_job_group(device, job, _wanted(asked) or frozenset({"all"})),))


def _get_printer_attributes(device: Device, asked: Asked) -> Done:
    format_of(device, asked.group)
    wanted = _wanted(asked) or frozenset({"all"})
    return Done((Group(GroupTag.PRINTER, printer_attributes(device, wanted)),))


def _need_administrator(asked: Asked) -> None:
    if not asked.is_administrator:
        raise IppRefused(Status.CLIENT_ERROR_NOT_AUTHORIZED, "for the administrator")


def _pause_printer(device: Device, asked: Asked) -> Done:
    _need_administrator(asked)
    device.jobs.paused = True
    return Done()


def _resume_printer(device: Device, asked: Asked) -> Done:
    _need_administrator(asked)
    device.jobs.paused = False
    device.jobs.resume()
    return Done()


def _set_printer_attributes(device: Device, asked: Asked) -> Done:
    _need_administrator(asked)
    groups = tuple(asked.request.groups_of(GroupTag.PRINTER))
    set_attributes(device, groups, asked.user)
    return Done()


def _identify_printer(device: Device, asked: Asked) -> Done:
    message = first_text(asked.group, "message")[:127]
    device.log.add(LogKind.MACHINE_MANAGEMENT, asked.user or "-", "Identify Printer", message)
    return Done()


def _unknown(_device: Device, asked: Asked) -> Done:
    name = operation_name(asked.request.code)
    raise IppRefused(Status.SERVER_ERROR_OPERATION_NOT_SUPPORTED, f"{name} is not supported")


OPERATIONS: Mapping[int, Act] = {
    Operation.PRINT_JOB: _print_job,
    Operation.VALIDATE_JOB: _validate_job,
    Operation.CREATE_JOB: _create_job,
    Operation.SEND_DOCUMENT: _send_document,
    Operation.CLOSE_JOB: _close_job,
    Operation.CANCEL_JOB: _cancel_job,
    Operation.CANCEL_MY_JOBS: _cancel_my_jobs,
    Operation.HOLD_JOB: _hold_job,
    Operation.RELEASE_JOB: _release_job,
    Operation.GET_JOBS: _get_jobs,
    Operation.GET_JOB_ATTRIBUTES: _get_job_attributes,
    Operation.GET_PRINTER_ATTRIBUTES: _get_printer_attributes,
    Operation.PAUSE_PRINTER: _pause_printer,
    Operation.RESUME_PRINTER: _resume_printer,
    Operation.IDENTIFY_PRINTER: _identify_printer,
    Operation.SET_PRINTER_ATTRIBUTES: _set_printer_attributes,
}


def _answer(
    request: Message, status: Status, groups: tuple[Group, ...], message: str = ""
) -> Message:
    version = request.version if request.version[0] in {1, 2} else (2, 0)
    attributes = opening()
    told = (Attribute.of("status-message", 0x41, message[:255]),) if message else ()
    operation = Group(GroupTag.OPERATION, (*attributes, *told))
    return Message(version, status, request.request_id, (operation, *groups))


def respond(
    device: Device,
    request: Message,
    incoming: Incoming | None,
    login: Login | None,
    *,
    tls: bool = False,
) -> Message:
    """Carry out a request and return the response; a document that is not kept is dropped."""
    unsupported: tuple[Attribute, ...] = ()
    groups: tuple[Group, ...] = ()
    status, message = Status.SUCCESSFUL_OK, ""
    try:
        group = check_frame(request)
        act = OPERATIONS.get(request.code, _unknown)
        number = check_target(group)
        user = login.name if login else first_text(group, "requesting-user-name")[:64]
        done = act(device, Asked(request, group, number, user, login, incoming, tls))
        groups, unsupported = done.groups, done.ignored
        if unsupported:
            status = Status.SUCCESSFUL_OK_IGNORED_OR_SUBSTITUTED_ATTRIBUTES
        incoming = None
    except IppRefused as refusal:
        status, message, unsupported = refusal.status, str(refusal), refusal.unsupported
    except JobRefused as refusal:
        status, message = Status.CLIENT_ERROR_NOT_POSSIBLE, str(refusal)
    except LedgerFault as fault:
        status, message = Status.SERVER_ERROR_TEMPORARY_ERROR, str(fault)
    finally:
        if incoming is not None:
            device.jobs.drop(incoming)
    if unsupported:
        groups = (Group(GroupTag.UNSUPPORTED, unsupported), *groups)
    return _answer(request, status, groups, message)
