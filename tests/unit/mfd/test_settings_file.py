"""The settings file: sealed, checked, and obeying the security policy's password."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.lab import make_device

from frisket.catalog.load import load_catalog
from frisket.catalog.setting import Kind
from frisket.errors import SettingRefused
from frisket.mfd.auditlog import LogKind
from frisket.mfd.device import Device
from frisket.mfd.settings_file import export_settings, import_settings, parse_settings, unseal
from frisket.proto.dcm.wire import LARGEST, seal

CATALOG = load_catalog()
PASSWORD = "correct horse"
BOOLEANS = [s.key for s in CATALOG if s.kind is Kind.SETTING and s.type.value == "boolean"]


def exported(device: Device, password: str = PASSWORD) -> bytes:
    return export_settings(device, password, os.urandom)


def taken(device: Device, data: bytes, password: str = PASSWORD) -> None:
    import_settings(device, parse_settings(data, password, CATALOG), "test")


def values(device: Device) -> dict[str, Any]:
    return {key: device.store[key] for key in device.store.keys()}  # noqa: SIM118


@settings(max_examples=20, deadline=None)
@given(st.dictionaries(st.sampled_from(BOOLEANS), st.booleans(), max_size=12))
def test_what_goes_out_comes_in_again(wanted: dict[str, bool]) -> None:
    source = make_device(settings=wanted, serial="VMF00001")
    target = make_device(serial="VMF00001")
    taken(target, exported(source))
    travelling = {k: v for k, v in values(source).items() if "remote-ui" in CATALOG[k].doors}
    assert {k: target.store[k] for k in travelling} == travelling


def test_secrets_and_texts_travel_but_names_stay_and_the_panels_settings_too() -> None:
    source = make_device(
        settings={
            "ldap.password": "geheim ü",
            "device.name": "one",
            "smb.client.versions": ("3.0",),
            "tpm.enabled": True,
        }
    )
    data = exported(source)
    assert b"geheim" not in data
    target = make_device(settings={"device.name": "two"})
    taken(target, data)
    assert target.store["ldap.password"] == "geheim ü"
    assert target.store["smb.client.versions"] == ("3.0",)
    assert target.store["device.name"] == "two"
    assert target.store["tpm.enabled"] is False


def test_the_file_is_what_its_description_says() -> None:
    """Opened here with nothing but the description in the module."""
    raw = json.loads(exported(make_device(settings={"ldap.user": "reader"})))
    assert (raw["format"], raw["version"], raw["kdf"]) == ("frisket-dcm", 1, "scrypt")
    salt, nonce, data = (base64.b64decode(raw[name]) for name in ("salt", "nonce", "data"))
    key = hashlib.scrypt(PASSWORD.encode(), salt=salt, n=raw["n"], r=raw["r"], p=raw["p"], dklen=32)
    plain = json.loads(AESGCM(key).decrypt(nonce, data, b"frisket-dcm 1"))
    assert plain["settings"]["ldap.user"] == "reader"
    assert plain["policy"]["items"] == []
    assert "policy.password" not in plain["settings"]


@pytest.mark.parametrize("password", ["", "abc", "x" * 33])
def test_a_poor_password_exports_nothing(password: str) -> None:
    with pytest.raises(SettingRefused, match="4 to 32"):
        exported(make_device(), password)


DATA = exported(make_device())
FOREIGN: list[bytes] = [
    b"",
    b"{}",
    b"[]",
    b"null",
    b"\xff\xfe",
    b"[" * 100_000,
    b"PK\x03\x04 a zip archive",
    DATA[:-20],
    DATA.replace(b'"n": 16384', b'"n": 1073741824'),
    DATA.replace(b'"version": 1', b'"version": 2'),
    json.dumps({**json.loads(DATA), "salt": ""}).encode(),
    json.dumps({**json.loads(DATA), "data": "*"}).encode(),
    json.dumps({**json.loads(DATA), "data": None}).encode(),
    DATA + b" " * LARGEST,
]


@pytest.mark.parametrize("data", FOREIGN, ids=range(len(FOREIGN)))
def test_foreign_files_are_refused(data: bytes) -> None:
    with pytest.raises(SettingRefused):
        parse_settings(data, PASSWORD, CATALOG)


def test_a_wrong_password_is_refused() -> None:
    with pytest.raises(SettingRefused, match="password is wrong"):
        parse_settings(DATA, "wrong horse", CATALOG)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, len(DATA) - 1), st.integers(1, 255))
def test_a_tampered_file_is_refused(place: int, change: int) -> None:
    data = bytearray(DATA)
    data[place] ^= change
    try:
        parsed = parse_settings(bytes(data), PASSWORD, CATALOG)
    except SettingRefused:
        return
    # Only what is not content can change unseen: white space between the fields.
    assert parsed == parse_settings(DATA, PASSWORD, CATALOG)


def sealed(**changes: Any) -> bytes:
    plain = json.loads(unseal(DATA, PASSWORD))
    for name, value in changes.items():
        place, _, key = name.partition("__")
        if key:
            plain[place][key] = value
        else:
            plain[place] = value
    return seal(json.dumps(plain).encode(), PASSWORD, os.urandom)


@pytest.mark.parametrize(
    "changes",
    [
        {"settings": []},
        {"settings": {"no.such-key": 1}},
        {"settings": {"policy.password": "x"}},
        {"settings": {"tpm.enabled": True}},
        {"settings": {"password.minimum-length": 99}},
        {"settings": {"device.name": "\ud800"}},
        {"settings": {"snmp.v1.enabled": None}},
        {"policy": None},
        {"policy__items": 3},
        {"policy__parameters": {"x": None}},
        {"policy__password": "x" * 500},
    ],
    ids=str,
)
def test_content_that_does_not_fit_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(SettingRefused):
        parse_settings(sealed(**changes), PASSWORD, CATALOG)


@settings(max_examples=30, deadline=None)
@given(st.binary(max_size=200))
def test_any_sealed_content_is_settings_or_refused(plain: bytes) -> None:
    with pytest.raises(SettingRefused):
        parse_settings(seal(plain, PASSWORD, os.urandom), PASSWORD, CATALOG)


def test_a_policy_travels_and_locks() -> None:
    source = make_device(settings={"policy.password": "Guard1"})
    source.policy.apply(source.store, ["SP-08"], {}, "test")
    target = make_device()
    taken(target, exported(source))
    assert target.policy.items == ("SP-08",)
    assert target.store["snmp.v1.enabled"] is False
    assert target.policy.locked("snmp.v1.enabled")
    assert target.store["policy.password"] == "Guard1", "taken over"


@pytest.mark.parametrize(
    ("exporters", "importers", "good"),
    [("", "", True), ("A", "", True), ("A", "A", True), ("A", "B", False), ("", "B", False)],
)
def test_policy_passwords_must_match(exporters: str, importers: str, good: bool) -> None:
    source = make_device(settings={"policy.password": exporters, "lpd.enabled": False})
    target = make_device(settings={"policy.password": importers, "audit-log.save": True})
    data = exported(source)
    if good:
        taken(target, data)
        assert target.store["lpd.enabled"] is False
        assert target.store["policy.password"] == exporters
    else:
        with pytest.raises(SettingRefused, match="passwords of the two devices differ"):
            taken(target, data)
        assert target.store["lpd.enabled"] is True
        assert target.store["policy.password"] == importers
        kinds = [(e.operation, e.result) for e in target.log if e.kind is LogKind.EXPORT_IMPORT]
        assert kinds == [("Import All", "NG")]


def test_a_busy_device_imports_nothing() -> None:
    target = make_device()
    target.power.busy = True
    with pytest.raises(SettingRefused, match="busy"):
        taken(target, DATA)


def test_an_unknown_policy_item_changes_nothing() -> None:
    target = make_device(settings={"lpd.enabled": False})
    with pytest.raises(SettingRefused, match="SP-99"):
        taken(target, sealed(policy__items=["SP-99"]))
    assert not target.journal.counts["writes"]


def test_what_a_model_lacks_is_left_out() -> None:
    data = exported(make_device())
    for name in ("iradv-4545", "iradv-c256", "iradv-c3325"):
        target = make_device(name)
        file = parse_settings(data, PASSWORD, CATALOG)
        done = import_settings(target, file, "test")
        assert set(target.personality.lacks) & set(file.settings) <= set(done.skipped)
