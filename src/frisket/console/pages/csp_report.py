"""Where browsers tell what a page tried against its policy."""

from __future__ import annotations

import logging

from starlette.responses import Response

from frisket.console.page import ANYONE, Page, Visit

_log = logging.getLogger("frisket.console")
_MOST = 8192


def report(visit: Visit) -> Response:
    """Log a report, shortened: it may have been made up."""
    said = visit.form.body[:2000].decode("utf-8", "replace")
    _log.warning("content policy: %s", ascii(said))
    visit.services.reports.append(said)
    return Response(status_code=204)


PAGES = (Page("POST", "/csp-report", report, ANYONE, most=_MOST),)
