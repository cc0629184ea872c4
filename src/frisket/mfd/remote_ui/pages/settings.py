"""Settings/Registration: every setting of the catalogue under the device's own menu tree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from frisket.catalog.setting import Setting, Type, show
from frisket.errors import SettingRefused
from frisket.mfd.auditlog import LogKind
from frisket.mfd.device import Device
from frisket.mfd.remote_ui.forms import Form
from frisket.mfd.remote_ui.menu import SEPARATOR, MenuPage, build_menu, may_change, slug_of
from frisket.mfd.remote_ui.visit import Needs, Route, Visit, draw, redirect, refuse
from frisket.mfd.users import ADMINISTRATOR
from frisket.model.reading import Value
from frisket.proto.http.wire import Response

VIA = "remote-ui"
_DOORS = {"panel": "the control panel", "remote-ui": "the Remote UI"}
# Set on pages of their own, where more is asked than a value.
_ELSEWHERE = {
    "policy.password": ("/rps/policy", "Security Policy Settings"),
    "sms.password": ("/sms/", "Service Management Service"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One setting as its page shows it. `why` says why it cannot be changed, "" where it can."""

    setting: Setting
    value: Value
    why: str = ""
    link: tuple[str, str] = ("", "")
    waiting: str = ""
    problem: str = ""

    @property
    def id(self) -> str:
        """Return the field's name in the page."""
        return self.setting.key.replace(".", "-")

    @property
    def lines(self) -> str:
        """Return a list as the lines of a text field."""
        return "\n".join(self.value) if isinstance(self.value, tuple) else show(self.value)


def _why(visit: Visit, setting: Setting) -> str:
    if holder := visit.device.policy.locked(setting.key):
        return f"Locked by the security policy: {holder}"
    if VIA not in setting.doors:
        doors = " or ".join(_DOORS.get(door, door) for door in setting.doors)
        return f"Can be set only at {doors}."
    if not may_change(visit.user.login.role, setting):
        return "This needs administrator privileges."
    return ""


def row_of(visit: Visit, setting: Setting) -> Row:
    """Return a setting with the value that the device says it has."""
    device, key = visit.device, setting.key
    waits = key in device.store.pending and key not in device.quirks.lies
    shown = "another value" if setting.secret else show(device.store.effective(key))
    return Row(
        setting,
        "" if setting.secret else device.reported(key),
        "" if key in _ELSEWHERE else _why(visit, setting),
        _ELSEWHERE.get(key, ("", "")),
        f"In effect until the restart: {shown}" if waits else "",
    )


def menu_of(device: Device) -> dict[str, MenuPage]:
    """Return the menu pages of this model by slug."""
    catalog = device.content.catalog
    return dict(build_menu(catalog[key] for key in device.store.keys()))  # noqa: SIM118


def index(visit: Visit) -> Response:
    """Show the menu tree, or the settings that contain the words looked for."""
    menu = menu_of(visit.device)
    words = visit.query.text("q").strip().lower()[:60]
    found = [
        (page, setting)
        for page in menu.values()
        for setting in page.settings
        if words and (words in setting.label.lower() or words in setting.key)
    ]
    top = [page for page in menu.values() if not page.parent]
    return draw(visit, "settings.html.j2", top=top, words=words, found=found)


def _page(visit: Visit) -> MenuPage | None:
    return menu_of(visit.device).get(visit.values["slug"])


def _above(page: MenuPage) -> list[MenuPage]:
    """Return the pages above one, the top first: as much of them as their links show."""
    paths = page.path.split(SEPARATOR)
    above = (SEPARATOR.join(paths[:n]) for n in range(1, len(paths)))
    return [MenuPage(path.rpartition(SEPARATOR)[2], path, slug_of(path)) for path in above]


def _missing(visit: Visit) -> Response:
    return refuse(visit, 404, "Cannot open this page", "There is no such menu on this model.")


def _draw(visit: Visit, page: MenuPage, rows: list[Row], problem: str = "") -> Response:
    changeable = any(not row.why and not row.link[0] for row in rows)
    return draw(
        visit,
        "settings_page.html.j2",
        422 if problem else 200,
        page=page,
        above=_above(page),
        rows=rows,
        changeable=changeable,
        problem=problem,
    )


def show_page(visit: Visit) -> Response:
    """Show one menu page."""
    page = _page(visit)
    if page is None:
        return _missing(visit)
    return _draw(visit, page, [row_of(visit, setting) for setting in page.settings])


