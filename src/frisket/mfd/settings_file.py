"""All settings of a device as one password-protected file (.frisket-dcm), out and in again.

The file's form is `frisket.proto.dcm`. What the panel alone may set never travels; what names one
machine stays with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from frisket.catalog.load import Catalog
from frisket.errors import SettingRefused, WireError
from frisket.mfd.auditlog import LogKind
from frisket.mfd.device import Device
from frisket.mfd.policy import PASSWORD_KEY
from frisket.mfd.store import Locked
from frisket.model.reading import Value
from frisket.proto.dcm import wire
from frisket.proto.dcm.wire import LARGEST, seal

SUFFIX = ".frisket-dcm"
# Restored on the same machine only: two devices must not end up with one name.
_OWN = frozenset({"network.host-name", "device.name", "device.location", "mdns.name"})


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """What a settings file holds, checked against the catalogue."""

    model: str
    serial: str
    exported: str
    settings: Mapping[str, Value]
    items: tuple[str, ...]
    parameters: Mapping[str, Value]
    policy_password: str


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did: keys that changed, and keys that were left out."""

    changed: tuple[str, ...]
    skipped: tuple[str, ...]


def check_file_password(password: str) -> None:
    """Raise `SettingRefused` unless a file may be encrypted under this password."""
    if not 4 <= len(password) <= 32:
        raise SettingRefused("the decryption password has 4 to 32 characters")


def unseal(data: bytes, password: str) -> bytes:
    """Return what `seal` was given, or raise `SettingRefused`."""
    try:
        return wire.unseal(data, password, limit=LARGEST)
    except WireError as fault:
        raise SettingRefused(str(fault)) from fault


def export_settings(device: Device, password: str, entropy: Callable[[int], bytes]) -> bytes:
    """Return the device's settings and security policy as a file."""
    check_file_password(password)
    store, catalog = device.store, device.content.catalog
    keys = [k for k in store.keys() if travels(k, catalog)]  # noqa: SIM118 - not a dict
    content = wire.Exported(
        model=device.personality.model,
        serial=device.plan.serial,
        exported=device.now().isoformat(timespec="seconds"),
        settings={key: store[key] for key in keys},
        items=device.policy.items,
        parameters=dict(device.policy.parameters),
        policy_password=str(store[PASSWORD_KEY]),
    )
    return seal(wire.write_exported(content), password, entropy)


def travels(key: str, catalog: Catalog) -> bool:
    """Say whether a setting is part of an export; the policy password travels with the policy."""
    return key != PASSWORD_KEY and "remote-ui" in catalog[key].doors


def parse_settings(data: bytes, password: str, catalog: Catalog) -> SettingsFile:
    """Open a file and check all that is in it, or raise `SettingRefused`; nothing is applied."""
    try:
        raw = wire.read_exported(unseal(data, password))
    except WireError as fault:
        raise SettingRefused(str(fault)) from fault
    return SettingsFile(
        model=raw.model,
        serial=raw.serial,
        exported=raw.exported,
        settings=_checked(raw.settings, catalog),
        items=raw.items,
        parameters=_parameters(raw.parameters),
        policy_password=str(catalog[PASSWORD_KEY].check(raw.policy_password)),
    )


def _checked(raw: Mapping[str, Any], catalog: Catalog) -> dict[str, Value]:
    checked: dict[str, Value] = {}
    for key, value in raw.items():
        if key not in catalog or not travels(key, catalog):
            raise SettingRefused(f"the file sets {key[:60]!r}, which no import can set")
        checked[key] = catalog[key].check(value)
    return checked


def _parameters(raw: Mapping[str, Any]) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for name, value in raw.items():
        if not isinstance(value, bool | int | str | list):
            raise SettingRefused("the file holds a policy value of an unknown type")
        found[str(name)] = tuple(str(v) for v in value) if isinstance(value, list) else value
    return found


def import_settings(device: Device, file: SettingsFile, actor: str) -> Imported:
    """Take over policy and settings; the caller restarts the device. Raises `SettingRefused`.

    The policy passwords must match, or this device has none: then it takes over the file's.
    """
    try:
        _check_passwords(device, file)
        changed, skipped = _take_over(device, file, actor)
    except SettingRefused as fault:
        device.log.add(LogKind.EXPORT_IMPORT, actor, "Import All", str(fault), ok=False)
        raise
    device.store.set(PASSWORD_KEY, file.policy_password, actor, "import")
    detail = f"{len(changed)} settings of {file.serial[:20]}"
    device.log.add(LogKind.EXPORT_IMPORT, actor, "Import All", detail)
    return Imported(tuple(changed), tuple(skipped))


def _check_passwords(device: Device, file: SettingsFile) -> None:
    own = str(device.store[PASSWORD_KEY])
    if device.power.busy:
        raise SettingRefused("the device is busy; try again later")
    if own and own != file.policy_password:
        raise SettingRefused("the security policy passwords of the two devices differ")


def _take_over(device: Device, file: SettingsFile, actor: str) -> tuple[list[str], list[str]]:
    store = device.store
    # First: it checks everything before it writes, and its locks decide what may follow.
    device.policy.apply(store, file.items, file.parameters, actor)
    changed: list[str] = []
    skipped: list[str] = []
    for key, value in file.settings.items():
        foreign = key in _OWN and file.serial != device.plan.serial
        if key not in store or foreign:
            skipped.append(key)
        elif store[key] != value:
            try:
                store.set(key, value, actor, "import")
            except Locked:
                skipped.append(key)
            else:
                changed.append(key)
    return changed, skipped
