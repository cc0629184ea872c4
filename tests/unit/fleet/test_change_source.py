"""Recorded files as what devices are to be made like: told apart, kept, and read back."""

from __future__ import annotations

import json
from os import urandom

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frisket.audit.baseline_file import write_baseline
from frisket.audit.load import load_content
from frisket.audit.sheet import from_baseline, write_sheet
from frisket.errors import FrisketError, UsageError
from frisket.fleet.change_source import MOST, Source, read_source, recognise
from frisket.proto.dcm.wire import Exported, seal, write_exported

CONTENT = load_content()
SMALL = CONTENT.baselines["small-office"]
VALUES = {"snmp.v1.enabled": False, "device.name": "hall", "snmp.v3.user.auth-password": "x" * 8}


def kept(source: Source) -> Source:
    """Return a source as it comes back from the database."""
    return read_source(json.loads(json.dumps(source.table())), CONTENT)


def test_a_policy_as_it_is_exported() -> None:
    sheet = from_baseline(CONTENT.baselines["security-policy"], CONTENT)
    text = write_sheet(sheet, CONTENT, ["exported today"]).encode()
    found = recognise(b"\xef\xbb\xbf" + text.replace(b"\n", b"\r\n"), "ours.toml", CONTENT)
    assert (found.kind, found.baseline, found.judges) == ("file", "ours.toml", False)
    assert found.sheet == sheet
    assert kept(found).sheet == sheet


def test_a_baseline_as_a_text() -> None:
    found = recognise(write_baseline(SMALL, CONTENT).encode(), "x.toml", CONTENT)
    assert found.judges
    assert found.own is not None
    assert found.own.considerations == SMALL.considerations
    assert kept(found).own == found.own


def test_settings_that_devices_had_go_to_whom_they_mean() -> None:
    truth = json.dumps({"values": VALUES}).encode()
    found = recognise(truth, "truth.json", CONTENT)
    [one] = found.recorded
    assert one.settings == {"snmp.v1.enabled": False, "device.name": "hall"}, "no secret is kept"
    assert kept(found).recorded[0].settings == one.settings
    assert found.recording_of("10.0.0.9", "any") == one, "the only one is meant for all"
    audit = {
        "schema_version": 1,
        "devices": [
            {
                "target": f"10.0.0.{n}",
                "identity": {"serial": f"S{n}"},
                "findings": [
                    {
                        "evidence": [
                            {"key": "lpd.enabled", "witness": "device", "value": bool(n % 2)}
                        ]
                    }
                ],
            }
            for n in (1, 2)
        ],
    }
    found = kept(recognise(json.dumps(audit).encode(), "audit.json", CONTENT))
    first, second = (found.recording_of(f"10.9.9.{n}", f"s{n}") for n in (1, 2))
    assert first is not None
    assert second is not None
    assert (first.settings, second.settings) == ({"lpd.enabled": True}, {"lpd.enabled": False})
    assert found.recording_of("10.0.0.2", "") == second
    assert found.recording_of("10.0.0.7", "S7") is None


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"x" * (MOST + 1), "longer"),
        (b"", "not JSON"),
        (b'{"values": {"no.such": 1}}', "unknown key"),
        (b'{"frisket_capture": 1}', ""),
        (b"items = 3", ""),
        (b"[[consideration]]\nid = 3", ""),
        (b"\x00\x01\x02", ""),
    ],
)
def test_what_is_none_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(UsageError, match=said or None):
        recognise(data, "file", CONTENT)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_whatever_is_sent_is_read_or_refused(data: bytes) -> None:
    try:
        recognise(data, "\0evil\nname", CONTENT)
    except UsageError:
        pass
    except FrisketError as fault:
        raise AssertionError from fault


def test_a_settings_file_asks_for_its_password() -> None:
    exported = Exported("iR-ADV", "S7", "today", {"snmp.v1.enabled": False})
    sealed = seal(write_exported(exported), "open sesame", urandom)
    with pytest.raises(UsageError, match="password"):
        recognise(sealed, "all.frisket-dcm", CONTENT)
    with pytest.raises(UsageError):
        recognise(sealed, "all.frisket-dcm", CONTENT, "another word")
    found = recognise(sealed, "all.frisket-dcm", CONTENT, "open sesame")
    assert found.recorded[0].settings == {"snmp.v1.enabled": False}
