"""A recorded configuration: settings that a device had, read back from whatever keeps them.

    capture            what `frisket audit --record` keeps of a device that was logged in to
    audit              a report of an audit as JSON or JSON Lines: what the device said in evidence
    truth              `frisket lab truth ADDRESS --format json`
    settings file      .frisket-dcm, which a virtual device exports under a password

Only what a device itself has said counts: what the network saw of it is no setting to write back.
Secrets are in none of them, and are not restored.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from frisket.audit.capture import read_capture
from frisket.audit.entries import printable
from frisket.catalog.load import Catalog
from frisket.catalog.setting import Kind
from frisket.errors import CaptureError, SettingRefused, WireError
from frisket.model.reading import Value, Witness
from frisket.proto.dcm.wire import is_sealed, read_exported, unseal

LARGEST: Final = 256 << 20  # octets of a file
_AUDIT: Final = 1


@dataclass(frozen=True, slots=True)
class Configuration:
    """Settings by key, and what is known of the device that had them; "" where nothing is."""

    settings: Mapping[str, Value] = field(default_factory=dict)
    target: str = ""
    serial: str = ""
    kind: str = ""


def read_configurations(
    data: bytes, name: str, catalog: Catalog, password: str | None = None, *, limit: int = LARGEST
) -> tuple[Configuration, ...]:
    """Read every configuration in a file; `password` opens a settings file.

    Raises `CaptureError` for what is no such file, an unknown key, or a value of another type.
    """
    if len(data) > limit:
        raise CaptureError(f"{name} is longer than {limit} octets")
    try:
        if is_sealed(data):
            return (_sealed(data, name, catalog, password),)
        found = tuple(_documents(data, name, catalog))
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as fault:
        raise CaptureError(f"{name} is damaged: {printable(str(fault))[:200]}") from fault
    with_settings = tuple(one for one in found if one.settings)
    if not with_settings:
        raise CaptureError(
            f"{name} holds no settings that a device has told",
            hint="record them with: frisket audit TARGET --credentials FILE --record FOLDER",
        )
    return with_settings


def choose(
    found: Iterable[Configuration], name: str, targets: Iterable[str], serial: str = ""
) -> Configuration:
    """Return the configuration of one device: by serial number, else by address or name.

    The only one of a file is taken for the one that is meant. Raises `CaptureError`.
    """
    all_of_them = tuple(found)
    names = {target.casefold() for target in targets if target}
    for fit in (
        [one for one in all_of_them if serial and one.serial.casefold() == serial.casefold()],
        [one for one in all_of_them if one.target.casefold() in names],
        list(all_of_them),
    ):
        if len(fit) == 1:
            return fit[0]
    told = ", ".join(one.target or one.serial for one in all_of_them[:10])
    raise CaptureError(f"{name} has {len(all_of_them)} devices and not this one: {told}")


def _sealed(data: bytes, name: str, catalog: Catalog, password: str | None) -> Configuration:
    if password is None:
        hint = "name a file with it: --file-password FILE"
        raise CaptureError(f"{name} is a settings file, which a password opens", hint=hint)
    try:
        exported = read_exported(unseal(data, password))
    except WireError as fault:
        raise CaptureError(f"{name}: {fault}") from fault
    settings = _checked(exported.settings, name, catalog)
    return Configuration(settings, "", exported.serial[:60], "settings file")


def _documents(data: bytes, name: str, catalog: Catalog) -> Iterator[Configuration]:
    try:
        text = data.decode("utf-8")
        whole = None if _is_lines(text) else json.loads(text)
    except (ValueError, RecursionError) as fault:
        raise CaptureError(f"{name} is not JSON") from fault
    if whole is None:
        for line in text.splitlines():
            row = json.loads(line) if line.strip() else {}
            if row.get("event") == "device":
                yield _device(row, name, catalog)
    elif "frisket_capture" in whole:
        yield _captured(text, name, catalog)
    elif whole.get("schema_version") == _AUDIT and isinstance(whole.get("devices"), list):
        for row in whole["devices"]:
            yield _device(row, name, catalog)
    elif isinstance(whole.get("values"), dict):
        yield Configuration(_checked(whole["values"], name, catalog), kind="truth")
    else:
        raise CaptureError(f"{name} is no capture, audit, settings file or truth of a lab")


def _is_lines(text: str) -> bool:
    """Say whether this is JSON Lines: more than one line, and the first is whole by itself."""
    first, _, rest = text.partition("\n")
    return bool(rest.strip()) and first.startswith("{") and first.rstrip().endswith("}")


def _captured(text: str, name: str, catalog: Catalog) -> Configuration:
    capture = read_capture(text, name, catalog)
    said = {
        key: known.value
        for key in capture.readings
        for known in capture.readings.known(key)
        if known.witness is Witness.DEVICE
    }
    settings = _checked(said, name, catalog)
    return Configuration(settings, capture.target, capture.identity.serial, "capture")


def _device(row: Mapping[str, Any], name: str, catalog: Catalog) -> Configuration:
    said: dict[str, Any] = {}
    for finding in row["findings"]:
        for evidence in finding["evidence"]:
            if evidence["witness"] == Witness.DEVICE.value:
                said[evidence["key"]] = evidence["value"]
    settings = _checked(said, name, catalog)
    serial = str(row["identity"].get("serial") or "")[:60]
    return Configuration(settings, str(row["target"])[:255], serial, "audit")


def _checked(raw: Mapping[str, Any], name: str, catalog: Catalog) -> dict[str, Value]:
    """Return what can be written of `raw`: settings, no states, no secrets."""
    found: dict[str, Value] = {}
    for key, value in raw.items():
        if key not in catalog:
            raise CaptureError(f"{name}: unknown key {printable(str(key))[:80]}")
        setting = catalog[key]
        if setting.kind is not Kind.SETTING or setting.secret:
            continue
        try:
            found[key] = setting.check(value)
        except SettingRefused as fault:
            raise CaptureError(f"{name}: {fault}") from fault
    return found