def entered(setting: Setting, form: Form) -> object:
    """Return what was entered for a setting, as the type that it checks."""
    match setting.type:
        case Type.BOOLEAN:
            return form.text(setting.key) == "on"
        case Type.INTEGER:
            text = form.text(setting.key).strip()
            number = text.lstrip("-").isascii() and text.lstrip("-").isdigit() and len(text) < 10
            return int(text) if number else text
        case Type.SET:
            return tuple(form.all(setting.key))
        case Type.LIST:
            return tuple(
                line.strip() for line in form.text(setting.key).split("\n") if line.strip()
            )
        case _:
            return form.text(setting.key)


def _wanted(visit: Visit, page: MenuPage) -> dict[str, object]:
    """Return what differs from what the page had shown, so that only changes are written."""
    shown, clear = set(visit.form.all("shown")), set(visit.form.all("clear"))
    wanted: dict[str, object] = {}
    for setting in page.settings:
        key = setting.key
        if key not in shown or key in _ELSEWHERE:
            continue
        value = entered(setting, visit.form)
        if setting.secret:
            if value or key in clear:
                wanted[key] = "" if key in clear else value
        elif value != visit.device.reported(key):
            wanted[key] = value
    return wanted


def _check(visit: Visit, key: str, value: object) -> str:
    """Return why a value is refused, "" where it is not. A refusal is an entry of the audit log."""
    device = visit.device
    try:
        if not may_change(visit.user.login.role, device.content.catalog[key]):
            return "This needs administrator privileges."
        device.store.check(key, value, VIA)
        if key == "admin.password":
            device.users.check_new(str(value))
    except SettingRefused as fault:
        kind, detail = LogKind.MACHINE_MANAGEMENT, f"{key} via {VIA}: {fault}"
        device.log.add(kind, visit.actor, "Change Setting", detail, ok=False)
        return str(fault)
    return ""


def _save(visit: Visit, key: str, value: object) -> None:
    device = visit.device
    if key == "admin.password":
        role = device.users.role(ADMINISTRATOR)
        assert role is not None
        device.users.put(ADMINISTRATOR, role, str(value), visit.actor)
    else:
        device.store.set(key, value, visit.actor, VIA)


def _again(row: Row, wanted: Mapping[str, object], problems: Mapping[str, str]) -> Row:
    """Return a row with what was typed and why it was refused; a secret is typed again."""
    key = row.setting.key
    typed = wanted.get(key)
    row = replace(row, problem=problems.get(key, ""))
    if typed is None or row.setting.secret:
        return row
    return replace(row, value=typed if isinstance(typed, tuple | bool) else str(typed))


def save_page(visit: Visit) -> Response:
    """Store what was changed on a page: all of it, or nothing and the reasons."""
    page = _page(visit)
    if page is None:
        return _missing(visit)
    wanted = _wanted(visit, page)
    if wanted and visit.device.power.refuses(visit.device.quirks.busy):
        return refuse(visit, 503, "The device is busy", "Nothing was changed. Try again later.")
    problems = {key: why for key, value in wanted.items() if (why := _check(visit, key, value))}
    if problems:
        rows = [_again(row_of(visit, s), wanted, problems) for s in page.settings]
        return _draw(visit, page, rows, "Nothing was changed. See the reasons below.")
    for key, value in wanted.items():
        _save(visit, key, value)
    waiting = [key for key in wanted if key in visit.device.store.pending]
    notice = f"{len(wanted)} setting{'s' * (len(wanted) != 1)} changed."
    if waiting:
        notice += " Some take effect with Apply Setting Changes."
    return redirect(f"/rps/settings/{page.slug}", notice, visit)


def apply_changes(visit: Visit) -> Response:
    """Let the settings that wait take effect, as [Apply Setting Changes] does."""
    count = len(visit.device.store.pending)
    visit.device.store.apply_pending()
    # No redirect: a browser follows none to another port, which TLS may just have made necessary.
    return draw(visit, "applied.html.j2", count=count)


ROUTES = (
    Route("GET", "/rps/settings", index, Needs.MANAGER),
    Route("POST", "/rps/apply", apply_changes, Needs.MANAGER),
    Route("GET", "/rps/settings/{slug}", show_page, Needs.MANAGER),
    Route("POST", "/rps/settings/{slug}", save_page, Needs.MANAGER),
)
