"""What the pages of the remote service share: whose devices, which site, CSV, charts by site."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from starlette.responses import Response, StreamingResponse

from frisket.console.faults import NotFound
from frisket.console.language import ENGLISH, chosen_language
from frisket.console.page import Visit
from frisket.fleet.reporting import speech_of
from frisket.fleet.roles import Permission
from frisket.report.escape import guarded, visible
from frisket.report.speech import Speech
from frisket.store.inventory import Inventory, Site
from frisket.store.reported import Reported, Who
from frisket.telemetry.gateway.metrics import Metrics
from frisket.telemetry.gateway.view import Views
from frisket.telemetry.sample import Level, State

MOST: Final = 5000  # devices that a page puts together at once


@dataclass(frozen=True, slots=True)
class Chosen:
    """The devices that a page is about: those of a site, or of all that the visitor may see.

    `cut` says that there are more than a page can put together: then a site must be chosen.
    """

    devices: Sequence[Who]
    sites: Sequence[Site]
    site: Site | None
    cut: bool = False


def views_of(visit: Visit) -> Views:
    """Return views on what is stored."""
    metrics = Metrics(visit.services.database)
    metrics.load()
    return Views(Reported(visit.services.database), metrics)


def chosen(visit: Visit, most: int = MOST) -> Chosen:
    """Return the devices that the address asks for (`site=` number), narrowed to the reach."""
    where = visit.reach(Permission.SEE_FLEET)
    sites = [s for s in Inventory(visit.services.database).sites() if s.id in where]
    wanted = visit.form.number("site")
    site = next((one for one in sites if one.id == wanted), None)
    if wanted and site is None:
        raise NotFound
    ids = [site.id] if site else [one.id for one in sites]
    found = Reported(visit.services.database).devices(sites=ids, retired=False)
    return Chosen(found[:most], sites, site, len(found) > most)


def one_device(visit: Visit) -> Who:
    """Return the device of the path. Raises `NotFound`, also where it may not be seen."""
    number = visit.number("id")
    row = Inventory(visit.services.database).device(number)
    if row is None or not visit.may(Permission.SEE_FLEET, row.site_id):
        raise NotFound
    found = Reported(visit.services.database).devices(sites=[row.site_id])
    return next(who for who in found if who.id == number)


def csv_answer(name: str, headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> Response:
    """Return rows as a CSV file; no cell is taken for a formula, nothing unseen hides."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(headings)
    for row in rows:
        writer.writerow([guarded(visible(_plain(cell))) for cell in row])
    return download(text.getvalue().encode(), name, "text/csv; charset=utf-8")


def download(octets: bytes, name: str, media: str) -> Response:
    """Return a file to keep. `name` is ours, never a device's."""
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(octets, media_type=media, headers=headers)


def download_parts(
    octets: Iterator[bytes], name: str, media: str, size: int | None = None
) -> Response:
    """Return a file to keep that comes in parts. `name` is ours, never a device's."""
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    if size is not None:
        headers["content-length"] = str(size)
    return StreamingResponse(octets, media_type=media, headers=headers)


def _plain(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.isoformat(timespec="seconds")
    return f"{cell:.1f}" if isinstance(cell, float) else str(cell)


def speech_of_visit(visit: Visit) -> Speech:
    """Return how a report speaks to the visitor: in their language and zone."""
    account, catalogues = visit.person.account, visit.services.crew.catalogues
    return speech_of(catalogues, language_of_reports(visit), account.zone)


def language_of_reports(visit: Visit) -> str:
    """Return the language in which the visitor reads, as far as reports have it."""
    catalogues = visit.services.crew.catalogues
    accepted = visit.request.headers.get("accept-language", "")
    wish = visit.person.account.language
    return chosen_language(wish, accepted, catalogues) if catalogues else ENGLISH


def level_words(level: Level) -> str:
    """Return a level in words: `63 %`, `120 sheets`, `some left`."""
    if level.percent is not None:
        return f"{level.percent} %"
    if level.state is State.MEASURED and level.amount is not None:
        return f"{level.amount:,} {level.unit}".rstrip()
    return level.state.value
