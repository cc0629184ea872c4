"""Recorded configurations: every file that one may stand in, and what is refused."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.lab import make_device

from frisket.audit.capture import Capture, write_capture
from frisket.audit.configuration import Configuration, choose, read_configurations
from frisket.catalog.load import load_catalog
from frisket.errors import CaptureError
from frisket.mfd.settings_file import export_settings
from frisket.model.reading import Known, Readings, Unread, Why, Witness
from frisket.model.target import Identity
from frisket.proto.dcm.wire import Exported, seal, write_exported

CATALOG = load_catalog()
NOW = datetime(2026, 11, 22, tzinfo=UTC)
WHO = Identity(serial="ABC00001", model="m")


def known(value: Any, witness: Witness = Witness.DEVICE) -> Known:
    return Known(value, witness, NOW, "x")


def capture() -> bytes:
    readings = Readings(
        {
            "lpd.enabled": (known(False, Witness.NETWORK), known(True)),
            "slp.response.enabled": (known(True, Witness.NETWORK),),
            "auth.auto-logout.time": (known(90),),
            "raw.enabled": (Unread(Why.SILENT),),
            "admin.password-changed": (known(True),),
        }
    )
    return write_capture(Capture("10.0.0.7", WHO, readings, NOW), CATALOG).encode()


def device(target: str, serial: str, value: object = True) -> dict[str, Any]:
    evidence = [
        {"key": "lpd.enabled", "value": value, "witness": "device", "via": "x", "at": ""},
        {"key": "raw.enabled", "value": False, "witness": "network", "via": "x", "at": ""},
    ]
    findings = [{"evidence": evidence}]
    return {"target": target, "identity": {"serial": serial}, "findings": findings}


def read(data: bytes, password: str | None = None) -> tuple[Configuration, ...]:
    return read_configurations(data, "file", CATALOG, password)


def test_a_capture_gives_what_the_device_itself_said() -> None:
    (found,) = read(capture())
    assert found.settings == {"lpd.enabled": True, "auth.auto-logout.time": 90}
    assert (found.target, found.serial, found.kind) == ("10.0.0.7", "ABC00001", "capture")


def test_an_audit_gives_what_the_device_said_in_evidence() -> None:
    rows = [device("10.0.0.7", "A"), device("10.0.0.8", "B", False)]
    document = json.dumps({"schema_version": 1, "devices": rows}).encode()
    events = [{"event": "start"}, *({"event": "device", **row} for row in rows), {"event": "end"}]
    lines = "\n".join(json.dumps(event) for event in events).encode() + b"\n"
    for data in (document, lines):
        one, other = read(data)
        assert one.settings == {"lpd.enabled": True}
        assert (other.settings, other.serial) == ({"lpd.enabled": False}, "B")
        assert choose((one, other), "file", ("10.0.0.9",), "b") is other
        assert choose((one, other), "file", ("10.0.0.7", "")) is one
        with pytest.raises(CaptureError, match="has 2 devices and not this one"):
            choose((one, other), "file", ("10.0.0.9",), "C")
    assert choose((one,), "file", ("10.0.0.9",)) is one


def test_the_truth_of_a_lab_and_a_settings_file_are_read() -> None:
    (found,) = read(b'{"values": {"lpd.enabled": true, "admin.password": "secret"}}')
    assert (found.settings, found.serial) == ({"lpd.enabled": True}, "")
    exported = Exported("m", "ABC00001", "", {"lpd.enabled": False, "ldap.password": "secret"})
    sealed = seal(write_exported(exported), "horse-7", bytes)
    (found,) = read(sealed, "horse-7")
    assert (found.settings, found.serial) == ({"lpd.enabled": False}, "ABC00001")
    with pytest.raises(CaptureError, match="which a password opens") as fault:
        read(sealed)
    assert "--file-password" in fault.value.hint
    with pytest.raises(CaptureError, match="the password is wrong"):
        read(sealed, "horse-8")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[]", "damaged"),
        (b"{}", "no capture, audit"),
        (b'{"values": {}}', "no settings that a device has told"),
        (b'{"values": {"nothing.such": 1}}', "unknown key nothing.such"),
        (b'{"values": {"lpd.enabled": "on"}}', "does not accept"),
        (b'{"values": {"auth.auto-logout.time": 100000}}', "does not accept"),
        (b'{"schema_version": 1, "devices": [{}]}', "damaged"),
        (b'{"schema_version": 1, "devices": [7]}', "damaged"),
        (b'{"event": "device"}\n{"event": "end"}\n', "damaged"),
        (b'{"frisket_capture": 7}', "not a capture of format"),
        (b"[" * 100_000, "damaged|not JSON"),
    ],
)
def test_a_bad_file_is_refused(data: bytes, says: str) -> None:
    with pytest.raises(CaptureError, match=says):
        read(data)


def test_a_file_of_any_size_is_not_read() -> None:
    with pytest.raises(CaptureError, match="longer than"):
        read_configurations(b"x" * 11, "file", CATALOG, limit=10)


WHOLE = capture()


@given(data=st.binary(max_size=200))
def test_random_octets(data: bytes) -> None:
    with suppress(CaptureError):
        read(data)


@given(position=st.integers(0, len(WHOLE) - 1), inserted=st.text(max_size=9).map(str.encode))
def test_mutated_captures(position: int, inserted: bytes) -> None:
    with suppress(CaptureError):
        read(WHOLE[:position] + inserted + WHOLE[position + len(inserted) :])


def test_what_a_virtual_device_exports_is_its_configuration() -> None:
    device = make_device(settings={"lpd.enabled": False, "ldap.password": "secret"})
    sealed = export_settings(device, "horse-7", os.urandom)
    (found,) = read(sealed, "horse-7")
    assert found.serial == device.plan.serial
    assert found.settings["lpd.enabled"] is False
    assert not [key for key in found.settings if CATALOG[key].secret]
    assert all(device.store[key] == value for key, value in found.settings.items())
    assert b"secret" not in sealed
