"""Reads the device tables: content/devices/<make>/<family>.toml, one driver each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from frisket.catalog.load import Catalog, build, content, load_catalog, read_toml, toml_files
from frisket.drivers.base import Driver, Oid, Settings, SnmpTable, Way, WebTable
from frisket.errors import ContentError, SettingRefused, WireError
from frisket.proto.snmp.wire import parse_oid

_OIDS = ("serial", "values", "refusal", "pending", "restart")
_LOGIN = frozenset({"authentication", "encryption"})


def _oid(text: object, where: str) -> Oid:
    try:
        return parse_oid(str(text))
    except WireError as fault:
        raise ContentError(f"{where}: {fault}") from fault


def _settings(raw: Mapping[str, Any], catalog: Catalog, where: str) -> Settings:
    try:
        for key in raw:
            if key not in catalog:
                raise ContentError(f"{where}: unknown key {key}")
        return {key: catalog[key].check(value) for key, value in raw.items()}
    except SettingRefused as fault:
        raise ContentError(f"{where}: {fault}") from fault


def _way(raw: Mapping[str, Any], catalog: Catalog, where: str) -> Way:
    row = dict(raw)
    row["when"] = _settings(raw.get("when", {}), catalog, where)
    row["unless"] = tuple(_settings(table, catalog, where) for table in raw.get("unless", ()))
    way: Way = build(Way, row, where)
    if not way.when:
        raise ContentError(f"{where}: a way names the settings that open it")
    return way


def _snmp(raw: Mapping[str, Any], catalog: Catalog, where: str) -> SnmpTable:
    row = dict(raw)
    for name in _OIDS:
        if name in row:
            row[name] = _oid(row[name], where)
    row["keys"] = {key: _oid(text, where) for key, text in raw.get("keys", {}).items()}
    for key in (*row["keys"], *row.get("login", {})):
        if key not in catalog:
            raise ContentError(f"{where}: unknown key {key}")
    if strange := set(row.get("login", {}).values()) - _LOGIN:
        raise ContentError(f"{where}: unknown part of a login {', '.join(sorted(strange))}")
    table: SnmpTable = build(SnmpTable, row, where)
    return table


def parse_driver(name: str, raw: Mapping[str, Any], catalog: Catalog) -> Driver:
    """Build a driver from its table, or raise `ContentError`."""
    where = f"devices/{name}.toml"
    row = dict(raw)
    row["ways"] = tuple(_way(way, catalog, where) for way in row.pop("way", ()))
    row["snmp"] = _snmp(row.get("snmp", {}), catalog, where)
    row["proof"] = tuple(_oid(text, where) for text in row.get("proof", ()))
    if "web" in row:
        row["web"] = build(WebTable, row["web"], where)
    driver: Driver = build(Driver, row, where)
    try:
        re.compile(driver.describes)
        if driver.web is not None:
            re.compile(driver.web.server)
            re.compile(driver.web.serial)
    except re.error as fault:
        raise ContentError(f"{where}: a pattern is not sound: {fault}") from fault
    return driver


@cache
def load_drivers() -> tuple[Driver, ...]:
    """Return every packaged driver, by name. A name stands once."""
    catalog = load_catalog()
    found = {}
    for folder in sorted(content("devices").iterdir(), key=lambda entry: entry.name):
        if not folder.is_dir():
            continue
        for path in toml_files(folder):
            name = f"{folder.name}/{path.name.removesuffix('.toml')}"
            driver = parse_driver(name, read_toml(path), catalog)
            if driver.name in found:
                raise ContentError(f"driver {driver.name} stands twice")
            found[driver.name] = driver
    return tuple(found[name] for name in sorted(found))


def choose(drivers: Iterable[Driver], descr: str, present: frozenset[Oid]) -> Driver | None:
    """Return the driver whose device this is, None where there is none.

    `descr` is sysDescr, `present` the variables that the device has. Two that claim the same
    device are a mistake in the tables (`ContentError`), never a matter of their order.
    """
    fit = [
        d for d in drivers if re.search(d.describes, descr[:512]) and present.issuperset(d.proof)
    ]
    if len(fit) > 1:
        raise ContentError(f"several drivers claim one device: {', '.join(d.name for d in fit)}")
    return fit[0] if fit else None
