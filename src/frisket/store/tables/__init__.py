"""The tables, one module an area; found by walking this package."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from sqlalchemy import MetaData

from frisket.store.metadata import METADATA


def all_tables() -> MetaData:
    """Return the collection with every area's tables in it."""
    for module in iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
    return METADATA
