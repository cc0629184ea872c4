"""A personality: what makes one virtual model differ from another. Data, never claims."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from frisket.catalog.load import Catalog, build, content, load_catalog, read_toml, toml_files
from frisket.catalog.setting import Kind, Type
from frisket.errors import ContentError, SettingRefused, UsageError
from frisket.model.reading import Value


@dataclass(frozen=True, slots=True)
class Supply:
    """One consumable: RFC 3805 type and colorant words, capacity; level -2 unknown, -3 some."""

    name: str
    kind: str
    color: str = ""
    capacity: int = 100
    level: int = 100


@dataclass(frozen=True, slots=True)
class Tray:
    """One paper source."""

    name: str
    media: str = "iso_a4_210x297mm"
    capacity: int = 550
    level: int = 400


@dataclass(frozen=True, slots=True)
class Quirks:
    """The nasty parts. `lies` are shown instead of the truth; `forgets` are acknowledged only.

    `busy`: how many writes are refused for the moment before the first is taken (SNMP genErr,
    HTTP 503). `restarts`: the device restarts by itself, without an answer, when a key is written
    over SNMP for the first time: "before" anything is stored, or "after" this key and none behind;
    it is gone for `restart_seconds`.
    `samba` puts a real Samba behind the SMB server, which agrees to `smb_dialects` either way.
    `dedicated_stand_in` opens the whole family of Canon's dedicated ports, not only the known five.
    """

    snmp_v2c: bool = False
    lies: Mapping[str, Value] = field(default_factory=dict)
    forgets: tuple[str, ...] = ()
    busy: int = 0
    restarts: Mapping[str, str] = field(default_factory=dict)
    restart_seconds: float = 1.5
    wake_seconds: float = 0.0
    sleeps: bool = False
    close_primes: bool = False
    key_type: str = "ec"  # ec | rsa
    expired_certificate: bool = False
    samba: bool = False
    smb_dialects: tuple[str, ...] = ("SMB2.0.2", "SMB2.1", "SMB3.0", "SMB3.0.2", "SMB3.1.1")
    dedicated_stand_in: bool = False
    clock_offset: int = 0
    supply_levels_unknown: bool = False


@dataclass(frozen=True, slots=True)
class Personality:
    """One virtual model. `defaults` are factory settings for practice, not claimed as real.

    A model that does not edit policies (the A4 ones) takes them by import, and shows them.
    """

    name: str
    model: str
    product: str
    firmware: str
    about: str = ""
    vendor: str = "Canon"
    object_id: str = "1.3.6.1.4.1.1602.4.7"
    color: bool = True
    pages_per_minute: int = 30
    banner: str = "Catwalk-virtual"
    defaults: Mapping[str, Value] = field(default_factory=dict)
    lacks: tuple[str, ...] = ()
    supplies: tuple[Supply, ...] = ()
    trays: tuple[Tray, ...] = ()
    edits_policy: bool = True
    languages: tuple[str, ...] = ("PDF", "PS", "PCL", "PJL", "URF", "PWGRaster")
    quirks: Quirks = field(default_factory=Quirks)


def neutral(catalog: Catalog) -> dict[str, Value]:
    """Return a value for every setting that no personality gives: off, lowest, first, empty."""
    values: dict[str, Value] = {}
    for setting in catalog:
        if setting.kind is Kind.SETTING:
            match setting.type:
                case Type.BOOLEAN:
                    values[setting.key] = False
                case Type.INTEGER:
                    values[setting.key] = setting.minimum
                case Type.CHOICE:
                    values[setting.key] = setting.values[0]
                case Type.SET | Type.LIST:
                    values[setting.key] = ()
                case Type.TEXT:
                    values[setting.key] = ""
    return values


def parse_personality(name: str, raw: Mapping[str, Any], catalog: Catalog) -> Personality:
    """Build a personality from its file, or raise `ContentError`."""
    where = f"personalities/{name}.toml"
    row = dict(raw, name=name)
    row["supplies"] = [build(Supply, s, where) for s in row.get("supplies", ())]
    row["trays"] = [build(Tray, t, where) for t in row.get("trays", ())]
    row["quirks"] = build(Quirks, row.get("quirks", {}), where)
    defaults = neutral(catalog)
    for key, value in row.get("defaults", {}).items():
        if key not in defaults:
            raise ContentError(f"{where}: {key} is no setting of the catalogue")
        try:
            defaults[key] = catalog[key].check(value)
        except SettingRefused as fault:
            raise ContentError(f"{where}: {fault}") from fault
    row["defaults"] = defaults
    if unknown := [k for k in row.get("lacks", ()) if k not in catalog]:
        raise ContentError(f"{where}: lacks unknown key {', '.join(unknown)}")
    personality: Personality = build(Personality, row, where)
    return personality


def load_personalities() -> dict[str, Personality]:
    """Return all packaged personalities by name. Shared ground is in `_factory.toml`."""
    catalog = load_catalog()
    shared = read_toml(content("personalities", "_factory.toml"))
    found = {}
    for path in toml_files(content("personalities")):
        name = path.name.removesuffix(".toml")
        if not name.startswith("_"):
            raw = read_toml(path)
            defaults = {**shared["defaults"], **raw.get("defaults", {})}
            found[name] = parse_personality(name, {**raw, "defaults": defaults}, catalog)
    return found


def personality(name: str) -> Personality:
    """Return one personality, or raise `UsageError` listing those there are."""
    found = load_personalities()
    if name not in found:
        hint = f"known: {', '.join(found)}"
        raise UsageError(f"unknown personality {name[:60]!r}", hint=hint)
    return found[name]
