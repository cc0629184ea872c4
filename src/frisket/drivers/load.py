"""Reads the device tables: content/devices/<make>/<family>.toml, one driver each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from frisket.catalog.load import Catalog, build, content, load_catalog, read_toml, toml_files
from frisket.catalog.setting import Setting
from frisket.drivers.base import (
    ACCESSES,
    IPP,
    PJL,
    WEB,
    AddressFilter,
    Driver,
    IppKey,
    IppTable,
    Oid,
    PjlKey,
    PjlTable,
    PolicyTable,
    Settings,
    SnmpKey,
    SnmpTable,
    Way,
    WebTable,
)
from frisket.errors import ContentError, SettingRefused, WireError
from frisket.proto.snmp.wire import parse_oid

_OIDS = ("serial", "values", "refusal", "pending", "restart")
_KEY_OIDS = ("oid", "column", "where")
_SYNTAXES = frozenset({"text", "name", "keyword"})
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
    if bool(way.when) == way.always:
        raise ContentError(f"{where}: a way names the settings that open it, or is open always")
    return way


def _known(keys: Iterable[str], catalog: Catalog, where: str) -> None:
    for key in keys:
        if key not in catalog:
            raise ContentError(f"{where}: unknown key {key}")


def _accesses(names: Iterable[str], where: str) -> None:
    if strange := set(names) - set(ACCESSES):
        raise ContentError(f"{where}: unknown access {', '.join(sorted(strange))}")


def _words(setting: Setting, words: Iterable[str], where: str) -> None:
    """Raise where a value in words is none of the setting's."""
    for word in words:
        try:
            setting.parse(word)
        except SettingRefused as fault:
            raise ContentError(f"{where}: {fault}") from fault


def _snmp_key(key: str, raw: Mapping[str, Any], catalog: Catalog, where: str) -> SnmpKey:
    row = {k: _oid(v, where) if k in _KEY_OIDS else v for k, v in raw.items()}
    found: SnmpKey = build(SnmpKey, row, where)
    if bool(found.oid) == bool(found.column and found.where and found.of):
        raise ContentError(f"{where}: {key} has an oid, or column, where and of")
    _accesses(found.writes, where)
    _words(catalog[key], found.numbers, where)
    return found


def _snmp(raw: Mapping[str, Any], catalog: Catalog, where: str) -> SnmpTable:
    row = dict(raw)
    for name in _OIDS:
        if name in row:
            row[name] = _oid(row[name], where)
    keys = raw.get("key", {})
    _known((*keys, *row.get("login", {})), catalog, where)
    row["key"] = {key: _snmp_key(key, more, catalog, where) for key, more in keys.items()}
    if strange := set(row.get("login", {}).values()) - _LOGIN:
        raise ContentError(f"{where}: unknown part of a login {', '.join(sorted(strange))}")
    table: SnmpTable = build(SnmpTable, row, where)
    _accesses((*table.writes, *table.restarts), where)
    return table


def _ipp(raw: Mapping[str, Any], catalog: Catalog, where: str) -> IppTable:
    keys = raw.get("key", {})
    _known(keys, catalog, where)
    built: dict[str, IppKey] = {key: build(IppKey, more, where) for key, more in keys.items()}
    if strange := {row.syntax for row in built.values()} - _SYNTAXES:
        raise ContentError(f"{where}: unknown syntax {', '.join(sorted(strange))}")
    table: IppTable = build(IppTable, {**raw, "key": built}, where)
    return table


def _pjl(raw: Mapping[str, Any], catalog: Catalog, where: str) -> PjlTable:
    keys = raw.get("key", {})
    _known(keys, catalog, where)
    built: dict[str, PjlKey] = {}
    for key, more in keys.items():
        built[key] = build(PjlKey, more, where)
        _words(catalog[key], built[key].words, where)
    table: PjlTable = build(PjlTable, {**raw, "key": built}, where)
    return table


def _web(raw: Mapping[str, Any], catalog: Catalog, where: str) -> WebTable:
    table: WebTable = build(WebTable, raw, where)
    _known((*table.proves, *filter(None, [table.unchanged])), catalog, where)
    return table


def parse_driver(name: str, raw: Mapping[str, Any], catalog: Catalog) -> Driver:
    """Build a driver from its table, or raise `ContentError`."""
    where = f"devices/{name}.toml"
    row = dict(raw)
    row["ways"] = tuple(_way(way, catalog, where) for way in row.pop("way", ()))
    row["snmp"] = _snmp(row.get("snmp", {}), catalog, where)
    for field in ("proof", "signs", "lacks"):
        row[field] = tuple(_oid(text, where) for text in row.get(field, ()))
    if "object_id" in row:
        row["object_id"] = _oid(row["object_id"], where)
    for field, parse in (("web", _web), ("ipp", _ipp), ("pjl", _pjl)):
        if field in row:
            row[field] = parse(row[field], catalog, where)
    if "filter" in row:
        row["filter"] = build(AddressFilter, row["filter"], where)
        _known(row["filter"].keys, catalog, where)
    if "policy" in row:
        row["policy"] = build(PolicyTable, row["policy"], where)
    driver: Driver = build(Driver, row, where)
    _sound(driver, where)
    return driver


def _sound(driver: Driver, where: str) -> None:
    """Raise where patterns do not compile, or accesses and ways do not belong together."""
    patterns = [driver.describes]
    if driver.web is not None:
        patterns += [driver.web.server, driver.web.serial, driver.web.pending]
    patterns += [table.refusal for table in (driver.policy,) if table]
    patterns += [table.make for table in (driver.ipp,) if table]
    patterns += [table.id for table in (driver.pjl,) if table]
    try:
        for pattern in patterns:
            re.compile(pattern)
    except re.error as fault:
        raise ContentError(f"{where}: a pattern is not sound: {fault}") from fault
    _accesses(driver.accesses, where)
    used = {way.access for way in driver.ways if way.access}
    if strange := used - set(driver.accesses):
        raise ContentError(f"{where}: a way has an access that the driver has not: {strange}")
    tables = {WEB: driver.web, IPP: driver.ipp, PJL: driver.pjl}
    for access in driver.accesses:
        if access not in used:
            raise ContentError(f"{where}: no way uses the access {access}")
        if not tables.get(access, driver.by_snmp):
            raise ContentError(f"{where}: the access {access} has no table")


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


def choose(
    drivers: Iterable[Driver], descr: str, present: frozenset[Oid], object_id: Oid = ()
) -> Driver | None:
    """Return the driver whose device this is, None where there is none.

    `descr` is sysDescr, `object_id` sysObjectID, `present` the variables that the device has. Two
    that claim the same device are a mistake in the tables (`ContentError`), never a matter of their
    order; but a generic one gives way to any other.
    """
    fit = [
        driver
        for driver in drivers
        if driver.by_snmp
        and re.search(driver.describes, descr[:512])
        and object_id[: len(driver.object_id)] == driver.object_id
        and present.issuperset(driver.proof)
        and (not driver.signs or not present.isdisjoint(driver.signs))
        and present.isdisjoint(driver.lacks)
    ]
    return the_one(fit)


def the_one(fit: Sequence[Driver]) -> Driver | None:
    """Return the one driver of those that claim a device; a generic one gives way.

    Raises `ContentError` where two do.
    """
    fit = [driver for driver in fit if not driver.generic] or list(fit)
    if len(fit) > 1:
        raise ContentError(f"several drivers claim one device: {', '.join(d.name for d in fit)}")
    return fit[0] if fit else None
