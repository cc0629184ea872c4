"""Puts the tables of a model together, once for all devices of that model."""

from __future__ import annotations

from functools import lru_cache

from frisket.mfd.mib import (
    canon,
    channel,
    host_resources,
    interfaces,
    marker,
    ppm,
    printer,
    standin,
    system,
)
from frisket.mfd.mib.model import Model
from frisket.mfd.mib.tree import Row, Tree, build_tree

_ROWS = (system, interfaces, host_resources, printer, marker, channel, ppm, canon, standin)
_WRITES = (system, canon, standin)


@lru_cache(maxsize=64)
def tree_of(model: Model) -> Tree:
    """Return all variables of a model."""
    rows: list[Row] = [row for module in _ROWS for row in module.rows(model)]
    writes = {oid: write for module in _WRITES for oid, write in module.writes(model)}
    return build_tree(rows, writes)
