"""Finds the pages by walking `console.pages`, and lets nothing undeclared start."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib import import_module
from pkgutil import walk_packages

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Route

import frisket.console.pages
from frisket.console.page import Access, Anyone, Page
from frisket.errors import FrisketError
from frisket.fleet.roles import Permission


class Undeclared(FrisketError):
    """A route does not say who may use it; the console does not start with it."""


def find_pages() -> tuple[Page, ...]:
    """Return the `PAGES` of every module below `console.pages`. Raises `Undeclared`."""
    found: list[Page] = []
    for info in walk_packages(frisket.console.pages.__path__, "frisket.console.pages."):
        module = import_module(info.name)
        pages = getattr(module, "PAGES", None)
        if info.ispkg and pages is None:
            continue
        if not isinstance(pages, tuple) or not all(isinstance(page, Page) for page in pages):
            raise Undeclared(f"{info.name} has no tuple PAGES")
        found.extend(pages)
    check_pages(found)
    return tuple(found)


def check_pages(pages: Iterable[Page]) -> None:
    """Make sure that each page is declared once, with who may open it. Raises `Undeclared`."""
    seen: set[tuple[str, str]] = set()
    keys: set[str] = set()
    for page in pages:
        where = f"{page.method} {page.path}"
        if not isinstance(page.access, Permission | Anyone):
            raise Undeclared(f"{where} does not say who may open it")
        if (page.method, page.path) in seen:
            raise Undeclared(f"{where} is declared twice")
        seen.add((page.method, page.path))
        if page.menu and page.menu.key:
            if page.menu.key in keys:
                raise Undeclared(f"{where}: the key {page.menu.key} opens another page already")
            keys.add(page.menu.key)


def access_of(route: BaseRoute) -> Access | None:
    """Return who may use a route, None where nothing says it."""
    if isinstance(route, APIRoute):
        found = [
            getattr(dependency.call, "access", None) for dependency in route.dependant.dependencies
        ]
        return next((access for access in found if access is not None), None)
    if isinstance(route, Route):
        return getattr(route.endpoint, "access", None)
    return None


def routes_of(app: FastAPI) -> Iterator[tuple[str, str, Access | None]]:
    """Yield method, path and access of everything that the console answers to."""
    for route in app.routes:
        methods = sorted(getattr(route, "methods", None) or {"*"})
        for method in methods:
            if method != "HEAD":
                yield method, getattr(route, "path", str(route)), access_of(route)


def check_routes(app: FastAPI) -> None:
    """Let nothing start that does not say who may use it. Raises `Undeclared`."""
    for method, path, access in routes_of(app):
        if access is None:
            raise Undeclared(f"{method} {path} does not say who may use it")
