"""The stand-in branch: every setting by its key, read by many and written by few."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.mfd.mib.asking import Asker, Bench, nulls, value_of

from frisket.ledger import Ledger, LedgerFault
from frisket.mfd.mib.standin import (
    APPLY,
    LAST_REFUSAL,
    LOCKED_BY,
    PENDING,
    POLICY_ITEMS,
    RANGE,
    SCALARS,
    SETTING_ENTRY,
    TYPE,
    WAITS,
    as_text,
    index_of,
)
from frisket.proto.snmp.wire import (
    ErrorStatus,
    Gauge32,
    Integer,
    Kind,
    Level,
    OctetString,
    Oid,
    Pdu,
    Value,
)


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def asker(bench: Bench) -> Asker:
    return bench.asker()


def column(number: int, key: str) -> Oid:
    return (*SETTING_ENTRY, number, *index_of(key))


def scalar(asker: Asker, number: int) -> Value:
    return asker.get((*SCALARS, number, 0))[0]


def test_a_row_says_what_a_setting_is(asker: Asker) -> None:
    key = "auth.auto-logout.time"
    found = asker.get(column(1, key), column(TYPE, key), value_of(key), column(WAITS, key))
    assert found == [b"auth.auto-logout.time", b"integer", b"120", Integer(2)]
    assert b" to " in bytes(asker.get(column(RANGE, key))[0])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "on"), (False, "off"), (30, "30"), (("a", "b"), "a,b"), ((), ""), ("x", "x")],
)
def test_values_are_shown_as_text(value: bool | int | str | tuple[str, ...], text: str) -> None:
    assert as_text(value) == text


def test_what_is_shown_can_be_written_back(asker: Asker) -> None:
    device = asker.agent.device
    for key in device.store.keys():  # noqa: SIM118 - a store is no mapping
        setting = device.content.catalog[key]
        if not setting.secret:
            assert setting.parse(as_text(device.store[key])) == device.store[key]


def test_every_setting_has_a_row_and_secrets_none_for_communities(asker: Asker) -> None:
    device = asker.agent.device
    rows = {oid for oid in asker.agent.tree.oids if oid[: len(SETTING_ENTRY)] == SETTING_ENTRY}
    assert len(rows) == 6 * len(device.store.keys())
    secret = value_of("snmp.v3.user.auth-password")
    answer = asker.community(Pdu(Kind.GET, 1, varbinds=nulls([secret])))
    assert answer is not None
    assert answer.error_status == ErrorStatus.NO_SUCH_NAME
    answer = asker.user(Pdu(Kind.GET, 1, varbinds=nulls([secret])))
    assert answer is not None
    assert answer.varbinds == ((secret, OctetString(b"")),)


def test_a_setting_is_written_through_the_store(asker: Asker) -> None:
    device = asker.agent.device
    status = asker.set_keys({"lpd.enabled": "off", "auth.auto-logout.time": "60"})
    assert status == (ErrorStatus.NO_ERROR, 0)
    assert device.store["lpd.enabled"] is False
    assert device.store["auth.auto-logout.time"] == 60
    assert device.journal.writes == {"lpd.enabled": 1, "auth.auto-logout.time": 1}


def test_a_secret_is_written_and_never_shown(asker: Asker) -> None:
    secret = value_of("admin.password")
    assert asker.set_keys({"admin.password": "S3cret!!"}) == (ErrorStatus.NO_ERROR, 0)
    assert asker.agent.device.store["admin.password"] == "S3cret!!"
    answer = asker.user(Pdu(Kind.GET, 1, varbinds=nulls([secret])))
    assert answer is not None
    assert answer.varbinds[0][1] == b""


@pytest.mark.parametrize("security", ["auth", "none"])
def test_settings_are_not_written_without_encryption(bench: Bench, security: str) -> None:
    asker = bench.asker(settings={"snmp.v3.user.security": security})
    level = Level.AUTHENTIC if security == "auth" else Level.PLAIN
    assert asker.set_keys({"lpd.enabled": "off"}, level=level) == (ErrorStatus.NO_ACCESS, 1)
    assert asker.agent.device.store["lpd.enabled"] is True


def test_a_writable_community_does_not_write_settings(bench: Bench) -> None:
    asker = bench.asker(settings={"snmp.community1.access": "read-write"})
    pdu = Pdu(Kind.SET, 1, varbinds=((value_of("lpd.enabled"), OctetString(b"off")),))
    answer = asker.community(pdu)
    assert answer is not None
    assert answer.error_status == ErrorStatus.NO_SUCH_NAME
    assert asker.agent.device.store["lpd.enabled"] is True


def test_a_locked_setting_is_refused_with_the_reason(asker: Asker) -> None:
    device = asker.agent.device
    device.policy.apply(device.store, ["SP-12"], {}, "test")
    assert scalar(asker, POLICY_ITEMS) == b"SP-12"
    status = asker.set_keys({"lpd.enabled": "off", "wsd.enabled": "on"})
    assert status == (ErrorStatus.INCONSISTENT_VALUE, 2)
    assert device.store["lpd.enabled"] is True
    assert b"SP-12" in bytes(scalar(asker, LAST_REFUSAL))  # type: ignore[arg-type]
    assert b"SP-12" in bytes(asker.get(column(LOCKED_BY, "wsd.enabled"))[0])  # type: ignore[arg-type]
    assert asker.get(column(LOCKED_BY, "lpd.enabled")) == [b""]


@pytest.mark.parametrize(
    ("key", "text"),
    [("lpd.enabled", "maybe"), ("auth.auto-logout.time", "-1"), ("network.interface", "none")],
)
def test_a_value_out_of_range_is_refused_with_the_range(asker: Asker, key: str, text: str) -> None:
    assert asker.set_keys({key: text}) == (ErrorStatus.WRONG_VALUE, 1)
    setting = asker.agent.device.content.catalog[key]
    assert setting.range.encode()[:20] in bytes(scalar(asker, LAST_REFUSAL))  # type: ignore[arg-type]


def test_an_unknown_key_and_another_column_are_refused(asker: Asker) -> None:
    text = OctetString(b"x")
    assert asker.set({value_of("no.such-key"): text}) == (ErrorStatus.NOT_WRITABLE, 1)
    assert asker.set({column(TYPE, "lpd.enabled"): text}) == (ErrorStatus.NOT_WRITABLE, 1)
    assert asker.set({value_of("lpd.enabled"): Integer(0)}) == (ErrorStatus.WRONG_TYPE, 1)


def test_a_full_disk_undoes_what_was_written_before(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asker = bench.asker(folder=tmp_path)
    append = Ledger.append

    def full(ledger: Ledger, *records: dict[str, object]) -> None:
        if any(record.get("key") == "raw.enabled" for record in records):
            raise LedgerFault("disk full")
        append(ledger, *records)

    monkeypatch.setattr(Ledger, "append", full)
    status = asker.set_keys({"lpd.enabled": "off", "raw.enabled": "off"})
    assert status == (ErrorStatus.COMMIT_FAILED, 2)
    assert asker.agent.device.store["lpd.enabled"] is True
    assert scalar(asker, LAST_REFUSAL) == b"disk full"


def test_a_setting_that_waits_and_the_switch_that_applies_it(asker: Asker) -> None:
    device = asker.agent.device
    restarts: list[str] = []
    device.actions.restart = restarts.append
    assert asker.set_keys({"usb.storage.enabled": "off"}) == (ErrorStatus.NO_ERROR, 0)
    assert scalar(asker, PENDING) == Gauge32(1)
    assert asker.get(column(WAITS, "usb.storage.enabled")) == [Integer(1)]
    apply = (*SCALARS, APPLY, 0)
    assert asker.set({apply: Integer(2)}) == (ErrorStatus.WRONG_VALUE, 1)
    assert asker.set({apply: Integer(1)}) == (ErrorStatus.NO_ERROR, 0)
    assert restarts == ["initial"]


def test_the_branch_says_what_the_device_says_true_or_not(bench: Bench) -> None:
    asker = bench.asker(quirks={"lies": {"raw.enabled": False}})
    assert asker.get(value_of("raw.enabled")) == [b"off"]
    assert asker.agent.device.store["raw.enabled"] is True
