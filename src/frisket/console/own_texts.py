"""What the pages of baselines and of policies share: sources, versions, approval, text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from frisket.audit.baseline import Baseline
from frisket.audit.baseline_diff import Line, differences, sheet_differences
from frisket.audit.baseline_file import write_baseline
from frisket.audit.capture import read_capture
from frisket.audit.good_device import baseline_from, sheet_from
from frisket.audit.load import Content
from frisket.audit.sheet import Sheet, from_baseline, write_sheet
from frisket.console.faults import Forbidden, NotFound
from frisket.console.page import Visit
from frisket.errors import UsageError
from frisket.fleet.naming import called
from frisket.fleet.own import BASELINE, POLICY, check_text
from frisket.fleet.proposals import Proposals
from frisket.fleet.results import text_of
from frisket.fleet.roles import Permission
from frisket.model.condition import Condition
from frisket.model.reading import Readings
from frisket.store.audits import Audits
from frisket.store.devicelist import DeviceList
from frisket.store.inventory import Inventory
from frisket.store.texts import Texts, TextVersion

# Names that are addresses of pages.
RESERVED: Final = frozenset({"new", "diff", "import", "troubles", "none", "all"})
_MOST_UPLOAD: Final = 400_000
_MOST_DEVICES: Final = 50


@dataclass(frozen=True, slots=True)
class Source:
    """Where an editor begins: `ref` is packaged:NAME, own:NAME, own:NAME:VERSION or device:ID."""

    ref: str
    title: str
    parsed: Baseline | Sheet


def packaged(visit: Visit) -> Content:
    """Return the content that came with this version."""
    return visit.services.crew.packaged


def written(parsed: Baseline | Sheet, visit: Visit, heading: str) -> str:
    """Return a baseline or a policy as the text that the command line reads."""
    content = packaged(visit)
    if isinstance(parsed, Sheet):
        return write_sheet(parsed, content, [heading])
    return write_baseline(parsed, content, [heading])


def source(visit: Visit, kind: str, ref: str) -> Source:
    """Return what a reference means. Raises `NotFound`, `UsageError`."""
    content = packaged(visit)
    origin, _, rest = ref.partition(":")
    if origin == "packaged" and kind == POLICY and rest == "none":
        return Source(ref, visit.text("nothing"), Sheet())
    if origin == "packaged" and rest in content.baselines:
        base = content.baselines[rest]
        return Source(ref, base.title, from_baseline(base, content) if kind == POLICY else base)
    if origin == "own":
        one = version(visit, kind, *rest.partition(":")[::2])
        parsed = check_text(kind, one.name, one.text, content)
        return Source(ref, f"{one.name} {one.version}", parsed)
    if origin == "device" and rest.isascii() and rest.isdigit() and len(rest) < 16:
        return _of_device(visit, kind, int(rest))
    raise NotFound


def _of_device(visit: Visit, kind: str, number: int) -> Source:
    row = Inventory(visit.services.database).device(number)
    if row is None or not visit.may(Permission.SEE_FLEET, row.site_id):
        raise NotFound
    results = Audits(visit.services.database).results(number)
    if not results:
        raise UsageError("this device has not been audited yet", hint="audit it first")
    newest = max(results, key=lambda one: one.at)
    content = packaged(visit)
    readings: Readings = read_capture(
        text_of(newest.readings), "the last audit", content.catalog
    ).readings
    title = called(row)
    if kind == POLICY:
        return Source(f"device:{number}", title, sheet_from(readings, content))
    base = content.baselines.get(newest.baseline) or content.baselines["small-office"]
    return Source(f"device:{number}", title, baseline_from(readings, base, content))


def version(visit: Visit, kind: str, name: str, number: str = "") -> TextVersion:
    """Return a version of an own text: the newest where none is named. Raises `NotFound`."""
    versions = Texts(visit.services.database, kind).versions(name)
    found = next((one for one in versions if number in {"", str(one.version)}), None)
    if found is None:
        raise NotFound
    return found


def sources(visit: Visit, kind: str) -> list[tuple[str, str]]:
    """Return what a text can be made from or compared with: reference and words."""
    content = packaged(visit)
    found = [(f"packaged:{one.id}", one.title) for one in content.baselines.values()]
    if kind == POLICY:
        found.append(("packaged:none", visit.text("nothing ticked")))
    for one in Texts(visit.services.database, kind).newest():
        found += [
            (f"own:{one.name}:{v.version}", f"{one.name} {v.version}")
            for v in Texts(visit.services.database, kind).versions(one.name)[:10]
        ]
    return found


def lines(one: Source, other: Source, visit: Visit) -> tuple[Line, ...]:
    """Return what differs between two sources of one kind."""
    if isinstance(one.parsed, Sheet) and isinstance(other.parsed, Sheet):
        return sheet_differences(one.parsed, other.parsed, packaged(visit))
    if isinstance(one.parsed, Baseline) and isinstance(other.parsed, Baseline):
        return differences(one.parsed, other.parsed)
    raise UsageError("a baseline and a policy cannot be compared")


def save(
    visit: Visit, kind: str, name: str, text: str, note: str, *, after: int | None = None
) -> int:
    """Keep a text as the next version (`after` one, 0 for none); returns its number.

    Raises `UsageError`, and `StoreConflict` where another version is the newest.
    """
    everywhere(visit, Permission.PROPOSE_POLICY)
    if name in RESERVED:
        raise UsageError(f"{name} is not free", hint="choose another name")
    check_text(kind, name, text, packaged(visit))
    visit.record(f"{kind}.save", name, note=note[:500])
    texts = Texts(visit.services.database, kind)
    return texts.save(name, text, visit.person.name, note, visit.now, after=after)


def propose(visit: Visit, kind: str, path: str) -> Response:
    """Propose that a version shall hold; a second person decides."""
    number = proposed(visit, version(visit, kind, visit.path["name"], visit.form.one("version")))
    to = f"/approvals/{number}" if visit.may(Permission.SEE_EVIDENCE) else path
    return visit.go(to, visit.text("It is proposed; a second person decides."))


def proposed(visit: Visit, one: TextVersion) -> int:
    """Propose that a version shall hold; return the proposal. Raises `UsageError`, `Forbidden`."""
    everywhere(visit, Permission.PROPOSE_POLICY)
    kind = one.kind
    check_text(kind, one.name, one.text, packaged(visit))
    services, person = visit.services, visit.person
    body = {"kind": kind, "name": one.name, "version": one.version, "digest": one.digest}
    keeper = Proposals(services.database, services.log, services.clock)
    title = f"{one.name}, version {one.version}"
    return keeper.propose(f"text.{kind}", title, body, person.account.id, person.name)


def everywhere(visit: Visit, permission: Permission) -> None:
    """Go on only where the visitor may everywhere: what is judged by concerns every site."""
    if not visit.reach(permission).everywhere:
        raise Forbidden


def uploaded(visit: Visit) -> str:
    """Return a text that was pasted, or uploaded as a file. Raises `UsageError`."""
    text = visit.form.raw("text").replace("\r\n", "\n")
    file = visit.form.files.get("file")
    if file is not None and file.filename:
        try:
            text = file.file.read(_MOST_UPLOAD * 4).decode("utf-8-sig")
        except UnicodeDecodeError:
            raise UsageError("the file is no UTF-8 text") from None
    if not text.strip():
        raise UsageError("no text was given")
    return text


def diff(visit: Visit, kind: str, path: str) -> Response:
    """Show what differs between two texts; without two, the list of them."""
    if not (visit.form.one("one") and visit.form.one("other")):
        return visit.go(path)
    one, other = (source(visit, kind, visit.form.one(name)) for name in ("one", "other"))
    return visit.page(
        "own_diff.html",
        path=path,
        kind=kind,
        one=one,
        other=other,
        lines=lines(one, other, visit),
        sources=sources(visit, kind),
    )


def export(visit: Visit, kind: str) -> Response:
    """Send a text for the command line, exactly as it was kept; packaged ones are written anew."""
    number, of_ours = visit.form.one("version"), not visit.form.on("packaged")
    return exported(visit, kind, visit.path["name"], number, own=of_ours)


def exported(visit: Visit, kind: str, name: str, number: str, *, own: bool) -> Response:
    """Send a text by its name and (where it is an own one) version. Raises `NotFound`."""
    if not own:
        found = source(visit, kind, f"packaged:{name}")
        text = written(found.parsed, visit, found.title)
    else:
        text = version(visit, kind, name, number).text
    visit.record(f"{kind}.export", name[:60])
    safe = "".join(c for c in name if c.isascii() and (c.isalnum() or c == "-"))
    headers = {"content-disposition": f'attachment; filename="{safe}.toml"'}
    return Response(text, media_type="application/toml", headers=headers)


def devices(visit: Visit) -> list[tuple[str, str]]:
    """Return audited devices that could be a model, those that meet most first."""
    where = visit.reach(Permission.SEE_FLEET)
    sites = None if where.everywhere else sorted(where.sites)
    listed = DeviceList(visit.services.database)
    page = listed.page(
        Condition(coverage_below=1.0), visit.now, sort="compliance", descending=True, sites=sites
    )
    return [
        (f"device:{row.id}", f"{called(row)} ({row.model})") for row in page.rows[:_MOST_DEVICES]
    ]


__all__ = ["BASELINE", "POLICY"]
