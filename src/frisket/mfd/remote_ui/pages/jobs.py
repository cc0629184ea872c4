"""Status Monitor: active jobs with release and cancel, and the job log, as far as one may see."""

from __future__ import annotations

from frisket.mfd.job import Job
from frisket.mfd.jobs import JobRefused
from frisket.mfd.remote_ui.visit import Needs, Route, Visit, draw, redirect
from frisket.mfd.users import Role
from frisket.proto.http.wire import Response


def _is_administrator(visit: Visit) -> bool:
    return visit.user.login.role is Role.ADMINISTRATOR


def _history(visit: Visit) -> list[Job]:
    """Return the job log; others' jobs are hidden as <Restrict Access to Other User Jobs> says."""
    device = visit.device
    ended = device.jobs.history()
    if _is_administrator(visit) or not device.store.on("jobs.restrict-others"):
        return ended
    return [job for job in ended if job.ticket.user == visit.actor]


def jobs(visit: Visit, problem: str = "") -> Response:
    """Show the active jobs and the job log."""
    device = visit.device
    return draw(
        visit,
        "jobs.html.j2",
        422 if problem else 200,
        active=device.jobs.visible(visit.actor, administrator=_is_administrator(visit)),
        ended=_history(visit),
        shown=device.store.on("job-log.display"),
        problem=problem,
    )


def _job(visit: Visit) -> Job | None:
    """Return the job that a form names, where the visitor may see it."""
    text = visit.form.text("job")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1
    administrator = _is_administrator(visit)
    seen = visit.device.jobs.visible(visit.actor, administrator=administrator)
    return next((job for job in seen if job.id == number), None)


def cancel(visit: Visit) -> Response:
    """Cancel a job: one's own, or any as Administrator."""
    job = _job(visit)
    if job is None or not (_is_administrator(visit) or job.ticket.user == visit.actor):
        return jobs(visit, "You cannot cancel this job.")
    try:
        visit.device.jobs.cancel(job.id, visit.actor)
    except JobRefused as fault:
        return jobs(visit, f"Not cancelled: {fault}.")
    return redirect("/rps/jobs", f"Job {job.id} has been cancelled.", visit)


def release(visit: Visit) -> Response:
    """Print a held job; a Secure Print asks for its PIN."""
    job = _job(visit)
    mine = job is not None and (_is_administrator(visit) or job.ticket.user == visit.actor)
    if job is None or not (mine or job.ticket.secured):
        return jobs(visit, "You cannot print this job.")
    try:
        visit.device.jobs.release(job.id, visit.actor, visit.form.text("pin")[:32])
    except JobRefused as fault:
        return jobs(visit, f"Not printed: {fault}.")
    return redirect("/rps/jobs", f"Job {job.id} will be printed.", visit)


_LOGS = ("jstatpri", "jlp", "jls", "jlf", "jlr", "jlsv")

ROUTES = (
    Route("GET", "/rps/jobs", jobs, Needs.USER),
    *(Route("GET", f"/rps/{name}.cgi", jobs, Needs.USER) for name in _LOGS),
    Route("POST", "/rps/jobs/cancel", cancel, Needs.USER),
    Route("POST", "/rps/jobs/release", release, Needs.USER),
)
