"""Status Monitor: the job log, as far as the settings and the role show it; mail boxes."""

from __future__ import annotations

from frisket.mfd.auditlog import LogKind
from frisket.mfd.remote_ui.visit import Needs, Route, Visit, draw
from frisket.mfd.users import Role
from frisket.proto.http.wire import Response

_SHOWN = 100
_KINDS = frozenset({LogKind.JOB, LogKind.TRANSMISSION})


def jobs(visit: Visit) -> Response:
    """Show the jobs; others' jobs are hidden where <Restrict Access to Other User Jobs> is on."""
    device, login = visit.device, visit.user.login
    shown = device.store.on("job-log.display")
    mine = device.store.on("jobs.restrict-others") and login.role is not Role.ADMINISTRATOR
    entries = [e for e in device.log if e.kind in _KINDS and (not mine or e.user == login.name)]
    rows = entries[: -_SHOWN - 1 : -1] if shown else []
    return draw(visit, "jobs.html.j2", rows=rows, shown=shown, mine=mine)


def mailboxes(visit: Visit) -> Response:
    """Show what the mail boxes did, and how they are set."""
    device = visit.device
    kinds = {LogKind.MAIL_BOX, LogKind.MAIL_BOX_AUTHENTICATION}
    rows = [entry for entry in device.log if entry.kind in kinds][: -_SHOWN - 1 : -1]
    keys = [k for k in device.store.keys() if k.startswith("mailbox.")]  # noqa: SIM118
    catalog = device.content.catalog
    settings = [(catalog[key], device.reported(key)) for key in keys]
    return draw(visit, "mailboxes.html.j2", rows=rows, settings=settings)


_LOGS = ("jstatpri", "jlp", "jls", "jlf", "jlr", "jlsv")

ROUTES = (
    Route("GET", "/rps/jobs", jobs, Needs.USER),
    *(Route("GET", f"/rps/{name}.cgi", jobs, Needs.USER) for name in _LOGS),
    Route("GET", "/rps/mailboxes", mailboxes, Needs.USER),
    Route("GET", "/rps/bpbl.cgi", mailboxes, Needs.USER),
)
