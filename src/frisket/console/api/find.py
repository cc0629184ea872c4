"""Finds the parts of the programming interface by walking `console.api`."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from fastapi import APIRouter, FastAPI

import frisket.console.api


def add_interface(app: FastAPI) -> None:
    """Add the `ROUTER` of every module here to the application."""
    for info in iter_modules(frisket.console.api.__path__):
        router = getattr(import_module(f"frisket.console.api.{info.name}"), "ROUTER", None)
        if isinstance(router, APIRouter):
            # Not included but taken over: each route stays one that can be asked who may use it.
            app.router.routes.extend(router.routes)
