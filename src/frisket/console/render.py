"""Templates to pages: the layout's values, translation, times in the visitor's zone."""

from __future__ import annotations

import gettext
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from starlette.responses import HTMLResponse, Response

from frisket.console.language import (
    Catalogues,
    chosen_language,
    written,
    written_day,
    written_number,
)
from frisket.console.notice import Notices
from frisket.console.page import Page, Visit
from frisket.console.static_files import StaticFiles
from frisket.fleet.naming import called

_NEVER: Final = Markup("\u2013")
_THEMES: Final = ("auto", "light", "dark")
THEME: Final = "__Host-theme"  # the cookie of the way in, before anybody has logged in


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the navigation as one visitor sees it."""

    label: str
    icon: str
    path: str
    key: str
    here: bool


class Renderer:
    """Renders the templates of `console/templates` and nothing else; everything is escaped."""

    __slots__ = ("_catalogues", "_environments", "_notices", "_pages", "_static")

    def __init__(
        self,
        pages: Sequence[Page],
        static: StaticFiles,
        notices: Notices,
        catalogues: Catalogues,
    ) -> None:
        self._pages = tuple(
            sorted((page for page in pages if page.menu is not None), key=_place_of)
        )
        self._static = static
        self._notices = notices
        self._catalogues = catalogues
        self._environments = {
            language: environment_of(translations, static)
            for language, translations in catalogues.items()
        }

    def language(self, visit: Visit) -> str:
        """Return the language in which this visitor reads."""
        wish = visit.who.account.language if visit.who else ""
        accepted = visit.request.headers.get("accept-language", "")
        return chosen_language(wish, accepted, self._catalogues)

    def translated(self, visit: Visit, message: str) -> str:
        """Return a message in the visitor's language."""
        return self._catalogues[self.language(visit)].gettext(message)

    def page(self, visit: Visit, template: str, status: int, values: dict[str, Any]) -> Response:
        """Return a template with the layout's values and these."""
        language = self.language(visit)
        notice = "" if visit.is_fragment else self._notices.read(visit.request)
        account = visit.who.account if visit.who else None
        layout = {
            "visit": visit,
            "who": visit.who,
            "nonce": visit.nonce,
            "notice": notice,
            "language": language,
            "languages": list(self._catalogues),
            "theme": self.theme(visit),
            "zone": account.zone if account and account.zone else "UTC",
            "shortcuts": account.shortcuts if account else True,
            "menu": [] if visit.is_fragment else self._menu(visit, language),
            "here": visit.request.url.path,
            "may": visit.may,
        }
        text = self._environments[language].get_template(template).render(layout | values)
        answer = HTMLResponse(text, status)
        if notice:
            self._notices.clear(answer)
        return answer

    def theme(self, visit: Visit) -> str:
        """Return `auto`, `light` or `dark`: the account's, else the cookie's."""
        account = visit.who.account.theme if visit.who else ""
        cookie = visit.request.cookies.get(THEME, "")
        return next((t for t in (account, cookie) if t in _THEMES), "auto")

    def _menu(self, visit: Visit, language: str) -> list[tuple[str, list[Entry]]]:
        """Return the navigation by group: only what this visitor may open."""
        text = self._catalogues[language].gettext
        groups: dict[str, list[Entry]] = {}
        path = visit.request.url.path
        shown = [page for page in self._pages if _may_open(page, visit)]
        nearest = max(
            (page.path for page in shown if _is_under(path, page.path)), key=len, default=""
        )
        for page in shown:
            menu = page.menu
            if menu is not None:
                entry = Entry(
                    text(menu.label), menu.icon, page.path, menu.key, page.path == nearest
                )
                groups.setdefault(text(menu.group) if menu.group else "", []).append(entry)
        return list(groups.items())


def _place_of(page: Page) -> tuple[int, str]:
    return (page.menu.place if page.menu else 0, page.path)


def _is_under(path: str, page: str) -> bool:
    return path == page or (page != "/" and path.startswith(f"{page}/"))


def _may_open(page: Page, visit: Visit) -> bool:
    return not isinstance(page.access, str) or visit.may(page.access)


def environment_of(translations: gettext.NullTranslations, static: StaticFiles) -> Environment:
    """Return templates in one language."""
    made = Environment(
        loader=PackageLoader("frisket.console", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_translations(translations, newstyle=True)  # type: ignore[attr-defined]
    made.policies["json.dumps_kwargs"] = {"sort_keys": False, "separators": (",", ":")}
    made.globals["asset"] = static.address
    made.globals["icon"] = lambda name, css="icon": icon(static, name, css)
    made.filters["when"] = when
    made.filters["ago"] = ago
    made.filters["day"] = day
    made.filters["data"] = data
    made.filters["word"] = lambda value: words(translations, value)
    made.filters["number"] = number
    made.filters["called"] = called
    return made


def icon(static: StaticFiles, name: str, css: str = "icon") -> Markup:
    """Return a picture of the sprite (`assets/icons.txt` lists them)."""
    return Markup('<svg class="{}" aria-hidden="true"><use href="{}#{}"/></svg>').format(
        css, static.address("icons.svg"), name
    )


def data(value: object) -> Markup:
    """Return a value as JSON for a `<script type="application/json">`, which it cannot end."""
    text = json.dumps(value, separators=(",", ":"), default=str)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704 - nothing in it can end the element


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@pass_context
def when(context: Context, moment: datetime | None) -> Markup:
    """Return a time in the visitor's zone, with the exact one for programs."""
    if moment is None:
        return _NEVER
    text = written(moment, context["zone"], context["language"])
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        _utc(moment), context["zone"], text
    )


@pass_context
def ago(context: Context, moment: datetime | None) -> Markup:
    """Return how long ago (or in what time), kept current by the browser; the time in its title."""
    if moment is None:
        return _NEVER
    text = written(moment, context["zone"], context["language"])
    return Markup('<relative-time datetime="{}" title="{} {}" lang="{}">{}</relative-time>').format(
        _utc(moment), text, context["zone"], context["language"].replace("_", "-"), text
    )


def words(translations: gettext.NullTranslations, value: object) -> str:
    """Return what a name of ours means in words: `read-only` is two of them, and translated.

    It stays text that is escaped where it is shown: a name that nobody knows may be a device's.
    """
    text = str(value.value if isinstance(value, Enum) else value)
    plain = text.replace("-", " ").replace("_", " ")
    return translations.gettext(plain) if plain else ""


@pass_context
def number(context: Context, value: float | None) -> str | Markup:
    """Return a number as the visitor's language writes it."""
    return _NEVER if value is None else written_number(value, context["language"])


@pass_context
def day(context: Context, moment: datetime | None) -> Markup:
    """Return a day in the visitor's zone."""
    if moment is None:
        return _NEVER
    text = written_day(moment, context["zone"], context["language"])
    return Markup('<time datetime="{}">{}</time>').format(_utc(moment), text)
